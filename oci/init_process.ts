/**
 * Whether a container's first process is there, and still the same one.
 *
 * @module
 */

import type { ContainerRecord } from "./store.ts";
import type { Status } from "./runtime.ts";

/** What /proc/PID/stat says of a process, proc(5). */
interface Stat {
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
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state] = fields;
  const startTime = fields[19];
  return state === undefined || startTime === undefined
    ? undefined
    : { state, startTime };
}

/** Whether the container's init lives: not ended, and no later process. */
export function initLives({ init }: ContainerRecord): boolean {
  if (init === undefined) return false;
  const stat = processStat(init.pid);
  return stat !== undefined && stat.startTime === init.startTime &&
    stat.state !== "Z" && stat.state !== "X";
}

/** The name of init's executable until it has become the user's program. */
const WAITING = /^\/memfd:davit-init|\/davit-init( \(deleted\))?$/;

/** The container's status. */
export function statusOf(record: ContainerRecord): Status {
  if (record.status === "creating") {
    return record.init === undefined || initLives(record)
      ? "creating"
      : "stopped";
  }
  if (!initLives(record)) return "stopped";
  if (record.status === "running") return "running";
  try {
    // `start` may have been cut short after init went on.
    const executable = Deno.readLinkSync(`/proc/${record.init!.pid}/exe`);
    return WAITING.test(executable) ? "created" : "running";
  } catch {
    return initLives(record) ? record.status : "stopped";
  }
}
