/**
 * Signals to all processes of a container's cgroups.
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import { SyscallError } from "../ffi/error.ts";
import { syscall } from "../ffi/syscall.ts";
import { stillUsed } from "./error.ts";
import {
  findFreezer,
  freeze,
  isFrozen,
  releaseKilled,
  thaw,
} from "./freezer.ts";
import { processIds, sleep, writeFile } from "./tree.ts";

const SIGKILL = 9;
/** How long processes may take to stop before a signal, in milliseconds. */
const MOMENT = 1000;
/** After how many rounds of SIGKILL they have to stop. */
const ROUNDS = 4;

/**
 * Sends a signal to every process, this one excepted. They stand still
 * meanwhile, so that none is missed that is just being made; what was stopped
 * before stays so.
 *
 * @param directories the container's cgroup in each hierarchy
 * @returns the processes that were there
 * @throws {SyscallError} when a process may not be signalled; the others are
 */
export function signalProcesses(
  directories: readonly string[],
  signal: number,
): number[] {
  const freezer = tryFreeze(directories);
  try {
    const pids = others(directories);
    send(pids, signal);
    return pids;
  } finally {
    if (freezer !== undefined) thaw(freezer);
  }
}

/**
 * Sends SIGKILL to every process, this one excepted, until none is left.
 *
 * @param patience how long to wait, in milliseconds
 * @returns the processes that were there at first
 * @throws {SyscallError} when a process may not be signalled
 * @throws {CgroupError} when processes stay
 */
export function killProcesses(
  directories: readonly string[],
  patience: number,
): number[] {
  const deadline = performance.now() + patience;
  const found = others(directories);
  let pids = found;
  let pause = 0.25;
  for (let round = 0; pids.length > 0; round++) {
    if (performance.now() > deadline) {
      throw stillUsed("kill", directories, pids);
    }
    if (round === 0) tryKill(directories);
    // Who makes processes faster than this kills them has to stand still.
    if (round >= ROUNDS && tryFreeze(directories)) pids = others(directories);
    send(pids, SIGKILL);
    const freezer = findFreezer(directories);
    if (freezer !== undefined) releaseKilled(freezer);
    sleep(pause);
    pause = Math.min(pause * 2, 20);
    pids = others(directories);
  }
  return found;
}

function others(directories: readonly string[]): number[] {
  return [...new Set(directories.flatMap(processIds))]
    .filter((pid) => pid !== Deno.pid);
}

/** All at once, where the kernel does it: v2, Linux 5.14. */
function tryKill(directories: readonly string[]): void {
  for (const directory of directories) {
    try {
      if (processIds(directory).includes(Deno.pid)) continue;
      writeFile(`${directory}/cgroup.kill`, "1");
    } catch {
      // A v1 hierarchy has no such file.
    }
  }
}

/** The freezer, if the processes were stopped by this. */
function tryFreeze(directories: readonly string[]) {
  const freezer = findFreezer(directories);
  if (freezer === undefined || isFrozen(freezer)) return undefined;
  // Nobody would be left to let them go on.
  if (processIds(freezer.directory).includes(Deno.pid)) return undefined;
  try {
    freeze(freezer, MOMENT);
    return freezer;
  } catch {
    return undefined; // signals arrive all the same
  }
}

function send(pids: readonly number[], signal: number): void {
  let failure: SyscallError | undefined;
  for (const pid of pids) {
    const result = syscall("kill", pid, signal);
    if (result >= 0 || result === -E.ESRCH) continue;
    failure ??= new SyscallError("kill", -result, `${pid}`);
  }
  if (failure !== undefined) throw failure;
}
