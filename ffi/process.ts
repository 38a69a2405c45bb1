/**
 * Processes: pidfds, signals, waiting, limits.
 *
 * Sources: pidfd_open(2), pidfd_send_signal(2), waitid(2), prctl(2),
 * prlimit(2).
 *
 * @module
 */

import { E } from "./errno.ts";
import { SyscallError } from "./error.ts";
import type { Fd } from "./fd.ts";
import { isOpen } from "./libc.ts";
import { checked, syscall } from "./syscall.ts";

/**
 * A descriptor of the process `pid`, which no later process can take over.
 * Undefined when there is none.
 * @throws {SyscallError}
 */
export function pidfdOpen(pid: number): Fd | undefined {
  const fd = syscall("pidfd_open", pid, 0);
  // EINVAL or ENOENT, by the kernel's age: the process is gone, and the number
  // is still that of its process group.
  const gone = [-E.ESRCH, -E.EINVAL, -E.ENOENT];
  if (pid > 0 && gone.includes(fd)) return undefined;
  if (fd < 0) throw new SyscallError("pidfd_open", -fd, `process ${pid}`);
  return fd as Fd;
}

/**
 * Sends a signal through a pidfd; false when the process is gone.
 * @throws {SyscallError}
 */
export function pidfdSendSignal(pidfd: Fd, signal: number): boolean {
  const result = syscall("pidfd_send_signal", pidfd, signal, null, 0);
  if (result === -E.ESRCH) return false;
  if (result < 0) throw new SyscallError("pidfd_send_signal", -result);
  return true;
}

/** How a child ended. */
export interface Ended {
  /** Its exit status, or 128 plus the signal that ended it. */
  readonly status: number;
  /** The signal that ended it, 0 for none. */
  readonly signal: number;
}

const P_ALL = 0, P_PID = 1, WEXITED = 4, WNOHANG = 1, CLD_EXITED = 1;
const WNOWAIT = 0x1000000;
/** Also wait for children that other threads made, or clone(2) did. */
const WALL = 0x40000000;

function wait(
  type: number,
  id: number,
  options: number,
): (Ended & { pid: number }) | undefined {
  const info = new Int32Array(32); // siginfo_t, 128 bytes
  for (;;) {
    const result = syscall("waitid", type, id, info, options, null);
    if (result === -E.EINTR) continue;
    if (result === -E.ECHILD) return undefined;
    if (result < 0) throw new SyscallError("waitid", -result, String(id));
    break;
  }
  // siginfo_t on 64-bit processors: si_code at 8, si_pid at 16, si_status at 24.
  const code = info[2]!, pid = info[4]!, status = info[6]!;
  if (pid === 0) return undefined;
  return code === CLD_EXITED
    ? { pid, status, signal: 0 }
    : { pid, status: 128 + status, signal: status };
}

const SIGCHLD = 17, SIG_IGN = 1n;

/**
 * Has the kernel keep how children ended, if whoever started this process
 * ignores the end of his: an ignored signal is inherited.
 */
export function heedChildren(): void {
  // struct sigaction of the kernel, which begins with the handler.
  const action = new BigUint64Array(4);
  syscall("rt_sigaction", SIGCHLD, null, action, 8);
  if (action[0] !== SIG_IGN) return; // Deno may have a handler of its own
  syscall("rt_sigaction", SIGCHLD, new BigUint64Array(4), null, 8);
}

/**
 * Waits until the child `pid` ends and reaps it. Undefined when it is no child
 * of this process.
 * @throws {SyscallError}
 */
export function waitChild(pid: number): Ended | undefined {
  return wait(P_PID, pid, WEXITED | WALL);
}

/**
 * Reaps the child `pid` if it has ended. Undefined when it has not, or is no
 * child of this process.
 * @throws {SyscallError}
 */
export function reapChild(pid: number): Ended | undefined {
  return wait(P_PID, pid, WEXITED | WALL | WNOHANG);
}

/** Whether the process `pid` is a child of this one, ended or not. */
export function isChild(pid: number): boolean {
  const options = WEXITED | WALL | WNOHANG | WNOWAIT;
  const info = new Int32Array(32);
  return pid > 0 && syscall("waitid", P_PID, pid, info, options, null) === 0;
}

/**
 * Reaps any one child that has ended; its pid, or undefined when none has.
 * @throws {SyscallError}
 */
export function reapAny(): number | undefined {
  return wait(P_ALL, 0, WEXITED | WALL | WNOHANG)?.pid;
}

/** The real user ID of this process, getuid(2). */
export function userId(): number {
  return syscall("getuid");
}

const PR_SET_DUMPABLE = 4, PR_SET_CHILD_SUBREAPER = 36;

/**
 * Keeps what this process has in memory out of core dumps, and its memory and
 * files from other processes of its user. Programs that it starts are as ever.
 */
export function refuseDumps(): void {
  syscall("prctl", PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/**
 * Makes this process the parent of its descendants' orphans, or stops that.
 * @throws {SyscallError}
 */
export function setSubreaper(on: boolean): void {
  checked("prctl", "child subreaper", PR_SET_CHILD_SUBREAPER, on ? 1 : 0);
}

/** A resource limit's soft and hard value. RLIM_INFINITY is 2^64 - 1. */
export interface Limit {
  readonly soft: bigint;
  readonly hard: bigint;
}

/**
 * The limit `resource` (an RLIMIT_ number) of the process `pid`, 0 for this
 * one.
 * @throws {SyscallError}
 */
export function getLimit(pid: number, resource: number): Limit {
  const old = new BigUint64Array(2);
  checked("prlimit64", `process ${pid}`, pid, resource, null, old);
  return { soft: old[0]!, hard: old[1]! };
}

/**
 * Sets the limit `resource` of the process `pid`, 0 for this one.
 * @throws {SyscallError}
 */
export function setLimit(pid: number, resource: number, limit: Limit): void {
  const next = new BigUint64Array([limit.soft, limit.hard]);
  checked("prlimit64", `process ${pid}`, pid, resource, next, null);
}

/** Sleeps this thread for `milliseconds`. */
export function sleep(milliseconds: number): void {
  const nanoseconds = BigInt(Math.round(milliseconds * 1e6));
  const second = 1_000_000_000n;
  const request = new BigInt64Array([
    nanoseconds / second,
    nanoseconds % second,
  ]);
  syscall("nanosleep", request, null);
}

/**
 * Ends this process at once. What Deno would do first, for a module that may
 * want to hear of the end, takes a fifth of a millisecond.
 */
export function exit(status: number): never {
  if (isOpen()) syscall("exit_group", status);
  Deno.exit(status);
}
