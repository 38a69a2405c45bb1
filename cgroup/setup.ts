/**
 * What making a cgroup has in common on v1 and v2.
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import { SyscallError } from "../ffi/error.ts";
import { lstat, mayWrite, readText } from "../ffi/files.ts";
import { CgroupError, osCode, osText } from "./error.ts";
import { CgroupInUse, type CgroupLock, lockCgroup } from "./lock.ts";
import { removeAbove } from "./parents.ts";
import { makeDirectory, processIds, removeDirectory } from "./tree.ts";

/** How often a cgroup that others remove meanwhile is made again. */
const MAX_ATTEMPTS = 20;

/** Cgroups that are made: their lock, and whether they have the mark. */
export interface Claimed {
  readonly lock?: CgroupLock;
  readonly marked?: boolean;
}

/** Marks cgroups as a container's. */
export function claimed(
  lock: CgroupLock | undefined,
  mark: string | undefined,
): Claimed {
  if (lock === undefined) return {};
  return mark === undefined ? { lock } : { lock, marked: lock.setMark(mark) };
}

/** What is made of a container's cgroups. */
export interface Making {
  /** Gets every directory that was made, parents first. */
  readonly made: string[];
  /** The first process, where systemd has put it there. */
  readonly occupant?: number;
}

/**
 * Makes the first of a container's cgroups, with its lock: until that is let
 * go of, no other Davit makes a container in them, or removes them.
 *
 * @throws {CgroupError} for a cgroup that is in use
 * @throws {SyscallError} also for one that is not this user's to change
 */
export function makeFirst(
  directory: string,
  root: string,
  making: Making,
): CgroupLock {
  for (let attempt = 1;; attempt++) {
    const fresh = makeDirectory(directory, root, making.made);
    if (!fresh) {
      refuseForeign(directory);
      // Whoever has it may keep its lock for long.
      refuseUsed(directory, making, fresh);
    }
    const lock = lockCgroup(directory);
    if (lock === undefined && attempt < MAX_ATTEMPTS) continue;
    if (lock === undefined) throw new SyscallError("open", E.ENOENT, directory);
    try {
      // Even one that was just made: others may have had it before the lock.
      refuseUsed(directory, making, fresh);
      return lock;
    } catch (error) {
      lock[Symbol.dispose]();
      throw error;
    }
  }
}

/**
 * Makes another one of a container's cgroups, under the lock of the first. One
 * that exists already serves if it is idle, or if the first process is in it.
 *
 * @throws {CgroupError} for a cgroup that is in use
 * @throws {SyscallError} also for one that is not this user's to change
 */
export function makeCgroup(
  directory: string,
  root: string,
  making: Making,
): void {
  if (makeDirectory(directory, root, making.made)) return;
  refuseForeign(directory);
  refuseUsed(directory, making, false);
}

/** Another user's, with a container of the same name. */
function refuseForeign(directory: string): void {
  if (!mayWrite(directory) && typeof lstat(directory) === "object") {
    throw new SyscallError("mkdir", E.EACCES, directory);
  }
}

function refuseUsed(
  directory: string,
  { occupant }: Making,
  fresh: boolean,
): void {
  const pids = processIds(directory).filter((pid) => pid !== occupant);
  if (pids.length > 0) {
    throw new CgroupError(
      "state",
      `container's cgroup is not empty: ${pids.length} process(es) found in ` +
        `"${directory}"`,
    );
  }
  if (fresh || !isFrozen(directory)) return;
  throw new CgroupError(
    "state",
    `container's cgroup unexpectedly frozen: "${directory}"`,
  );
}

/**
 * Removes what a failed create made, as far as that goes; the first one, which
 * is locked, after the others.
 *
 * @param directories the container's cgroups
 * @param error what it failed with
 */
export function undo(
  { made }: Making,
  directories: readonly string[],
  error: unknown,
): void {
  // Who has the lock uses what is there.
  if (error instanceof CgroupInUse) return;
  const own = directories.filter((path) => made.includes(path));
  for (
    const remove of [
      ...own.map((directory) => () => removeDirectory(directory)),
      () => removeAbove(directories, made),
    ]
  ) {
    try {
      remove();
    } catch {
      // The error that made create fail says more.
    }
  }
}

/** Whether the host denies changes of cgroups to this process. */
export function isRefused(error: unknown): boolean {
  return ["EACCES", "EPERM", "EROFS"].includes(osCode(error));
}

/**
 * The error of a failed create. The words are those of runc, which engines
 * look for.
 *
 * @param mend what to do where it is a matter of permission
 */
export function cannotCreate(
  directory: string,
  error: unknown,
  mend = "",
): CgroupError {
  if (error instanceof CgroupError) return error;
  const text = osText(error);
  const found = text.charAt(0).toLowerCase() + text.slice(1);
  const hint = isRefused(error)
    ? "rootless needs no limits + no cgrouppath when no permission is granted " +
      "for cgroups: "
    : "";
  return new CgroupError(
    "system",
    `unable to apply cgroup configuration: ${hint}make cgroup "${directory}": ` +
      found + (isRefused(error) ? mend : ""),
    error,
  );
}

function isFrozen(directory: string): boolean {
  const read = (file: string) => {
    try {
      return readText(`${directory}/${file}`).trim();
    } catch {
      return "";
    }
  };
  // v1 freezer, then v2.
  return !["", "THAWED"].includes(read("freezer.state")) ||
    read("cgroup.freeze") === "1";
}
