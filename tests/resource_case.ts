/**
 * The form of the table of resources: what a container is given, then updates
 * of it, and what the kernel is to have in its files after each.
 *
 * @module
 */

/** Files of a cgroup after the container's creation, then after each update. */
export type Files = Readonly<Record<string, readonly string[]>>;

/** What is to come of a case: files, or words of a refusal. */
export interface Outcome {
  readonly files?: Files;
  /** `create` fails with these words. */
  readonly refused?: RegExp;
  /** The last update fails with these words; a list: each of them does. */
  readonly updateRefused?: RegExp | readonly RegExp[];
}

/** Why a peer does something else, and why Davit is right. */
export interface Difference {
  readonly peers: readonly ("runc" | "crun")[];
  /** The step and file, such as `update1 cpu.weight`; `!` for a failure. */
  readonly what: RegExp;
  readonly why: string;
}

/** One case of the table. */
export interface ResourceCase {
  readonly name: string;
  /** `linux.resources`. */
  readonly resources: object;
  /** Updates, one after the other: a file's object, or options. */
  readonly updates?: readonly (object | readonly string[])[];
  /** On hosts where it is on cgroup v1; absent: not run there. */
  readonly v1?: Outcome;
  readonly v2?: Outcome;
  /** What the host has to have, by paths of files; `*` stands for any text. */
  readonly needs?: readonly string[];
  readonly differs?: readonly Difference[];
}

/** A block device. */
export interface Disk {
  readonly major: number;
  readonly minor: number;
}

/** A mebibyte. */
export const M: number = 1 << 20;

/** Mebibytes as the kernel writes them, in bytes. */
export function bytes(mib: number): string {
  return `${mib * M}`;
}

/** What v1 has for "no limit": the largest number of whole pages. */
export const UNLIMITED = "9223372036854771712";

export const RUNC = ["runc"] as const;
export const CRUN = ["crun"] as const;
export const BOTH = ["runc", "crun"] as const;
