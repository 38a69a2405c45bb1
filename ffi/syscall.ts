/**
 * System calls by name, for the processor that Davit runs on.
 *
 * @module
 */

import { SyscallError } from "./error.ts";
import { addressOf, cString, rawSyscall } from "./libc.ts";
import {
  type Arch,
  type SyscallName,
  syscallNumber,
} from "./syscall_numbers.ts";

export type { Arch, SyscallName } from "./syscall_numbers.ts";

/** The processor of this process. */
export const ARCH: Arch = Deno.build.arch;

/**
 * What a system call takes: a number, a buffer (its address is passed), a
 * string (a NUL-terminated copy's address is passed), or null (0).
 */
export type Arg = number | bigint | BufferSource | string | null;

/**
 * Makes a system call and returns its result, or the negative errno when it
 * failed: for callers that expect some failures.
 */
export function syscall(name: SyscallName, ...args: Arg[]): number {
  // What an address was taken of has to live until the call returns.
  const held: unknown[] = [];
  const words: (number | bigint)[] = [];
  for (const arg of args) {
    if (typeof arg === "number" || typeof arg === "bigint") words.push(arg);
    else {
      const buffer = typeof arg === "string" ? cString(arg) : arg;
      held.push(buffer);
      words.push(addressOf(buffer));
    }
  }
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = words;
  const number = syscallNumber(name, ARCH);
  const result = rawSyscall(number, a, b, c, d, e, f);
  held.length = 0;
  return result;
}

/**
 * Makes a system call and returns its result.
 *
 * @param subject what the call works on, for the error's text
 * @throws {SyscallError} when the call fails
 */
export function checked(
  name: SyscallName,
  subject: string,
  ...args: Arg[]
): number {
  const result = syscall(name, ...args);
  if (result < 0) throw new SyscallError(name, -result, subject);
  return result;
}
