/**
 * Starting a created container.
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import { SyscallError } from "../ffi/error.ts";
import { close, type Fd } from "../ffi/fd.ts";
import { isDirectory, lstat } from "../ffi/files.ts";
import { sleep } from "../ffi/process.ts";
import { connect, receive } from "../ffi/socket.ts";
import { LaunchError } from "../launch/error.ts";
import { reasonOf } from "../launch/reasons.ts";
import {
  type Message,
  MESSAGE_SIZE,
  parseMessage,
  TAG,
} from "../launch/messages.ts";
import { getExistingContainerInfo } from "./container_info.ts";
import { RuntimeError } from "./errors.ts";
import { withCause } from "./cause_tools.ts";
import { explained } from "./explain.ts";
import { hookState } from "./hook_state.ts";
import { HookError, loadHookRunner } from "./hook_tools.ts";
import type { HookRunner } from "./hooks.ts";
import { initLives, initWaits, statusOf } from "./init_process.ts";
import { loadNotifyRelay } from "./notify_tools.ts";
import { oomReason } from "./oom_report.ts";
import { quote } from "./quote.ts";
import { remove } from "./remove.ts";
import type { Runtime } from "./runtime.ts";
import { takeStartReport } from "./shortcut_files.ts";
import {
  containerFolder,
  type ContainerRecord,
  notifyFolder,
  removeStartSocket,
  savedConfig,
  startSocket,
} from "./store.ts";

/** What `start` does besides starting. */
export interface StartOptions {
  /** Return when the program is ready, and tell a service manager so. */
  readonly notifySocket?: string;
}

/**
 * Has a created container's init run the user's program.
 *
 * Returns when the program runs: init's end of the connection is closed by a
 * successful execve(2), and by nothing else before a report.
 *
 * @throws {RuntimeError} not-found, state, or process: the program cannot run
 */
export async function start(
  runtime: Runtime,
  id: string,
  { notifySocket }: StartOptions = {},
): Promise<void> {
  const { record } = explained(
    `start container ${quote(id)}`,
    () => getExistingContainerInfo(runtime, id),
  );
  await explainedWithCause(runtime, record, () => {
    const told = takeStartReport(runtime.root, id);
    if (told !== undefined) throw failure(record, parseMessage(told));
    const status = statusOf(runtime.root, record);
    if (status !== "created") throw notCreated(id, status);
  });
  if (notifySocket === undefined) return await startCreated(runtime, record);
  const folder = notifyFolder(runtime.root, id);
  if (!isDirectory(lstat(folder))) {
    runtime.log.warn(
      "the service manager will not hear from the container: it was created " +
        "without NOTIFY_SOCKET",
    );
    return await startCreated(runtime, record);
  }
  using notify = await loadNotifyRelay(notifySocket, runtime.log);
  notify.bind(folder);
  await startCreated(runtime, record);
  notify.untilReady(record.init!.pid);
}

/**
 * As `start`, of a container that this process has just created.
 *
 * @throws {RuntimeError} state, or process: the program cannot run; a hook
 * that fails has taken the container away
 */
export async function startCreated(
  runtime: Runtime,
  record: ContainerRecord,
): Promise<void> {
  const { id, hooks } = record;
  const runner = hooks && await loadHookRunner(runtime.log);
  try {
    await explainedWithCause(
      runtime,
      record,
      () => go(runtime, record, runner),
    );
  } catch (error) {
    if (error instanceof HookError) await destroy(runtime, id);
    throw error;
  }
}

/** As `explained`, with the cause where one can be told. */
async function explainedWithCause(
  { root }: Runtime,
  { id, rootfs }: ContainerRecord,
  work: () => void,
): Promise<void> {
  try {
    explained(`start container ${quote(id)}`, work);
  } catch (error) {
    throw await withCause(error, { rootfs, config: savedConfig(root, id) });
  }
}

/** What a failed hook leads to; its own error is the one to tell. */
async function destroy(runtime: Runtime, id: string): Promise<void> {
  try {
    await remove(runtime, id, { force: true });
  } catch (error) {
    runtime.log.warn(`cleaning up: ${(error as Error).message}`);
  }
}

function go(
  runtime: Runtime,
  record: ContainerRecord,
  runner: HookRunner | undefined,
): void {
  runtime.log.debug("telling init to go on", { init: record.init?.pid });
  const { trace } = runtime;
  trace?.phase("start the program");
  const socket = connectInit(runtime, record);
  try {
    awaitExec(socket, record, runner);
  } finally {
    close(socket);
  }
  runtime.log.debug("init has become the program", { init: record.init?.pid });
  trace?.started(containerFolder(runtime.root, record.id));
  trace?.phase("tell the caller");
  removeStartSocket(runtime.root, record.id);
  const { hooks } = record;
  if (hooks) runner?.run("poststart", hooks, hookState(record, "running"));
  runtime.log.debug("container started");
}

function notCreated(id: string, status: string): RuntimeError {
  const mend = status === "running" ? "it has been started already" : "";
  return new RuntimeError(
    "state",
    `Cannot start container ${quote(id)}: it is ${status}, wanted created` +
      (mend && `: ${mend}`),
  );
}

function connectInit(runtime: Runtime, { id }: ContainerRecord): Fd {
  try {
    return connect(startSocket(runtime.root, id));
  } catch (error) {
    const gone = error instanceof SyscallError &&
      (error.errno === E.ECONNREFUSED || error.errno === E.EAGAIN);
    throw gone ? notCreated(id, "running or stopped") : error;
  }
}

/**
 * Waits for the end of the connection, or for a report of a failed step, and
 * attends the hooks that init runs.
 */
function awaitExec(
  socket: Fd,
  record: ContainerRecord,
  runner: HookRunner | undefined,
): void {
  const { hooks } = record;
  const bytes = new Uint8Array(MESSAGE_SIZE);
  for (;;) {
    const { length, fd } = receiveOnly(socket, bytes, record.id);
    if (length === 0) return checkStarted(record);
    const message = parseMessage(bytes);
    const { tag, value } = message;
    if (tag !== TAG.hook || !hooks || !runner || fd === undefined) {
      throw failure(record, message);
    }
    const hook = { socket, index: value, pidfd: fd };
    const state = hookState(record, "created");
    runner.attend("startContainer", hooks, state, hook);
  }
}

/** The error that a message of init's is. */
function failure(
  { reasons }: ContainerRecord,
  { tag, errno }: Message,
): LaunchError {
  const reason = reasonOf(reasons, tag) ??
    { why: "start the program", pointer: "" };
  return new LaunchError(reason, errno);
}

function receiveOnly(socket: Fd, bytes: Uint8Array<ArrayBuffer>, id: string) {
  try {
    return receive(socket, bytes);
  } catch (error) {
    // Another start was first: this connection was never accepted.
    const late = error instanceof SyscallError && error.errno === E.ECONNRESET;
    throw late ? notCreated(id, "running") : error;
  }
}

/** How often init is looked at, and how long to wait between, milliseconds. */
const LOOKS = 1000, BETWEEN = 0.1;

/**
 * Checks that an init whose end of the connection is closed ran the program:
 * it may have been killed. A program may have ended already.
 *
 * execve(2) closes descriptors a moment before it changes the name, and a
 * process that was killed before it is dead: until one of them is seen, it is
 * looked at again. A program may also give itself init's name and go on.
 *
 * @throws {RuntimeError} process: it was killed
 */
export function checkStarted(record: ContainerRecord): void {
  for (let look = 0; look < LOOKS && initWaits(record); look++) {
    if (!initLives(record)) {
      throw new RuntimeError(
        "process",
        `Cannot start container ${quote(record.id)}: its init was killed` +
          oomReason(record),
      );
    }
    sleep(BETWEEN);
  }
}
