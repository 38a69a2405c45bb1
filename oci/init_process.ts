/**
 * Whether a container's first process is there, and still the same one.
 *
 * @module
 */

import { INIT_NAME } from "../launch/init_name.ts";
import type { ContainerRecord } from "./store.ts";
import type { Status } from "./runtime.ts";

/** What /proc/PID/stat says of a process, proc(5). */
interface Stat {
  /** The program's name, which execve(2) sets. */
  readonly name: string;
  /** One letter: R, S, D, T, Z, X, ... */
  readonly state: string;
  /** When it started, in clock ticks since boot. */
  readonly startTime: string;
}

/** Reads /proc/PID/stat; undefined when there is no such process. */
export function processStat(pid: number): Stat | undefined {
  let text: string;
  try {
    text = Deno.readTextFileSync(`/proc/${pid}/stat`);
  } catch {
    // Gone before (ENOENT) or while (ESRCH) it was read.
    return undefined;
  }
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
export function initLives({ init }: ContainerRecord): boolean {
  if (init === undefined) return false;
  const stat = processStat(init.pid);
  return stat !== undefined && stat.startTime === init.startTime &&
    stat.state !== "Z" && stat.state !== "X";
}

/** Whether init has not yet become the user's program, dead or alive. */
export function initWaits({ init }: ContainerRecord): boolean {
  if (init === undefined) return false;
  const stat = processStat(init.pid);
  return stat?.startTime === init.startTime && stat.name === INIT_NAME;
}

/** The container's status. */
export function statusOf(record: ContainerRecord): Status {
  if (record.status === "creating" && record.init === undefined) {
    return "creating";
  }
  if (!initLives(record)) return "stopped";
  // `start` may have been cut short after init went on.
  return record.status === "created" && !initWaits(record)
    ? "running"
    : record.status;
}
