/**
 * Relays what a container's program tells its service manager, sd_notify(3):
 * that it is ready, what it does, that it is alive.
 *
 * The program has a socket of its own, which Davit reads: the host's would
 * tell it of the host, and let it name any process as the service's.
 *
 * @module
 */

import type { Fd } from "../ffi/fd.ts";
import type { Logger } from "./logger.ts";
import type { NotifyTools } from "./notify_tools.ts";

/**
 * The assignments that are handed on. Not those that name processes or carry
 * descriptors, nor NOTIFYACCESS, with which others might speak for the service.
 */
const RELAYED = [
  "READY",
  "RELOADING",
  "STOPPING",
  "STATUS",
  "ERRNO",
  "BUSERROR",
  "EXIT_STATUS",
  "MONOTONIC_USEC",
  "EXTEND_TIMEOUT_USEC",
  "WATCHDOG",
  "WATCHDOG_USEC",
];

/** The longest notification that systemd takes, in bytes. */
const LONGEST = 4096;
/** How long the manager may take to have read all, in milliseconds. */
const PATIENCE = 30_000;

/** What of a notification is handed on, and whether it says READY=1. */
export function relayed(text: string): { text: string; ready: boolean } {
  const lines = text.split("\n").filter((line) => {
    const equals = line.indexOf("=");
    return equals > 0 && RELAYED.includes(line.slice(0, equals));
  });
  return { text: lines.join("\n"), ready: lines.includes("READY=1") };
}

/** A container's socket for notifications, and the way to its manager. */
export class NotifyRelay implements Disposable {
  readonly #tools: NotifyTools;
  readonly #log: Logger;
  readonly #manager: string;
  #socket: Fd | undefined;
  #folder = "";
  #wasReady = false;

  /** @param manager the manager's socket: a path, or `@` and a name */
  constructor(tools: NotifyTools, manager: string, log: Logger) {
    this.#tools = tools;
    this.#manager = manager;
    this.#log = log;
  }

  /**
   * Makes the container's socket.
   * @param folder where the container finds it
   * @param ready whether the program has said already that it is ready, to
   * another relay than this
   * @throws {SyscallError}
   */
  bind(folder: string, ready = false): void {
    this.#folder = folder;
    this.#wasReady = ready;
    const path = `${folder}/notify.sock`;
    this.#tools.unlink(path); // of a start that was cut short
    this.#socket = this.#tools.bindDatagrams(path, 0o777);
  }

  /**
   * Relays until the program is ready, or has ended. Ready, init is told to
   * be the service's process; returns when the manager has read that.
   * @param pid init's
   */
  untilReady(pid: number): void {
    const { close, pidfdOpen, poll, POLLIN } = this.#tools;
    const pidfd = pidfdOpen(pid);
    if (pidfd === undefined) return;
    const also = (ready: boolean) => ready ? `MAINPID=${pid}` : "";
    try {
      if (this.#goesOnReady(also)) return this.#awaitManager();
      for (;;) {
        const [ended, came] = poll([
          { fd: pidfd, events: POLLIN },
          { fd: this.#socket!, events: POLLIN },
        ], -1);
        if (came && this.#relayOne(also)) return this.#awaitManager();
        if (ended && !came) return;
      }
    } finally {
      close(pidfd);
    }
  }

  /** Relays until init has ended. The service is this process. */
  async untilEnd(pidfd: Fd): Promise<void> {
    const { pollAsync, POLLIN } = this.#tools;
    const also = (ready: boolean) => ready ? `MAINPID=${Deno.pid}` : "";
    this.#goesOnReady(also);
    for (;;) {
      const [ended, came] = await pollAsync([
        { fd: pidfd, events: POLLIN },
        { fd: this.#socket!, events: POLLIN },
      ], -1);
      if (came) this.#relayOne(also);
      else if (ended) return;
    }
  }

  /** Closes the container's socket. */
  [Symbol.dispose](): void {
    if (this.#socket !== undefined) this.#tools.close(this.#socket);
  }

  /**
   * Relays one notification.
   * @param also what to say with it
   * @returns whether it said READY=1
   */
  #relayOne(also: (ready: boolean) => string): boolean {
    const bytes = new Uint8Array(LONGEST);
    // Without room for them, descriptors that come are closed at once.
    const { syscall } = this.#tools;
    const length = syscall("read", this.#socket!, bytes, bytes.length);
    if (length <= 0) return false;
    const said = new TextDecoder().decode(bytes.subarray(0, length));
    const { text, ready } = relayed(said);
    const all = [text, also(ready)].filter((part) => part !== "").join("\n");
    // First: who is told may save the container at once.
    if (ready) this.#markReady();
    if (all !== "") this.#send(all);
    return ready;
  }

  /** Tells of a program that is ready and will not say so again. */
  #goesOnReady(also: (ready: boolean) => string): boolean {
    if (!this.#wasReady) return false;
    this.#send(`READY=1\n${also(true)}`);
    return true;
  }

  #markReady(): void {
    try {
      this.#tools.markReady(this.#folder);
    } catch (error) {
      // Only a checkpoint would want to know.
      this.#log.warn(`Cannot keep that it is ready: ${error}`);
    }
  }

  #send(text: string, fds: readonly Fd[] = []): boolean {
    const { close, connectDatagrams, sendDescriptors } = this.#tools;
    const bytes = new TextEncoder().encode(`${text}\n`);
    try {
      const socket = connectDatagrams(this.#manager);
      try {
        sendDescriptors(socket, bytes, fds);
      } finally {
        close(socket);
      }
    } catch (error) {
      const reason = (error as Error).message;
      this.#log.warn(`Cannot notify NOTIFY_SOCKET ${this.#manager}: ${reason}`);
      return false;
    }
    this.#log.debug(`notified the service manager`, { notification: text });
    return true;
  }

  /**
   * Waits until the manager has read what it was sent: what a process said
   * that is gone by then, it might not take as the service's.
   */
  #awaitManager(): void {
    const { close, pipe, poll, POLLIN } = this.#tools;
    const [ours, theirs] = pipe();
    try {
      let sent: boolean;
      try {
        sent = this.#send("BARRIER=1", [theirs]);
      } finally {
        close(theirs);
      }
      if (!sent) return;
      const [closed] = poll([{ fd: ours, events: POLLIN }], PATIENCE);
      if (closed) return;
      this.#log.warn("the service manager has not confirmed a notification");
    } finally {
      close(ours);
    }
  }
}
