/**
 * What the part that runs hooks is given: it is loaded on demand, and a module
 * that it imported itself would become one more file to load for everyone.
 *
 * @module
 */

import { errnoText } from "../ffi/errno.ts";
import { SyscallError } from "../ffi/error.ts";
import { close, pipe, setNonblocking } from "../ffi/fd.ts";
import { isDirectory, readText, stat } from "../ffi/files.ts";
import { readOnlyMemfd } from "../ffi/memfd.ts";
import { poll, POLLIN } from "../ffi/poll.ts";
import {
  pidfdOpen,
  pidfdSendSignal,
  reapChild,
  waitChild,
} from "../ffi/process.ts";
import { signalName } from "../ffi/signals.ts";
import { receive, sendDescriptors } from "../ffi/socket.ts";
import { spawn } from "../ffi/spawn.ts";
import { syscall } from "../ffi/syscall.ts";
import { MESSAGE_SIZE, parseMessage, TAG } from "../launch/messages.ts";
import { RuntimeError } from "./errors.ts";
import type { HookRunner } from "./hooks.ts";
import type { Logger } from "./logger.ts";

/** A hook that failed. */
export class HookError extends RuntimeError {
  /** @param message says which hook, how it ended and what it said */
  constructor(message: string) {
    super("system", message);
    this.name = "HookError";
  }
}

function hookTools() {
  return {
    close,
    errnoText,
    HookError,
    hookEnded: TAG.hookEnded,
    isDirectory,
    MESSAGE_SIZE,
    parseMessage,
    pidfdOpen,
    pidfdSendSignal,
    pipe,
    poll,
    POLLIN,
    readOnlyMemfd,
    readText,
    reapChild,
    receive,
    sendDescriptors,
    setNonblocking,
    signalName,
    spawn,
    stat,
    syscall,
    SyscallError,
    waitChild,
  };
}

/** What the part works with. */
export type HookTools = ReturnType<typeof hookTools>;

/** Loads what runs hooks. */
export async function loadHookRunner(log: Logger): Promise<HookRunner> {
  const { HookRunner } = await import("./hooks.ts");
  return new HookRunner(hookTools(), log);
}
