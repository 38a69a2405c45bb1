/**
 * Waiting for descriptors, poll(2).
 *
 * @module
 */

import { E } from "./errno.ts";
import { SyscallError } from "./error.ts";
import { syscall } from "./syscall.ts";

/** There is something to read. */
export const POLLIN = 1;
/** A file of the kernel's has changed since it was read. */
export const POLLPRI = 2;
/** Writing would not block. */
export const POLLOUT = 4;
/** An error, a hang-up or a closed descriptor; always reported. */
export const POLLGONE = 8 | 16 | 32;

/** A descriptor and what to wait for; a negative `fd` is left out. */
export interface Wanted {
  readonly fd: number;
  readonly events: number;
}

function pollSet(wanted: readonly Wanted[]): DataView<ArrayBuffer> {
  const set = new DataView(new ArrayBuffer(wanted.length * 8));
  wanted.forEach(({ fd, events }, i) => {
    set.setInt32(i * 8, fd, true);
    set.setInt16(i * 8 + 4, events, true);
  });
  return set;
}

function answers(set: DataView, count: number): number[] {
  return Array.from(
    { length: count },
    (_, i) => set.getInt16(i * 8 + 6, true),
  );
}

/**
 * Blocks until one of `wanted` is ready or `timeout` milliseconds have passed
 * (negative: for ever). For each, the events that came.
 * @throws {SyscallError}
 */
export function poll(wanted: readonly Wanted[], timeout: number): number[] {
  const set = pollSet(wanted);
  const until = timeout < 0 ? 0n : BigInt(Math.max(0, Math.round(timeout)));
  const time = timeout < 0
    ? null
    : new BigInt64Array([until / 1000n, (until % 1000n) * 1_000_000n]);
  const n = syscall("ppoll", set, wanted.length, time, null, 8);
  if (n < 0 && n !== -E.EINTR) throw new SyscallError("ppoll", -n);
  return answers(set, wanted.length);
}

function openPoll() {
  return Deno.dlopen("libc.so.6", {
    poll: {
      parameters: ["buffer", "u64", "i32"],
      result: "i32",
      nonblocking: true,
    },
  }).symbols;
}

let library: ReturnType<typeof openPoll> | undefined;

/**
 * As `poll`, on a thread of its own, so that timers, signals and promises go
 * on meanwhile. An interrupted wait answers that nothing is ready.
 */
export async function pollAsync(
  wanted: readonly Wanted[],
  timeout: number,
): Promise<number[]> {
  const set = pollSet(wanted);
  library ??= openPoll();
  await library.poll(set, BigInt(wanted.length), timeout);
  return answers(set, wanted.length);
}
