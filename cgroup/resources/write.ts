/**
 * What the lowerings of all controllers have in common.
 *
 * @module
 */

import { CgroupError } from "../error.ts";

/** A number of the config; those beyond 2^53 are bigints. */
export type Integer = number | bigint;

/** Which interface a controller has, see cgroups(7). */
export type CgroupVersion = "v1" | "v2";

/**
 * Says which interface a controller has on this host, by its v1 name, such as
 * `blkio`: a hybrid host may have some on v1 and others on v2.
 */
export type VersionOf = (controller: string) => CgroupVersion;

/** One write of a cgroup file. */
export interface ResourceWrite {
  /** The controller that has the file, such as `memory`. */
  readonly controller: string;
  /** Which interface the file belongs to. */
  readonly version: CgroupVersion;
  /** The file's name in the cgroup's directory. */
  readonly file: string;
  /** What to write, without a line break. */
  readonly value: string;
  /** What to write where there is no such file, the first that there is. */
  readonly instead?: readonly FileValue[];
  /** Whether to leave it out where there is no such file. */
  readonly optional?: true;
  /**
   * For files with a line for each device: what the line begins with, and what
   * to write to have none.
   */
  readonly line?: { readonly key: string; readonly unset: string };
  /** JSON pointer of the property that asks for it. */
  readonly pointer: string;
  /** What it is for, in a few words. */
  readonly why: string;
}

/** A file of a cgroup's directory and what to write to it. */
export interface FileValue {
  readonly file: string;
  readonly value: string;
}

/** What the lowerings that are loaded on demand are given. */
export interface LoweringTools {
  readonly integer: typeof integer;
  readonly refusal: typeof refusal;
}

/**
 * The property as a bigint; 0 when it is absent.
 *
 * @param pointer the property's JSON pointer
 * @param least the least value that it may have
 * @throws {CgroupError} config
 */
export function integer(
  pointer: string,
  value?: Integer,
  least?: bigint,
): bigint {
  if (value === undefined) return 0n;
  if (typeof value === "bigint" || Number.isSafeInteger(value)) {
    const number = BigInt(value);
    if (least === undefined || number >= least) return number;
  }
  const bound = least === undefined ? "" : ` of at least ${least}`;
  throw refusal(pointer, value, `want an integer${bound}`);
}

/** The error for a value that cannot be set. */
export function refusal(
  pointer: string,
  value: unknown,
  why: string,
): CgroupError {
  return new CgroupError(
    "config",
    `Cannot set ${propertyName(pointer)} to ${value}: ${why}`,
    undefined,
    pointer,
  );
}

/** The error for what cgroup v2 has no file for. */
export function onlyV1(
  pointer: string,
  value: unknown,
  file: string,
): CgroupError {
  return refusal(
    pointer,
    value,
    `only cgroup v1 has "${file}", this host has cgroup v2`,
  );
}

/** `/linux/resources/pids/limit` as people write it, with dots. */
export function propertyName(pointer: string): string {
  const parts = pointer.slice(1).split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  return parts.reduce((path, part) =>
    /^[0-9]+$/.test(part)
      ? `${path}[${part}]`
      : /^[A-Za-z_]\w*$/.test(part)
      ? `${path}.${part}`
      : `${path}[${JSON.stringify(part)}]`
  );
}
