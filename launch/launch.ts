/**
 * Starts a launch program and talks with it until the container is ready.
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import { SyscallError } from "../ffi/error.ts";
import {
  AT_EMPTY_PATH,
  AT_RECURSIVE,
  close,
  type Fd,
  write,
} from "../ffi/fd.ts";
import { MOUNT_ATTR_IDMAP, mountSetattr } from "../ffi/mount.ts";
import { pidfdOpen, pidfdSendSignal, waitChild } from "../ffi/process.ts";
import { receive, shutdownWrites, socketPair } from "../ffi/socket.ts";
import { LaunchEnded, LaunchError } from "./error.ts";
import {
  COPY_GID,
  COPY_MODE,
  COPY_UID,
  MESSAGE_SIZE,
  parseMessage,
  TAG,
} from "./messages.ts";
import { filesystemLog } from "./mount_log.ts";
import type { Plan } from "./plan.ts";
import { begin, type Begun } from "./start_program.ts";

/** What a launch needs besides its plan. */
export interface LaunchOptions {
  readonly plan: Plan;
  /** As in the plan's input. */
  readonly preserveFds: number;
  /**
   * The listening socket on which init waits for `start`; without one, the
   * plan's init runs the program as soon as it is on record.
   */
  readonly listener?: Fd;
  /** The slave of a terminal that was made on the host. */
  readonly console?: Fd;
  /** The user namespaces of ID-mapped mounts. */
  readonly idMaps?: readonly Fd[];
  /** The memory for time stamps, of a plan that has them. */
  readonly trace?: Fd;
  /** What becomes stdin, stdout and stderr; absent: this process's. */
  readonly stdio?: readonly Fd[];
  /** A folder of Davit's own, for hosts that forbid executable memfds. */
  readonly folder: string;
  /** Done while the program sets the container up. */
  readonly meanwhile: () => void;
  /** Writes the maps of the user namespace of the process `pid`. */
  readonly writeMaps: (pid: number) => void;
  /** Puts the first process, which waits, into its cgroups. */
  readonly onPlace?: (pid: number) => void;
  /** Told init's pid, while init sets the container up. */
  readonly onPid: (pid: number) => void;
  /** Takes the listener of init's seccomp filter; closed afterwards. */
  readonly onListener?: (listener: Fd, pid: number) => void;
  /** Copies files into a tmpfs, for a plan with such mounts. */
  readonly copyUp?: (
    from: Fd,
    to: Fd,
    root: { mode: boolean; uid: boolean; gid: boolean },
  ) => void;
  /** Done for init, whose pid it gets, while init waits for it. */
  readonly onWork?: (pid: number) => void;
  /** Has to do with the plan's hooks, if it has any. */
  readonly hooks?: HookWork;
  /** Puts init's pid on record; until it returns, init ends with Davit. */
  readonly onReady: (pid: number) => void;
}

/** What the program has told so far. */
interface Found {
  /** The process that makes init. */
  first?: number;
  /** Init. */
  pid?: number;
  /** A terminal's master. */
  master?: Fd;
  /** The listener of a seccomp filter that nobody has yet. */
  listener?: Fd;
  /** A directory to be copied. */
  directory?: Fd;
}

/** What Davit does while init waits for it, or for a hook. */
export interface HookWork {
  /** Runs the hooks that are not init's; its pid is known. */
  readonly pause: () => void;
  /** Attends a hook that init runs. */
  readonly attend: (hook: InitHook) => void;
}

/** A hook that init is about to run. */
export interface InitHook {
  /** Where it waits for its stdio, and init tells how it ended. */
  readonly socket: Fd;
  /** Its index among those of its kind. */
  readonly index: number;
  /** The process, which executes the hook once it has its stdio. */
  readonly pidfd: Fd;
}

/** A container that waits for `start`, or runs. */
export interface Launched {
  /** Init's pid. */
  readonly pid: number;
  /** The master of the terminal that init opened. */
  readonly master?: Fd;
}

/**
 * Carries a plan out until init waits for `start`, or without a listener
 * until the user's program runs.
 *
 * On a failure nothing of it is left.
 *
 * @throws {LaunchError} a step failed
 * @throws {SyscallError} the program could not be started
 */
export function launch(options: LaunchOptions): Launched {
  const [ours, theirs] = socketPair();
  const found: Found = {};
  try {
    let begun: Begun;
    try {
      const { listener } = options;
      begun = begin(
        listener === undefined ? options : { ...options, start: listener },
        theirs,
      );
    } finally {
      close(theirs);
    }
    found.first = begun.pid;
    finish(begun, ours, found);
    if (options.plan.rest !== undefined) answer(ours);
    options.meanwhile();
    converse(ours, options, found);
    if (options.listener === undefined) awaitProgram(ours, options.plan);
    waitChild(found.first);
    const { pid, master } = found;
    return master === undefined ? { pid: pid! } : { pid: pid!, master };
  } catch (error) {
    for (const fd of [found.master, found.listener, found.directory]) {
      if (fd !== undefined) close(fd);
    }
    for (const pid of [found.first, found.pid]) {
      if (pid !== undefined) end(pid);
    }
    throw error;
  } finally {
    close(ours);
  }
}

/** Adds the rest of the program; where that fails, what waits for it ends. */
function finish(begun: Begun, socket: Fd, found: Found): void {
  try {
    begun.finish();
  } catch (error) {
    shutdownWrites(socket);
    const bytes = new Uint8Array(MESSAGE_SIZE);
    while (receive(socket, bytes).length > 0) {
      const { tag, value } = parseMessage(bytes);
      if (tag === TAG.pid) found.pid = value;
    }
    throw error;
  }
}

/** Says that the rest of the program is there. */
function answer(socket: Fd): void {
  try {
    write(socket, new Uint8Array(1));
  } catch (error) {
    // It has ended, and said why.
    if (!isGone(error)) throw error;
  }
}

/** Answers the program until it is ready; fills `found`. */
function converse(
  socket: Fd,
  options: LaunchOptions,
  found: Found,
): void {
  const { plan, writeMaps, onPid, onReady } = options;
  const bytes = new Uint8Array(MESSAGE_SIZE);
  let ready = false, paused = false, waits = false;
  // Init may be ready before the first process has said its pid.
  while (!ready || found.pid === undefined) {
    const { length, fd } = receive(socket, bytes);
    if (length === 0) throw died(found);
    const { tag, errno, value } = parseMessage(bytes);
    if (tag === TAG.pid) {
      found.pid = value;
      onPid(value);
    } else if (tag === TAG.console && fd !== undefined) found.master = fd;
    else if (tag === TAG.maps) {
      writeMaps(found.first!);
      write(socket, new Uint8Array(1));
    } else if (tag === TAG.place) {
      options.onPlace?.(found.first!);
      write(socket, new Uint8Array(1));
    } else if (tag === TAG.listener && fd !== undefined) found.listener = fd;
    else if (tag === TAG.copyFrom && fd !== undefined) found.directory = fd;
    else if (tag === TAG.copyTo && fd !== undefined) {
      copyUp(options, found, fd, value);
      write(socket, new Uint8Array(1));
    } else if (tag === TAG.mapIds && fd !== undefined) {
      mapIds(options, fd, value);
      write(socket, new Uint8Array(1));
    } else if (tag === TAG.hook && fd !== undefined) {
      options.hooks?.attend({ socket, index: value, pidfd: fd });
    } else if (tag === TAG.hooks) paused = true;
    else if (tag === TAG.work) waits = true;
    else if (tag === TAG.ready) ready = true;
    else throw failedStep(plan, tag, errno);
    if (waits && found.pid !== undefined) {
      waits = false;
      options.onWork?.(found.pid);
      write(socket, new Uint8Array(1));
    }
    if (paused && found.pid !== undefined) {
      paused = false;
      options.hooks?.pause();
      write(socket, new Uint8Array(1));
    }
    if (found.listener !== undefined && found.pid !== undefined) {
      options.onListener?.(found.listener, found.pid);
      close(found.listener);
      delete found.listener;
      write(socket, new Uint8Array(1));
    }
  }
  onReady(found.pid);
  try {
    write(socket, new Uint8Array(1));
  } catch (error) {
    throw isGone(error) ? died(found) : error;
  }
}

/** Whether a write failed because nobody is left to read it. */
export function isGone(error: unknown): boolean {
  return error instanceof SyscallError &&
    (error.errno === E.EPIPE || error.errno === E.ECONNRESET);
}

/** Fills the tmpfs `to` with what is in the directory that came before. */
function copyUp(
  options: LaunchOptions,
  found: Found,
  to: Fd,
  takes: number,
): void {
  try {
    options.copyUp?.(found.directory!, to, {
      mode: (takes & COPY_MODE) !== 0,
      uid: (takes & COPY_UID) !== 0,
      gid: (takes & COPY_GID) !== 0,
    });
  } finally {
    close(to);
    close(found.directory!);
    delete found.directory;
  }
}

/** Gives the files of a mount that init has made other owners. */
function mapIds({ idMaps = [] }: LaunchOptions, mount: Fd, which: number) {
  const flags = AT_EMPTY_PATH | (which & 1 ? AT_RECURSIVE : 0);
  const userns = idMaps[which >> 1]!;
  try {
    mountSetattr(mount, "", flags, { set: MOUNT_ATTR_IDMAP, userns });
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    const why = "map the IDs of a mount of the container's";
    throw new LaunchError({ why, pointer: "/mounts" }, error.errno);
  } finally {
    close(mount);
  }
}

/**
 * Waits until the user's program runs: only a successful execve(2) closes
 * init's end without a report, if init lives.
 */
function awaitProgram(socket: Fd, plan: Plan): void {
  const bytes = new Uint8Array(MESSAGE_SIZE);
  if (receive(socket, bytes).length === 0) return;
  const { tag, errno } = parseMessage(bytes);
  throw failedStep(plan, tag, errno);
}

/** The error of a step that failed, by its number. */
export function failedStep(
  plan: Plan,
  index: number,
  errno: number,
): LaunchError {
  const unknown = { why: "understand the launch program", pointer: "" };
  const { why, pointer } = plan.steps[index] ?? unknown;
  return new LaunchError({ why, pointer }, errno, filesystemLog(plan, index));
}

/** The error for a program that ended without a word. */
function died(found: Found): Error {
  for (const process of ["pid", "first"] as const) {
    const pid = found[process];
    const ended = pid === undefined ? undefined : waitChild(pid);
    delete found[process];
    if (ended === undefined || ended.status === 0) continue;
    return new LaunchEnded("set up the container: its init", ended);
  }
  return new LaunchError(
    { why: "hear from the launch program", pointer: "" },
    E.EPIPE,
  );
}

/** Kills the child `pid`, if it still runs, and reaps it. */
export function end(pid: number): void {
  const pidfd = pidfdOpen(pid);
  if (pidfd === undefined) return;
  pidfdSendSignal(pidfd, 9);
  close(pidfd);
  waitChild(pid);
}
