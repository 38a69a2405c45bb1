/**
 * Starts a launch program of `exec` and talks with it until the user's program
 * runs.
 *
 * The process that becomes the program is in the container, and a container
 * with CAP_SYS_PTRACE may get at its end of the conversation: what comes from
 * there is not believed unseen.
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import { close, type Fd, Handle, write } from "../ffi/fd.ts";
import { poll, POLLIN } from "../ffi/poll.ts";
import {
  type Ended,
  isChild,
  pidfdOpen,
  pidfdSendSignal,
  waitChild,
} from "../ffi/process.ts";
import { receive, socketPair } from "../ffi/socket.ts";
import { end, failedStep, isGone } from "./launch.ts";
import { startWith } from "./start_program.ts";
import { SIGKILL } from "./beginning.ts";
import { LaunchEnded, LaunchError } from "./error.ts";
import { MESSAGE_SIZE, parseMessage, TAG } from "./messages.ts";
import type { Plan } from "./plan.ts";

/** What a launch of `exec` needs besides its plan. */
export interface ExecLaunchOptions {
  readonly plan: Plan;
  /** As in the plan's input. */
  readonly preserveFds: number;
  /** A pidfd of the container's init. */
  readonly init: Fd;
  /** The slave of a terminal that was made on the host. */
  readonly console?: Fd;
  /** The memory for time stamps, of a plan that has them. */
  readonly trace?: Fd;
  /** What becomes stdin, stdout and stderr; absent: this process's. */
  readonly stdio?: readonly Fd[];
  /** A folder of Davit's own, for hosts that forbid executable memfds. */
  readonly folder: string;
  /** Done while the program joins the container. */
  readonly meanwhile: () => void;
  /** Puts the first process, which waits, into the container's cgroups. */
  readonly onPlace?: (pid: number) => void;
  /** Takes the listener of the process's seccomp filter; closed afterwards. */
  readonly onListener: (listener: Fd, pid: number) => void;
  /**
   * Done with the pid of the process and the master of a terminal that was
   * opened in the container, which it has to close, before its program runs.
   */
  readonly onReady: (pid: number, master: Fd | undefined) => void;
}

/** A process that has been added. */
export interface Executed {
  readonly pid: number;
  /** How many processes there were before it. */
  readonly helpers: number;
}

/** What the program has told so far. */
interface Found {
  /** Processes that end when they have done their part. */
  readonly helpers: number[];
  pid?: number;
  master?: Fd;
  listener?: Fd;
}

/**
 * Carries a plan out until the user's program runs, or its process was killed.
 * On a failure nothing of it is left.
 *
 * @throws {LaunchError} a step failed
 * @throws {SyscallError} the program could not be started
 */
export function launchExec(options: ExecLaunchOptions): Executed {
  const { plan, init } = options;
  const [ours, theirs] = socketPair();
  const found: Found = { helpers: [] };
  try {
    try {
      found.helpers.push(startWith({ ...options, start: init }, theirs));
    } finally {
      close(theirs);
    }
    options.meanwhile();
    const pid = converse(ours, options, found);
    awaitProgram(ours, plan, found);
    found.helpers.forEach(waitChild);
    return { pid, helpers: found.helpers.length };
  } catch (error) {
    for (const fd of [found.master, found.listener]) {
      if (fd !== undefined) close(fd);
    }
    for (const pid of [...found.helpers, found.pid]) {
      if (pid !== undefined) end(pid);
    }
    throw error;
  } finally {
    close(ours);
  }
}

/** Answers the program until it is ready; fills `found`. */
function converse(
  socket: Fd,
  options: ExecLaunchOptions,
  found: Found,
): number {
  const bytes = new Uint8Array(MESSAGE_SIZE);
  let ready = false, placed = false;
  // The process may be ready before the joining one has said its pid.
  while (!ready || found.pid === undefined) {
    const { length, fd } = receive(socket, bytes);
    if (length === 0) throw gone(found);
    const { tag, errno, value } = parseMessage(bytes);
    if (tag === TAG.place && !placed && options.onPlace !== undefined) {
      placed = true;
      options.onPlace(found.helpers[0]!);
      answer(socket, found);
    } else if (tag === TAG.joining && isChild(value)) found.helpers.push(value);
    else if (tag === TAG.pid && found.pid === undefined && isChild(value)) {
      found.pid = value;
    } else if (tag === TAG.console && !found.master && fd !== undefined) {
      found.master = fd;
    } else if (tag === TAG.listener && !found.listener && fd !== undefined) {
      found.listener = fd;
    } else if (tag === TAG.ready) ready = true;
    else {
      if (fd !== undefined) close(fd);
      throw failedStep(options.plan, tag, errno);
    }
    if (found.listener !== undefined && found.pid !== undefined) {
      options.onListener(found.listener, found.pid);
      close(found.listener);
      delete found.listener;
      answer(socket, found);
    }
  }
  const { pid, master } = found;
  delete found.master;
  options.onReady(pid, master);
  answer(socket, found);
  return pid;
}

/**
 * Waits until the user's program runs: only then the last end of the other
 * side is closed without a report, if the process lives.
 */
function awaitProgram(socket: Fd, plan: Plan, found: Found): void {
  const bytes = new Uint8Array(MESSAGE_SIZE);
  while (receive(socket, bytes).length > 0) {
    const { tag, errno, value } = parseMessage(bytes);
    // The first process may have been slow.
    if (tag !== TAG.joining || !isChild(value)) {
      throw failedStep(plan, tag, errno);
    }
    found.helpers.push(value);
  }
}

function answer(socket: Fd, found: Found): void {
  try {
    write(socket, new Uint8Array(1));
  } catch (error) {
    throw isGone(error) ? gone(found) : error;
  }
}

/** The error for a launch of which all processes ended without a word. */
function gone(found: Found): Error {
  const pids = [...found.helpers.splice(0), found.pid];
  delete found.pid;
  for (const pid of pids) {
    const ended = pid === undefined ? undefined : awaitEnd(pid);
    if (ended === undefined || ended.status === 0) continue;
    return new LaunchEnded("join the container: a process for it", ended);
  }
  const why = "hear from the process that joins the container";
  return new LaunchError({ why, pointer: "" }, E.EPIPE);
}

/** How long a process that is ending may take, in milliseconds. */
const PATIENCE = 1000;

/** How a process ended; one that does not end by itself is killed. */
function awaitEnd(pid: number): Ended | undefined {
  using pidfd = new Handle(pidfdOpen(pid)!);
  const [events] = poll([{ fd: pidfd.fd, events: POLLIN }], PATIENCE);
  if (!events) pidfdSendSignal(pidfd.fd, SIGKILL);
  return waitChild(pid);
}
