/**
 * The terminal's way out of the runtime.
 *
 * @module
 */

import { close, type Fd, O, open } from "../ffi/fd.ts";
import { openpty } from "../ffi/pty.ts";
import { connect, sendDescriptor } from "../ffi/socket.ts";

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

/** Whether nobody wants the output: detached, with a terminal of its own. */
export function noNeedForOutput(detach: boolean, tty: boolean): boolean {
  return detach && tty;
}
