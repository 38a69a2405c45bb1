/**
 * What is checked before a container is made, and small ends of its making.
 *
 * @module
 */

import { E, errnoText } from "../ffi/errno.ts";
import { SyscallError } from "../ffi/error.ts";
import { close, O } from "../ffi/fd.ts";
import { isDirectory, rename, stat, unlink, writeText } from "../ffi/files.ts";
import { pidfdOpen, pidfdSendSignal, waitChild } from "../ffi/process.ts";
import { RuntimeError } from "./errors.ts";
import { osText } from "./os_error.ts";
import { quote } from "./quote.ts";
import { hasScreen } from "./relay.ts";
import type { CreateOptions } from "./runtime.ts";
import type { Spec } from "./spec.ts";

/** Kills an init that is a child of this process. */
export function endInit(pid: number): void {
  const pidfd = pidfdOpen(pid);
  if (pidfd === undefined) return;
  pidfdSendSignal(pidfd, 9);
  close(pidfd);
  waitChild(pid);
}

/**
 * A root file system has to be there.
 * @throws {RuntimeError} config
 */
export function checkRootfs(rootfs: string): void {
  const status = stat(rootfs);
  if (isDirectory(status)) return;
  const reason = errnoText(typeof status === "number" ? status : E.ENOTDIR);
  throw new RuntimeError(
    "config",
    `Cannot use root.path ${quote(rootfs)}: ${reason}`,
  );
}

/**
 * A terminal has to go somewhere, and a socket wants one to come.
 * @throws {RuntimeError} usage
 */
export function checkConsole(
  { process }: Spec,
  { consoleSocket }: CreateOptions,
  relays: boolean,
): void {
  const terminal = process?.terminal ?? false;
  if (terminal && consoleSocket === undefined && !relays) {
    throw new RuntimeError(
      "usage",
      "Cannot create a container with process.terminal: nobody takes the " +
        "terminal, give --console-socket",
    );
  }
  if (terminal && relays && consoleSocket === undefined) checkScreen();
  if (!terminal && consoleSocket !== undefined) {
    throw new RuntimeError(
      "usage",
      "Cannot use --console-socket: process.terminal of config.json is false",
    );
  }
}

/**
 * A terminal in the foreground needs that of the caller.
 * @throws {RuntimeError} usage
 */
export function checkScreen(): void {
  if (hasScreen()) return;
  throw new RuntimeError(
    "usage",
    "Cannot relay a terminal (process.terminal): this process has none, open " +
      "/dev/tty: no such device or address",
    {
      hint: "run without a terminal, or give --detach and --console-socket",
    },
  );
}

/**
 * Writes a pid file whole, digits alone: an engine may be watching for it.
 * @throws {RuntimeError} system
 */
export function writePidFile(path: string, pid: number): void {
  const slash = path.lastIndexOf("/") + 1;
  const partial = `${path.slice(0, slash)}.${path.slice(slash)}.${Deno.pid}`;
  try {
    writeText(partial, String(pid), O.CREAT | O.TRUNC, 0o644);
    const errno = rename(partial, path);
    if (errno !== 0) throw new SyscallError("rename", errno, path);
  } catch (error) {
    unlink(partial);
    throw new RuntimeError(
      "system",
      `Cannot write the pid file ${quote(path)}: ${osText(error)}`,
      { cause: error },
    );
  }
}
