/**
 * Directories of a cgroup file system: making, reading, removing.
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import { SyscallError } from "../ffi/error.ts";
import { AT_FDCWD, close, type Fd, O, tryOpenat2 } from "../ffi/fd.ts";
import {
  lstat,
  mkdir,
  readDirectory,
  readText,
  rmdir,
  writeText,
} from "../ffi/files.ts";
import { osCode } from "./error.ts";
import { parentOf } from "./place.ts";

/** How often a parent that another runtime removes meanwhile is made again. */
const MAX_ATTEMPTS = 20;

/**
 * Makes a cgroup's directory, and its parents below `root` where they are
 * missing.
 *
 * @param made gets every directory that was made, parents first
 * @returns whether `directory` itself was made; false when it exists already
 * @throws {SyscallError}
 */
export function makeDirectory(
  directory: string,
  root: string,
  made: string[],
): boolean {
  for (let attempt = 1;; attempt++) {
    const errno = mkdir(directory, 0o755);
    if (errno === 0) {
      if (!made.includes(directory)) made.push(directory);
      return true;
    }
    if (errno === E.EEXIST) return false;
    const parent = parentOf(directory);
    if (
      errno !== E.ENOENT || parent.length <= root.length ||
      attempt === MAX_ATTEMPTS
    ) throw new SyscallError("mkdir", errno, directory);
    makeDirectory(parent, root, made);
  }
}

/** Writes a file that exists; cgroup files take one value a write. */
export function writeFile(path: string, value: string): void {
  writeText(path, value, O.TRUNC);
}

/**
 * The IDs of all processes in a cgroup and the cgroups below it. A cgroup that
 * is gone has none.
 */
export function processIds(directory: string): number[] {
  const found = new Set<number>();
  for (const path of cgroupTree(directory)) {
    for (const line of readProcesses(path).split("\n")) {
      const pid = Number(line);
      // 0 stands for a process of another pid namespace.
      if (pid > 0) found.add(pid);
    }
  }
  return [...found];
}

/**
 * Removes a cgroup and the cgroups below it, deepest first, once each.
 * Symbolic links and files are left alone.
 *
 * @returns whether it is gone; false when something in it is still in use
 * @throws {SyscallError} unless it says "in use"
 */
export function removeTree(directory: string): boolean {
  if (removeDirectory(directory)) return true;
  let all = true;
  for (const path of cgroupTree(directory)) all = removeDirectory(path) && all;
  return all;
}

/** A path of this length, in bytes, gets a descriptor to go on from. */
const LONG = 2000;

/** What is left to do of a walk; the last one comes first. */
type Step = { readonly enter: string } | { readonly leave: string } | {
  readonly close: Fd;
};

/**
 * A cgroup and all cgroups below it, each after those below itself. A path is
 * good until the next one is asked for.
 *
 * Who may make cgroups may nest them deeper than a path can say (PATH_MAX) and
 * than functions can call each other.
 *
 * @throws {SyscallError} for one that cannot be read; one that is gone is none
 */
export function* cgroupTree(directory: string): Generator<string> {
  const steps: Step[] = [{ enter: directory }];
  const open = new Set<Fd>();
  try {
    for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
      if ("leave" in step) yield step.leave;
      else if ("close" in step) {
        close(step.close);
        open.delete(step.close);
      } else {
        const path = step.enter;
        const below = subCgroups(path);
        steps.push({ leave: path });
        let base = path;
        if (below.length > 0 && path.length > LONG) {
          const flags = O.PATH | O.DIRECTORY | O.NOFOLLOW;
          const fd = tryOpenat2(AT_FDCWD, path, { flags }) as Fd;
          if (fd < 0) {
            if (-fd === E.ENOENT) continue;
            throw new SyscallError("open", -fd, path);
          }
          open.add(fd);
          steps.push({ close: fd });
          base = `/proc/self/fd/${fd}`;
        }
        for (const name of below) steps.push({ enter: `${base}/${name}` });
      }
    }
  } finally {
    open.forEach(close);
  }
}

/** Removes a directory; false when it is in use or not empty. */
export function removeDirectory(directory: string): boolean {
  // Only a directory can be named with a slash at the end, a link cannot.
  const errno = rmdir(`${directory}/`);
  if (errno === 0 || errno === E.ENOENT) return true;
  if (errno === E.EBUSY || errno === E.ENOTEMPTY) return false;
  throw new SyscallError("rmdir", errno, directory);
}

/** Stops this thread. */
export function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** The names of the cgroups right below one; none when it is gone. */
function subCgroups(directory: string): string[] {
  // Directories count their sub-directories as links: two means none, and
  // saves reading a directory of some 30 files.
  const status = lstat(directory);
  if (typeof status === "object" && status.links === 2) return [];
  const entries = typeof status === "object"
    ? readDirectory(directory)
    : status;
  if (typeof entries === "object") {
    return entries.filter((entry) => entry.isDirectory)
      .map((entry) => entry.name);
  }
  if (entries === E.ENOENT || entries === E.ENODEV) return [];
  throw new SyscallError("open", entries, directory);
}

function readProcesses(directory: string): string {
  try {
    return readText(`${directory}/cgroup.procs`);
  } catch (error) {
    if (isGone(error)) return "";
    const code = osCode(error);
    if (code !== "EOPNOTSUPP" && code !== "ENOTSUP") throw error;
    // A threaded cgroup lists only threads, see cgroups(7).
    return readText(`${directory}/cgroup.threads`);
  }
}

/** A cgroup may be removed between two looks at it. */
function isGone(error: unknown): boolean {
  const code = osCode(error);
  return code === "ENOENT" || code === "ENODEV";
}
