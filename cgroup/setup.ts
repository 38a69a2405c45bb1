/**
 * What making a cgroup has in common on v1 and v2.
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import { SyscallError } from "../ffi/error.ts";
import { lstat, mayWrite, readText } from "../ffi/files.ts";
import { CgroupError, osCode, osText } from "./error.ts";
import {
  deepestFirst,
  makeDirectory,
  processIds,
  removeDirectory,
} from "./tree.ts";

/**
 * Makes a container's cgroup. One that exists already serves if it is idle, or
 * if the container's first process is in it.
 *
 * @param made gets every directory that was made, parents first
 * @param occupied whether somebody else has put the first process there
 * @throws {CgroupError} for a cgroup that is in use
 * @throws {SyscallError} also for one that is not this user's to change
 */
export function makeCgroup(
  directory: string,
  root: string,
  made: string[],
  occupied = false,
): void {
  if (makeDirectory(directory, root, made) || occupied) return;
  // Another user's, with a container of the same name.
  if (!mayWrite(directory) && typeof lstat(directory) === "object") {
    throw new SyscallError("mkdir", E.EACCES, directory);
  }
  const pids = processIds(directory);
  if (pids.length > 0) {
    throw new CgroupError(
      "state",
      `container's cgroup is not empty: ${pids.length} process(es) found in ` +
        `"${directory}"`,
    );
  }
  if (!isFrozen(directory)) return;
  throw new CgroupError(
    "state",
    `container's cgroup unexpectedly frozen: "${directory}"`,
  );
}

/** Removes what a failed create made, as far as that goes. */
export function undo(made: readonly string[]): void {
  for (const directory of deepestFirst(made)) {
    try {
      removeDirectory(directory);
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
