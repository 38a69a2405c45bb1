/**
 * The ways of a terminal, and of a pidfd, out of the runtime.
 *
 * @module
 */

import { close, type Fd, O, open } from "../ffi/fd.ts";
import { pidfdOpen } from "../ffi/process.ts";
import { openpty } from "../ffi/pty.ts";
import { connect, sendDescriptor } from "../ffi/socket.ts";
import { RuntimeError } from "./errors.ts";
import { osText } from "./os_error.ts";
import { quote } from "./quote.ts";

/** A terminal for a container's process. */
export interface Console {
  /** The slave's path on the host; empty when there is no terminal. */
  readonly path: string;
  /** The slave, open. */
  readonly slave?: Fd;
  /** The master, open, when the caller keeps it. */
  readonly master?: Fd;
}

/**
 * The terminal that a caller asks for: one given by its path is used as it
 * is; else, with a socket, a pseudo-terminal is opened and its master sent
 * over it; with neither there is none, unless the caller keeps the master.
 *
 * @throws {SyscallError}
 */
export function setupConsole(
  consolePath: string,
  socketPath: string,
  keepsMaster = false,
): Console {
  if (consolePath !== "") {
    const slave = open(consolePath, O.RDWR | O.NOCTTY);
    return { path: consolePath, slave };
  }
  if (socketPath === "" && !keepsMaster) return { path: "" };
  const { master, slave, path } = openpty();
  if (keepsMaster) return { path, slave, master };
  try {
    sendMaster(socketPath, master, path);
    return { path, slave };
  } catch (error) {
    close(slave);
    throw error;
  } finally {
    close(master);
  }
}

/**
 * Sends a terminal's master over the Unix socket at `socketPath`, with the
 * terminal's name as the payload.
 * @throws {SyscallError}
 */
export function sendMaster(socketPath: string, master: Fd, name: string): void {
  const socket = connect(socketPath);
  try {
    sendDescriptor(socket, new TextEncoder().encode(name), master);
  } finally {
    close(socket);
  }
}

/**
 * Sends a pidfd of the process `pid` over the Unix socket at `socketPath`.
 * @throws {RuntimeError} system: nobody takes it
 */
export function sendPidfd(socketPath: string, pid: number): void {
  const pidfd = pidfdOpen(pid);
  if (pidfd === undefined) return; // it has ended: the launch will tell
  try {
    sendMaster(socketPath, pidfd, "pidfd");
  } catch (error) {
    throw new RuntimeError(
      "system",
      `Cannot send a pidfd to --pidfd-socket ${quote(socketPath)}: ${
        osText(error)
      }`,
      { cause: error },
    );
  } finally {
    close(pidfd);
  }
}

/** Whether nobody wants the output: detached, with a terminal of its own. */
export function noNeedForOutput(detach: boolean, tty: boolean): boolean {
  return detach && tty;
}
