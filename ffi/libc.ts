/**
 * The door to libc: its functions are called through their addresses, because
 * to bind one costs Deno's compiler more than a command's calls do: the first
 * one a third of a millisecond. A process that makes many calls gets
 * `syscall` bound after all, and then one of its own (own_syscall.ts).
 *
 * @module
 */

import { encodeText } from "./text.ts";

type Word = number | bigint;

/** Deno's types want a bigint for an i64; its calls take a number as well. */
export type RawSyscall = (
  number: Word,
  a: Word,
  b: Word,
  c: Word,
  d: Word,
  e: Word,
  f: Word,
) => number | bigint;

let call: RawSyscall | undefined;
/** Whether `call` answers the errno itself. */
let answersErrno = false;
let errnoView: Deno.UnsafePointerView;

const LIBC = "libc.so.6";
const ADDRESS = { type: "pointer" } as const;

const SYSCALL = {
  parameters: ["i64", "i64", "i64", "i64", "i64", "i64", "i64"],
  result: "i64",
} as const;
/** What Deno is told of it. */
export type SyscallParameters = typeof SYSCALL;

const ERRNO_LOCATION = { parameters: [], result: "pointer" } as const;

/** Calls after which it pays to have `syscall` bound: a command makes fewer. */
const MANY = 400;

/**
 * What starting a program takes. Pointers are numbers: parameters of the kind
 * "buffer" cost more.
 */
const LAUNCH = {
  posix_spawn: {
    parameters: ["i64", "i64", "i64", "i64", "i64", "i64"],
    result: "i32",
  },
  posix_spawn_file_actions_init: { parameters: ["i64"], result: "i32" },
  posix_spawn_file_actions_adddup2: {
    parameters: ["i64", "i32", "i32"],
    result: "i32",
  },
  posix_spawn_file_actions_destroy: { parameters: ["i64"], result: "i32" },
} as const;

type LaunchName = keyof typeof LAUNCH;

/** A function of libc that answers 0 or an errno. */
type LaunchFunction = (...args: Word[]) => number;

function open() {
  const { symbols } = Deno.dlopen(LIBC, {
    syscall: ADDRESS,
    __errno_location: ADDRESS,
    posix_spawn: ADDRESS,
    posix_spawn_file_actions_init: ADDRESS,
    posix_spawn_file_actions_adddup2: ADDRESS,
    posix_spawn_file_actions_destroy: ADDRESS,
  });
  return symbols;
}

let addresses: ReturnType<typeof open> | undefined;

/** A function of libc that starts programs. */
export function launchFunction(name: LaunchName): LaunchFunction {
  addresses ??= open();
  // The type of a function's parameters is lost where its name may be any.
  const found = new Deno.UnsafeFnPointer(
    addresses[name]! as Deno.PointerObject<never>,
    LAUNCH[name] as typeof LAUNCH["posix_spawn"],
  );
  return (...args) =>
    (found.call as unknown as LaunchFunction).apply(found, args);
}

function bind(): RawSyscall {
  addresses ??= open();
  const location = new Deno.UnsafeFnPointer(
    addresses.__errno_location! as Deno.PointerObject<never>,
    ERRNO_LOCATION,
  );
  errnoView = new Deno.UnsafePointerView(location.call()!);
  const byAddress = new Deno.UnsafeFnPointer(
    addresses.syscall! as Deno.PointerObject<never>,
    SYSCALL,
  ) as unknown as { call: RawSyscall };
  let left = MANY;
  return call = (number, a, b, c, d, e, f) => {
    if (left-- === 0) {
      const { symbols } = Deno.dlopen(LIBC, { syscall: SYSCALL });
      call = symbols.syscall as unknown as RawSyscall;
      takeOwn().catch(() => {}); // libc's goes on serving
    }
    return byAddress.call(number, a, b, c, d, e, f);
  };
}

/** Has system calls made past libc from some time on, if that can be done. */
async function takeOwn(): Promise<void> {
  const { ownSyscall } = await import("./own_syscall.ts");
  const own = ownSyscall(SYSCALL);
  if (own === undefined) return;
  call = own;
  answersErrno = true;
}

/**
 * `syscall(2)` with plain numbers: the result, or the negative errno.
 *
 * libc's errno is read from the thread's memory directly after the call. No
 * other call of ours can come between, but one of V8's: rarely, where threads
 * of it wait for each other.
 */
export function rawSyscall(
  number: number,
  a: Word,
  b: Word,
  c: Word,
  d: Word,
  e: Word,
  f: Word,
): number {
  const result = Number((call ?? bind())(number, a, b, c, d, e, f));
  return result === -1 && !answersErrno ? -errnoView.getInt32() : result;
}

/** Whether libc has been opened, so that calls cost nothing more. */
export function isOpen(): boolean {
  return call !== undefined;
}

/** The address of a buffer's first byte; 0 for none and for an empty one. */
export function addressOf(buffer: BufferSource | null): bigint {
  return buffer === null
    ? 0n
    : Deno.UnsafePointer.value(Deno.UnsafePointer.of(buffer));
}

/** `text` as UTF-8 with the NUL byte that C wants at its end. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return encodeText(`${text}\0`);
}
