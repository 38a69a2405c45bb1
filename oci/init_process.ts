/**
 * Whether a container's first process is there, and still the same one.
 *
 * @module
 */

import { cgroupManagerFromState } from "../cgroup/existing.ts";
import { E } from "../ffi/errno.ts";
import { SyscallError } from "../ffi/error.ts";
import { readText, readTextIfThere } from "../ffi/files.ts";
import { INIT_NAME } from "../launch/init_name.ts";
import type { Status } from "./runtime.ts";
import { type ContainerRecord, hasStartSocket } from "./store.ts";

/** What /proc/PID/stat says of a process, proc(5). */
interface Stat {
  /** The program's name, which execve(2) sets. */
  readonly name: string;
  /** One letter: R, S, D, T, Z, X, ... */
  readonly state: string;
  /** When it started, in clock ticks since boot. */
  readonly startTime: string;
}

/**
 * Reads /proc/PID/stat; undefined when there is no such process.
 * @throws {SyscallError} it cannot be read: whether there is one is not known
 */
export function processStat(pid: number): Stat | undefined {
  let text: string | undefined;
  try {
    text = readTextIfThere(`/proc/${pid}/stat`);
  } catch (error) {
    // It ended while it was read.
    if (error instanceof SyscallError && error.errno === E.ESRCH) return;
    throw error;
  }
  if (text === undefined) return undefined;
  // The name, in parentheses, may hold anything; fields count from behind it.
  const end = text.lastIndexOf(")");
  const name = text.slice(text.indexOf("(") + 1, end);
  const fields = text.slice(end + 2).split(" ");
  const [state] = fields;
  const startTime = fields[19];
  return state === undefined || startTime === undefined
    ? undefined
    : { name, state, startTime };
}

/** Whether the container's init lives: not ended, and no later process. */
export function initLives(record: ContainerRecord): boolean {
  const { init } = record;
  return lives(record, init && processStat(init.pid));
}

function lives({ init }: ContainerRecord, stat: Stat | undefined): boolean {
  return stat !== undefined && stat.startTime === init?.startTime &&
    stat.state !== "Z" && stat.state !== "X";
}

/** Whether init has not yet become the user's program, dead or alive. */
export function initWaits({ init }: ContainerRecord): boolean {
  if (init === undefined) return false;
  const stat = processStat(init.pid);
  return stat?.startTime === init.startTime && stat.name === INIT_NAME;
}

/** Whether the container's other processes end with its init. */
export function isNamespaceInit(record: ContainerRecord): boolean {
  if (!initLives(record)) return false;
  try {
    const status = readText(`/proc/${record.init?.pid}/status`);
    // Its pid here, then in each namespace below, pid_namespaces(7).
    return /^NSpid:.*\t1$/m.test(status);
  } catch {
    return false; // it has just ended
  }
}

/** The status of a container below the state root `root`. */
export function statusOf(root: string, record: ContainerRecord): Status {
  const { id, init, status } = record;
  if (status === "creating") return "creating";
  const stat = init && processStat(init.pid);
  if (!lives(record, stat)) return "stopped";
  if (cgroupManagerFromState(record.cgroups).frozen()) return "paused";
  // Both tell: `start` may have been cut short after init went on, and a
  // program may take init's name.
  return stat?.name === INIT_NAME && hasStartSocket(root, id)
    ? "created"
    : "running";
}
