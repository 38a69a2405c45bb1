/**
 * Carries a terminal's bytes between its master and the caller's stdin and
 * stdout, until the container's init ends.
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import {
  AT_FDCWD,
  close,
  type Fd,
  O,
  setNonblocking,
  tryOpenat2,
} from "../ffi/fd.ts";
import { poll, POLLIN, POLLOUT } from "../ffi/poll.ts";
import {
  openSlave,
  plainLines,
  rawSettings,
  setTerminalSettings,
  setWindowSize,
  type TerminalSettings,
  terminalSettings,
  windowSize,
} from "../ffi/pty.ts";
import { syscall } from "../ffi/syscall.ts";
import type { Poll, Signals } from "./signals.ts";

const STDIN = 0, STDOUT = 1, STDERR = 2;
/** Bytes that a pipe takes at once or not at all, pipe(7). */
const CHUNK = 4096;
const NONE = new Uint8Array();

/**
 * More than a terminal holds of what its programs wrote (64 KiB, and 4 KiB that
 * can be read at once): with it, all that the ended program wrote has come.
 */
const DRAIN_MAX = 256 * 1024;

/** Waits until a process ends, and hands signals on meanwhile. */
export async function awaitEnd(
  pidfd: Fd,
  signals: Signals,
  wait: Poll = poll,
): Promise<void> {
  for (;;) {
    const [ended, came] = await wait([
      { fd: pidfd, events: POLLIN },
      { fd: signals.fd, events: POLLIN },
    ], -1);
    if (came) signals.deliver();
    if (ended) return;
  }
}

/** The terminal that a person has before him, and its settings. */
interface Screen {
  readonly fd: number;
  readonly settings: TerminalSettings;
  /** Whether `fd` was opened for it. */
  readonly opened: boolean;
}

/**
 * This process's terminal: stdio may be redirected in part, or as a whole;
 * undefined when there is none.
 */
function screen(): Screen | undefined {
  for (const fd of [STDERR, STDOUT, STDIN]) {
    const settings = terminalSettings(fd);
    if (settings !== undefined) return { fd, settings, opened: false };
  }
  const fd = tryOpenat2(AT_FDCWD, "/dev/tty", { flags: O.RDWR | O.NOCTTY });
  if (fd < 0) return undefined;
  const settings = terminalSettings(fd);
  if (settings !== undefined) return { fd, settings, opened: true };
  close(fd);
  return undefined;
}

/** Whether this process has a terminal. */
export function hasScreen(): boolean {
  const found = screen();
  if (found?.opened) close(found.fd);
  return found !== undefined;
}

/** The caller's side of a container's terminal. */
export class Relay implements Disposable {
  readonly #master: Fd;
  /** Open, so that it is no end when all programs close theirs for a while. */
  readonly #slave: Fd;
  readonly #screen = screen();
  #input: Uint8Array<ArrayBuffer> = NONE;
  #output: Uint8Array<ArrayBuffer> = NONE;
  #readsInput = true;
  #readsOutput = true;

  /**
   * Puts the caller's terminal, if there is one, into raw mode and gives the
   * container's terminal its size.
   * @throws {SyscallError}
   */
  constructor(master: Fd) {
    this.#master = master;
    this.#slave = openSlave(master);
    setNonblocking(master);
    // A file or a pipe gets plain line ends, as from runc.
    if (terminalSettings(STDOUT) === undefined) plainLines(this.#slave);
    if (this.#screen === undefined) return;
    const { fd, settings } = this.#screen;
    setTerminalSettings(fd, rawSettings(settings));
    this.resize();
  }

  /** Gives the container's terminal the size of the caller's. */
  resize(): void {
    if (this.#screen === undefined) return;
    const size = windowSize(this.#screen.fd);
    if (size !== undefined && size.rows > 0) setWindowSize(this.#master, size);
  }

  /** Gives the caller's terminal its settings back. */
  [Symbol.dispose](): void {
    close(this.#slave);
    if (this.#screen === undefined) return;
    const { fd, opened, settings } = this.#screen;
    setTerminalSettings(fd, settings);
    if (opened) close(fd);
  }

  /**
   * Relays until the process ends and all that it wrote has come out, and
   * hands signals on meanwhile.
   */
  async run(pidfd: Fd, signals: Signals, wait: Poll = poll): Promise<void> {
    const when = (fd: number, on: boolean) => on ? fd : -1;
    for (;;) {
      const writes = this.#input.length > 0;
      const prints = this.#output.length > 0;
      const events = (this.#readsOutput && !prints ? POLLIN : 0) |
        (writes ? POLLOUT : 0);
      const [ended, came, master, input, output] = await wait([
        { fd: pidfd, events: POLLIN },
        { fd: signals.fd, events: POLLIN },
        { fd: when(this.#master, events !== 0), events },
        { fd: when(STDIN, this.#readsInput && !writes), events: POLLIN },
        { fd: when(STDOUT, prints), events: POLLOUT },
      ], -1);
      if (came) signals.deliver();
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

  /** Others may still be writing: then it ends, too. */
  #drain(): void {
    for (let drained = 0; drained < DRAIN_MAX;) {
      while (this.#output.length > 0) {
        poll([{ fd: STDOUT, events: POLLOUT }], -1);
        this.#output = this.#put(STDOUT, this.#output);
      }
      const bytes = take(this.#master);
      if (bytes === undefined || bytes.length === 0) return;
      this.#output = bytes;
      drained += bytes.length;
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
