/**
 * What a hook prints: only the end of it is kept.
 *
 * @module
 */

import type { Fd } from "../ffi/fd.ts";
import type { HookTools } from "./hook_tools.ts";

/** Bytes that are kept. */
const KEPT = 2048;
/** Lines that are told. */
const LINES = 5;
/** Bytes that a pipe holds, pipe(7). */
const CHUNK = 65_536;

/** The reading end of a hook's output. */
export class HookOutput {
  /** The end of what came. */
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array();
  /** Where it comes from; -1 at its end. */
  fd: number;
  readonly #tools: HookTools;

  /** @param fd is closed by `close` */
  constructor(tools: HookTools, fd: Fd) {
    this.#tools = tools;
    this.fd = fd;
    tools.setNonblocking(fd);
  }

  /** How many bytes are kept. */
  get length(): number {
    return this.bytes.length;
  }

  /** Takes what is there, up to one chunk; whether there was any. */
  take(): boolean {
    if (this.fd < 0) return false;
    const chunk = new Uint8Array(CHUNK);
    const n = this.#tools.syscall("read", this.fd, chunk, CHUNK);
    if (n === 0) this.close();
    if (n <= 0) return false;
    const all = new Uint8Array(this.length + n);
    all.set(this.bytes);
    all.set(chunk.subarray(0, n), this.length);
    this.bytes = all.slice(-KEPT);
    return true;
  }

  /**
   * Takes what the hook printed before it ended; a process that it left behind
   * may go on for ever.
   */
  drain(): void {
    for (let i = 0; i < 32 && this.take(); i++);
  }

  /** Closes the descriptor; the bytes stay. */
  close(): void {
    if (this.fd >= 0) this.#tools.close(this.fd);
    this.fd = -1;
  }
}

/** The last lines of an output, in quotes, on one line. */
export function lastLines(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes);
  const lines = text.split("\n").map((line) => line.trim())
    .filter((line) => line !== "").slice(-LINES);
  return JSON.stringify(lines.join("\n"));
}
