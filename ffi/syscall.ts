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
export function syscall(
  name: SyscallName,
  a: Arg = 0,
  b: Arg = 0,
  c: Arg = 0,
  d: Arg = 0,
  e: Arg = 0,
  f: Arg = 0,
): number {
  stringsUsed = 0;
  longStrings.length = 0;
  // The parameters hold on to what an address was taken of.
  return rawSyscall(
    syscallNumber(name, ARCH),
    typeof a === "number" ? a : word(a),
    typeof b === "number" ? b : word(b),
    typeof c === "number" ? c : word(c),
    typeof d === "number" ? d : word(d),
    typeof e === "number" ? e : word(e),
    typeof f === "number" ? f : word(f),
  );
}

/** Bytes that a string has room for without a buffer of its own. */
const STRING_ROOM = 4200;

interface StringRoom {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly address: bigint;
}

/** Where the strings of a call are put, one after the other. */
const stringRooms: StringRoom[] = [];
let stringsUsed = 0;
/** Strings that are too long for them. */
const longStrings: Uint8Array<ArrayBuffer>[] = [];
const encoder = /* @__PURE__ */ new TextEncoder();

function word(arg: Exclude<Arg, number>): bigint {
  if (typeof arg === "bigint") return arg;
  return typeof arg === "string" ? stringAddress(arg) : addressOf(arg);
}

/** The address of a NUL-terminated copy that lives until the next call. */
function stringAddress(text: string): bigint {
  // A UTF-16 unit takes at most three bytes of UTF-8.
  if (3 * text.length >= STRING_ROOM) {
    const bytes = cString(text);
    longStrings.push(bytes);
    return addressOf(bytes);
  }
  const { bytes, address } = stringRooms[stringsUsed] ??= newStringRoom();
  stringsUsed++;
  bytes[encoder.encodeInto(text, bytes).written] = 0;
  return address;
}

function newStringRoom(): StringRoom {
  const bytes = new Uint8Array(STRING_ROOM);
  return { bytes, address: addressOf(bytes) };
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
  a?: Arg,
  b?: Arg,
  c?: Arg,
  d?: Arg,
  e?: Arg,
  f?: Arg,
): number {
  const result = syscall(name, a, b, c, d, e, f);
  if (result < 0) throw new SyscallError(name, -result, subject);
  return result;
}
