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

function bind(): RawSyscall {
  const { symbols } = Deno.dlopen("libc.so.6", {
    syscall: {
      parameters: ["i64", "i64", "i64", "i64", "i64", "i64", "i64"],
      result: "i64",
    },
    __errno_location: { parameters: [], result: "pointer" },
  });
  errnoView = new Deno.UnsafePointerView(symbols.__errno_location()!);
  return symbols.syscall as RawSyscall;
}

/**
 * `syscall(2)` with plain numbers: the result, or the negative errno.
 *
 * errno is read from the thread's memory directly after the call: no other
 * call of ours can come between.
 */
export function rawSyscall(
  number: number,
  ...args: [Word, Word, Word, Word, Word, Word]
): number {
  call ??= bind();
  const result = Number(call(number, ...args));
  return result === -1 ? -errnoView.getInt32() : result;
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
