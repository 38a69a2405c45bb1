/**
 * Reading a container's cgroups, whichever hierarchy has a file.
 *
 * @module
 */

import { lstat, readText } from "../../ffi/files.ts";

/** What stands for "no limit" in a counter, 2^64 - 1. */
export const UNLIMITED = 0xffff_ffff_ffff_ffffn;

/**
 * The files of a container's cgroups. On a hybrid host each controller has its
 * files where it is mounted; what is in v1 comes first.
 */
export class CgroupFiles {
  readonly #directories: readonly string[];

  /** @param directories the container's cgroup in each hierarchy */
  constructor(directories: readonly string[]) {
    this.#directories = directories;
  }

  /** Whether one of the hierarchies has the file. */
  has(file: string): boolean {
    return this.#paths(file).length > 0;
  }

  /**
   * The text of a file; undefined where there is none, or none that the kernel
   * can tell: a cgroup may go while it is read, and pressure may be turned off.
   */
  text(file: string): string | undefined {
    for (const path of this.#paths(file)) {
      try {
        return readText(path);
      } catch {
        continue;
      }
    }
    return undefined;
  }

  /** A file that holds one number; `max` is 2^64 - 1. */
  number(file: string): bigint | undefined {
    const text = this.text(file);
    return text === undefined ? undefined : parseNumber(text.trim());
  }

  /** A file of lines of a name and a number, by name; empty without a file. */
  table(file: string): Map<string, bigint> {
    const found = new Map<string, bigint>();
    for (const line of this.text(file)?.split("\n") ?? []) {
      const [name = "", value = ""] = line.split(" ");
      const number = parseNumber(value);
      if (name !== "" && number !== undefined) found.set(name, number);
    }
    return found;
  }

  #paths(file: string): string[] {
    return this.#directories.map((directory) => `${directory}/${file}`)
      .filter((path) => typeof lstat(path) === "object");
  }
}

/**
 * A number of a cgroup file, as 64 unsigned bits. What the kernel's counters
 * briefly show below zero is 0.
 */
export function parseNumber(text: string): bigint | undefined {
  if (text === "max") return UNLIMITED;
  if (/^-\d+$/.test(text)) return 0n;
  return /^\d+$/.test(text) ? BigInt(text) : undefined;
}

/** A structure of which each field may be missing. */
export type Found<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** `found` without zeros, empty lists and undefined: runc leaves them out. */
export function filled<T extends object>(found: Found<T>): Partial<T> {
  const entries = Object.entries(found).filter(([, value]) =>
    value !== undefined && value !== 0n &&
    !(Array.isArray(value) && value.length === 0)
  );
  return Object.fromEntries(entries) as Partial<T>;
}
