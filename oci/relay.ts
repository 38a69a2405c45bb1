/**
 * Carries a terminal's bytes between its master and the caller's stdin and
 * stdout, until the container's init ends.
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import { type Fd, setNonblocking } from "../ffi/fd.ts";
import { poll, pollAsync, POLLIN, POLLOUT } from "../ffi/poll.ts";
import {
  rawSettings,
  setTerminalSettings,
  setWindowSize,
  terminalSettings,
  windowSize,
} from "../ffi/pty.ts";
import { syscall } from "../ffi/syscall.ts";

const STDIN = 0, STDOUT = 1;
/** Bytes that a pipe takes at once or not at all, pipe(7). */
const CHUNK = 4096;
const NONE = new Uint8Array();

/** How long to wait in one call before signals are looked at, milliseconds. */
const FIRST_WAIT = 10;

/** Waits until init ends. */
export async function awaitInit(pidfd: Fd): Promise<void> {
  // A program that ends at once needs no thread that waits for it.
  if (poll([{ fd: pidfd, events: POLLIN }], FIRST_WAIT)[0]) return;
  while (!(await pollAsync([{ fd: pidfd, events: POLLIN }], -1))[0]);
}

/** The caller's side of a container's terminal. */
export class Relay implements Disposable {
  readonly #master: Fd;
  readonly #settings = terminalSettings(STDIN);
  #input: Uint8Array<ArrayBuffer> = NONE;
  #output: Uint8Array<ArrayBuffer> = NONE;
  #readsInput = true;
  #readsOutput = true;

  /**
   * Puts the caller's terminal, if stdin is one, into raw mode and gives the
   * container's terminal its size.
   */
  constructor(master: Fd) {
    this.#master = master;
    setNonblocking(master);
    if (this.#settings === undefined) return;
    setTerminalSettings(STDIN, rawSettings(this.#settings));
    this.resize();
  }

  /** Gives the container's terminal the size of the caller's. */
  resize(): void {
    const size = windowSize(STDIN);
    if (size !== undefined && size.rows > 0) setWindowSize(this.#master, size);
  }

  /** Gives the caller's terminal its settings back. */
  [Symbol.dispose](): void {
    if (this.#settings !== undefined) {
      setTerminalSettings(STDIN, this.#settings);
    }
  }

  /** Relays until init ends and all that it wrote has come out. */
  async run(pidfd: Fd): Promise<void> {
    const when = (fd: number, on: boolean) => on ? fd : -1;
    for (;;) {
      const writes = this.#input.length > 0;
      const prints = this.#output.length > 0;
      const events = (this.#readsOutput && !prints ? POLLIN : 0) |
        (writes ? POLLOUT : 0);
      const [ended, master, input, output] = await pollAsync([
        { fd: pidfd, events: POLLIN },
        { fd: when(this.#master, events !== 0), events },
        { fd: when(STDIN, this.#readsInput && !writes), events: POLLIN },
        { fd: when(STDOUT, prints), events: POLLOUT },
      ], -1);
      if (output) this.#output = this.#put(STDOUT, this.#output);
      if (master && writes) {
        this.#input = this.#put(this.#master, this.#input);
      }
      if (master && !prints) {
        const bytes = take(this.#master);
        if (bytes === undefined) this.#readsOutput = false;
        else this.#output = bytes;
      }
      if (input) {
        const bytes = take(STDIN);
        if (bytes === undefined) this.#readsInput = false;
        else this.#input = bytes;
      }
      if (ended) return this.#drain();
    }
  }

  /** Writes some of `bytes`; what is left. Nobody reading: nothing is left. */
  #put(fd: number, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const n = syscall("write", fd, bytes, bytes.length);
    if (n === -E.EAGAIN || n === -E.EINTR) return bytes;
    return n < 0 ? NONE : bytes.subarray(n);
  }

  #drain(): void {
    for (;;) {
      while (this.#output.length > 0) {
        poll([{ fd: STDOUT, events: POLLOUT }], -1);
        this.#output = this.#put(STDOUT, this.#output);
      }
      const bytes = take(this.#master);
      if (bytes === undefined || bytes.length === 0) return;
      this.#output = bytes;
    }
  }
}

/** What is there to read; undefined at the end, and when all have gone. */
function take(fd: number): Uint8Array<ArrayBuffer> | undefined {
  const bytes = new Uint8Array(CHUNK);
  const n = syscall("read", fd, bytes, bytes.length);
  if (n === -E.EAGAIN || n === -E.EINTR) return NONE;
  return n <= 0 ? undefined : bytes.subarray(0, n);
}
