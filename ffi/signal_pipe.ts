/**
 * Signals as bytes that can be polled for, while this thread waits in poll(2)
 * and no JavaScript runs.
 *
 * Deno's own listeners need its event loop, and a thread each for the loop and
 * for a wait: that costs a short command more than a millisecond.
 *
 * @module
 */

import { E } from "./errno.ts";
import { SyscallError } from "./error.ts";
import { close, type Fd, pipe, setNonblocking, write } from "./fd.ts";
import { signalHandler } from "./signal_handler.ts";
import { ARCH, checked, syscall } from "./syscall.ts";

const PROT_READ = 1, PROT_EXEC = 4, MAP_PRIVATE = 2;
const SA_RESTORER = 0x04000000, SA_RESTART = 0x10000000;
/** Bytes of a signal set, as the kernel counts. */
const SIGSET_SIZE = 8;

/** Catches signals from when they are asked for until it is disposed of. */
export class SignalPipe implements Disposable {
  readonly #read: Fd;
  readonly #write: Fd;
  readonly #caught: number[] = [];
  readonly #action: BigUint64Array<ArrayBuffer>;

  /** @throws {SyscallError} */
  constructor() {
    const [read, write] = pipe();
    // A handler must never wait.
    setNonblocking(read);
    setNonblocking(write);
    const { code, restorer } = signalHandler(ARCH, write);
    const at = BigInt(mapCode(code));
    this.#read = read;
    this.#write = write;
    // struct sigaction of the kernel: handler, flags, restorer, mask.
    this.#action = restorer === undefined
      ? new BigUint64Array([at, BigInt(SA_RESTART), 0n, 0n])
      : new BigUint64Array([
        at,
        BigInt(SA_RESTART | SA_RESTORER),
        at + BigInt(restorer),
        0n,
      ]);
  }

  /** Becomes readable when signals have come. */
  get fd(): Fd {
    return this.#read;
  }

  /**
   * Catches a signal from now on.
   * @throws {SyscallError}
   */
  catch(signal: number): void {
    setAction(signal, this.#action);
    this.#caught.push(signal);
  }

  /** The signals that have come since the last time, in their order. */
  take(): number[] {
    const bytes = new Uint8Array(64);
    const n = syscall("read", this.#read, bytes, bytes.length);
    if (n === -E.EAGAIN || n === -E.EINTR) return [];
    if (n < 0) throw new SyscallError("read", -n, "signals");
    return [...bytes.subarray(0, n)];
  }

  /** Lets the signals have their usual effect again. */
  [Symbol.dispose](): void {
    const byDefault = new BigUint64Array(4);
    for (const signal of this.#caught) setAction(signal, byDefault);
    close(this.#read);
    close(this.#write);
  }
}

function setAction(
  signal: number,
  action: BigUint64Array<ArrayBuffer>,
): void {
  const result = syscall("rt_sigaction", signal, action, null, SIGSET_SIZE);
  if (result < 0) {
    throw new SyscallError("rt_sigaction", -result, `signal ${signal}`);
  }
}

/** Maps machine code, read-only, for as long as this process lives. */
function mapCode(code: Uint8Array<ArrayBuffer>): number {
  const file = checked("memfd_create", "signals", "signals", 1) as Fd;
  try {
    write(file, code);
    const protection = PROT_READ | PROT_EXEC;
    return checked(
      "mmap",
      "signal handler",
      0,
      code.length,
      protection,
      MAP_PRIVATE,
      file,
      0,
    );
  } finally {
    close(file);
  }
}
