/**
 * Talking with criu: `criu swrk` answers one request on a socket, and tells
 * meanwhile what it is about to do.
 *
 * @module
 */

import { E } from "../../ffi/errno.ts";
import { close, type Fd, write } from "../../ffi/fd.ts";
import { isDirectory, stat } from "../../ffi/files.ts";
import { pidfdOpen, pidfdSendSignal, waitChild } from "../../ffi/process.ts";
import { receive } from "../../ffi/socket.ts";
import { syscall } from "../../ffi/syscall.ts";
import { variable } from "../variables.ts";
import { RuntimeError } from "../errors.ts";
import { notified, parseResponse, REQUEST, type Response } from "./rpc.ts";

/** criu's command line, with the descriptor that it takes its request on. */
export function criuArgs(socket: number): string[] {
  return ["criu", "swrk", String(socket)];
}

/** Longest message that criu sends, in bytes. */
const LONGEST = 64 * 1024;
const SIGKILL = 9;
const AT_FDCWD = -100, X_OK = 1, AT_EACCESS = 0x200;
/** Where programs are looked for when the environment has no PATH. */
const DEFAULT_PATH =
  "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * criu's path.
 * @throws {RuntimeError} unsupported: it is not installed
 */
export function findCriu(path = variable("PATH") || DEFAULT_PATH): string {
  for (const folder of path.split(":")) {
    const file = `${folder}/criu`;
    if (!folder.startsWith("/") || isDirectory(stat(file))) continue;
    const errno = syscall("faccessat2", AT_FDCWD, file, X_OK, AT_EACCESS);
    if (errno === 0) return file;
  }
  throw new RuntimeError(
    "unsupported",
    "Cannot find criu, which checkpoints and restores: it is not on PATH",
    { hint: "install criu (Debian: criu)" },
  );
}

/** What criu is about to do, and a descriptor that came with it. */
export interface Notification {
  /** Such as `post-restore`. */
  readonly script: string;
  /** The process that it is about, if any. */
  readonly pid: number;
  readonly fd?: Fd;
}

/** A process of criu's, and the socket on which it waits for its request. */
export interface StartedCriu {
  readonly pid: number;
  readonly socket: Fd;
}

/** A criu that waits for its request. */
export class CriuSession implements Disposable {
  readonly #socket: Fd;
  readonly pid: number;
  #ended = false;

  /** Takes a criu that has been started. */
  constructor({ pid, socket }: StartedCriu) {
    this.#socket = socket;
    this.pid = pid;
  }

  /**
   * Makes a request and waits until it is done.
   * @param onNotify told of what criu is about to do, before it goes on
   * @throws {CriuFailure} criu failed
   */
  request(
    bytes: Uint8Array<ArrayBuffer>,
    onNotify: (notification: Notification) => void = () => {},
  ): Response {
    this.#send(bytes);
    for (;;) {
      const buffer = new Uint8Array(LONGEST);
      const { length, fd } = this.#receive(buffer);
      if (length === 0) throw new CriuFailure("it ended without an answer");
      const response = parseResponse(buffer.subarray(0, length));
      const { errno, message, notify, success, type } = response;
      if (!success) {
        if (fd !== undefined) close(fd);
        const why = [message, errno === 0 ? "" : `error number ${errno}`];
        throw new CriuFailure(why.filter(Boolean).join(", "));
      }
      if (type !== REQUEST.notify || notify === undefined) return response;
      try {
        onNotify(fd === undefined ? notify : { ...notify, fd });
      } finally {
        if (fd !== undefined) close(fd);
      }
      this.#send(notified());
    }
  }

  /**
   * Waits for its end.
   * @returns its exit status, as a shell counts
   */
  end(): number {
    this.#ended = true;
    close(this.#socket);
    return waitChild(this.pid)?.status ?? 0;
  }

  #send(bytes: Uint8Array<ArrayBuffer>): void {
    try {
      write(this.#socket, bytes);
    } catch {
      throw new CriuFailure("it ended before it took a request");
    }
  }

  #receive(buffer: Uint8Array<ArrayBuffer>) {
    try {
      return receive(this.#socket, buffer);
    } catch (error) {
      const gone = (error as { errno?: number }).errno === E.ECONNRESET;
      if (gone) return { length: 0 };
      throw error;
    }
  }

  /** Ends a criu that has not ended. */
  [Symbol.dispose](): void {
    if (this.#ended) return;
    close(this.#socket);
    const pidfd = pidfdOpen(this.pid);
    if (pidfd === undefined) return;
    pidfdSendSignal(pidfd, SIGKILL);
    close(pidfd);
    waitChild(this.pid);
  }
}

/** criu did not do what it was asked; the message is its own reason. */
export class CriuFailure extends Error {}
