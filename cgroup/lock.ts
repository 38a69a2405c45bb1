/**
 * Whose a cgroup is, among those who want it for a container at one time.
 *
 * Containers of different state roots may have one cgroup, one after the other.
 * Who makes or removes it, or looks whether it is empty and then puts processes
 * into it, holds its lock meanwhile: flock(2), which ends with its holder. Who
 * got it for a container leaves a mark, by which a later delete tells whether
 * what is in it is still that container's.
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import { SyscallError } from "../ffi/error.ts";
import { AT_FDCWD, close, type Fd, O, tryLock } from "../ffi/fd.ts";
import { getAttribute, identity, setAttribute } from "../ffi/files.ts";
import { syscall } from "../ffi/syscall.ts";
import { CgroupError } from "./error.ts";
import { sleep } from "./tree.ts";

/** The extended attribute with the mark. */
const MARK = "user.davit";

/** How long to wait for the lock, in milliseconds. */
const PATIENCE = 1000;

/**
 * Files that only a cgroup's owner may open: nobody else is to keep it locked.
 * Of v2 and v1; without them the directory itself serves.
 */
const V2_FILE = "cgroup.kill", V1_FILE = "devices.deny";

/** Errors of open(2) for a file that is not there, or not for this user. */
const ABSENT: readonly number[] = [E.ENOENT, E.EACCES, E.EPERM, E.ENODEV];

/** Somebody else has the cgroup. */
export class CgroupInUse extends CgroupError {
  /** Makes the error for a cgroup's directory. */
  constructor(directory: string, why: string) {
    super("state", `container's cgroup is not empty: "${directory}": ${why}`);
  }
}

/** A cgroup that is locked, until this is disposed of or the process ends. */
export class CgroupLock implements Disposable {
  readonly #fd: Fd;

  /** @param fd the descriptor that has the lock */
  constructor(fd: Fd) {
    this.#fd = fd;
  }

  /** Which container got the cgroup last; undefined: that is not known. */
  get mark(): string | undefined {
    return getAttribute(this.#fd, MARK);
  }

  /** Says which container has the cgroup; false where there is no room. */
  setMark(mark: string): boolean {
    return setAttribute(this.#fd, MARK, mark) === 0;
  }

  /** Lets go of it. */
  [Symbol.dispose](): void {
    close(this.#fd);
  }
}

/** A file that is locked for a cgroup, and the flags that it is opened with. */
export interface LockFile {
  readonly path: string;
  readonly flags: number;
}

/** What may be locked for a cgroup; the first one that can be opened is. */
export function lockFiles(directory: string): LockFile[] {
  return [
    ...[V2_FILE, V1_FILE].map((file) => ({
      path: `${directory}/${file}`,
      flags: O.WRONLY | O.CLOEXEC,
    })),
    { path: directory, flags: O.RDONLY | O.DIRECTORY | O.CLOEXEC },
  ];
}

/**
 * Which of them it is in a hierarchy.
 * @param controllers those of cgroup v1; none for v2
 */
export function lockFile(
  directory: string,
  controllers: readonly string[],
): LockFile {
  const [v2, v1, itself] = lockFiles(directory);
  if (controllers.length === 0) return v2!;
  return controllers.includes("devices") ? v1! : itself!;
}

/**
 * Which of a container's cgroups is locked for all of them: the last one, which
 * is v2's where there is v2. It is the first to be made and the last to go.
 */
export function lockedOf(directories: readonly string[]): string | undefined {
  return directories.at(-1);
}

/**
 * Locks a cgroup, and waits a while for that if need be. Undefined: there is
 * no such cgroup.
 *
 * @throws {CgroupInUse} somebody else keeps it
 * @throws {SyscallError}
 */
export function lockCgroup(directory: string): CgroupLock | undefined {
  let deadline: number | undefined;
  for (let pause = 0.25;; pause = Math.min(pause * 2, 20)) {
    const lock = tryLockCgroup(directory);
    if (lock !== "taken") return lock;
    deadline ??= performance.now() + PATIENCE;
    if (performance.now() > deadline) {
      const why = "another container is just being made or removed in it";
      throw new CgroupInUse(directory, why);
    }
    sleep(pause);
  }
}

/** The same without waiting. */
export function tryLockCgroup(
  directory: string,
): CgroupLock | "taken" | undefined {
  for (const file of lockFiles(directory)) {
    const lock = tryFile(file);
    if (lock !== undefined) return lock;
  }
  return undefined;
}

function tryFile(file: LockFile): CgroupLock | "taken" | undefined {
  const { path, flags } = file;
  const fd = syscall("openat", AT_FDCWD, path, flags, 0) as Fd;
  if (fd < 0) {
    if (ABSENT.includes(-fd)) return undefined;
    throw new SyscallError("openat", -fd, path);
  }
  try {
    if (!tryLock(fd)) return close(fd), "taken";
    // It may have been removed before it was locked, and made again.
    if (identity(fd) === identity(AT_FDCWD, path)) return new CgroupLock(fd);
  } catch (error) {
    close(fd);
    throw error;
  }
  close(fd);
  return "taken";
}
