/**
 * What the part that relays notifications is given: it is loaded on demand,
 * and imports nothing that others load.
 *
 * @module
 */

import { close, O, pipe } from "../ffi/fd.ts";
import { unlink, writeText } from "../ffi/files.ts";
import { pidfdOpen } from "../ffi/process.ts";
import { poll, pollAsync, POLLIN } from "../ffi/poll.ts";
import {
  bindDatagrams,
  connectDatagrams,
  sendDescriptors,
} from "../ffi/socket.ts";
import { syscall } from "../ffi/syscall.ts";
import type { Logger } from "./logger.ts";
import type { NotifyRelay } from "./notify.ts";
import { readyMark } from "./store.ts";

function notifyTools() {
  return {
    bindDatagrams,
    close,
    connectDatagrams,
    markReady: (folder: string) =>
      writeText(readyMark(folder), "", O.CREAT, 0o600),
    pidfdOpen,
    pipe,
    poll,
    pollAsync,
    POLLIN,
    sendDescriptors,
    syscall,
    unlink,
  };
}

/** What the part works with. */
export type NotifyTools = ReturnType<typeof notifyTools>;

/**
 * Loads what relays notifications.
 * @param manager the manager's socket: a path, or `@` and a name
 */
export async function loadNotifyRelay(
  manager: string,
  log: Logger,
): Promise<NotifyRelay> {
  const { NotifyRelay } = await import("./notify.ts");
  return new NotifyRelay(notifyTools(), manager, log);
}
