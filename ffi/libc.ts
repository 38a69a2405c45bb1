/**
 * The door to libc: symbols are bound when they are first needed, because each
 * `Deno.dlopen` costs about half a millisecond of a command's start.
 *
 * @module
 */

type Word = number | bigint;

/** Deno's types want a bigint for an i64; its calls take a number as well. */
type RawSyscall = (
  number: Word,
  ...args: [Word, Word, Word, Word, Word, Word]
) => bigint;

let call: RawSyscall | undefined;
let errnoView: Deno.UnsafePointerView;

const CORE = {
  syscall: {
    parameters: ["i64", "i64", "i64", "i64", "i64", "i64", "i64"],
    result: "i64",
  },
  __errno_location: { parameters: [], result: "pointer" },
} as const;

/**
 * What starting a program takes. Pointers are addresses: binding a parameter
 * of the kind "buffer" takes five times as long as one that is a number.
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

function openLaunch() {
  // One library that is opened costs as much as six symbols that are bound.
  const { symbols } = Deno.dlopen("libc.so.6", { ...CORE, ...LAUNCH });
  use(symbols);
  return symbols;
}

let launchSymbols: ReturnType<typeof openLaunch> | undefined;

/**
 * The functions of libc that start programs. Bound first, they bring `syscall`
 * along.
 */
export function launchLibrary(): ReturnType<typeof openLaunch> {
  return launchSymbols ??= openLaunch();
}

function use(
  symbols: { syscall: unknown; __errno_location(): Deno.PointerValue },
): RawSyscall {
  errnoView = new Deno.UnsafePointerView(symbols.__errno_location()!);
  return call = symbols.syscall as RawSyscall;
}

function bind(): RawSyscall {
  return use(Deno.dlopen("libc.so.6", CORE).symbols);
}

/**
 * `syscall(2)` with plain numbers: the result, or the negative errno.
 *
 * errno is read from the thread's memory directly after the call: no other
 * call of ours can come between.
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
  return result === -1 ? -errnoView.getInt32() : result;
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

const encoder = /* @__PURE__ */ new TextEncoder();

/** `text` as UTF-8 with the NUL byte that C wants at its end. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text + "\0");
}
