/**
 * Files by path, with libc's calls.
 *
 * Deno's own file functions do the same; each of them takes a third of a
 * millisecond when it is first called, and a command calls many once. Those
 * whose failure a caller may expect return the errno, 0 for success.
 *
 * @module
 */

import { E } from "./errno.ts";
import { SyscallError } from "./error.ts";
import {
  AT_FDCWD,
  close,
  type Fd,
  O,
  open,
  openIfThere,
  read,
  write,
} from "./fd.ts";
import { checked, syscall } from "./syscall.ts";
import { encodeText } from "./text.ts";

const AT_REMOVEDIR = 0x200, AT_SYMLINK_NOFOLLOW = 0x100;
const DECODER = /* @__PURE__ */ new TextDecoder();

/** Makes a directory, mkdir(2). The umask applies. Returns the errno. */
export function mkdir(path: string, mode: number): number {
  return -syscall("mkdirat", AT_FDCWD, path, mode);
}

/**
 * Makes a directory of exactly this mode. Returns the errno.
 * @throws {SyscallError} it cannot get its mode, and is not there
 */
export function mkdirExactly(path: string, mode: number): number {
  const errno = mkdir(path, mode);
  if (errno !== 0) return errno;
  const failure = -syscall("fchmodat", AT_FDCWD, path, mode);
  if (failure === 0) return 0;
  rmdir(path);
  throw new SyscallError("fchmodat", failure, path);
}

/**
 * Makes a directory and those above it that are missing.
 * @throws {SyscallError}
 */
export function mkdirAll(path: string, mode: number): void {
  const errno = mkdir(path, mode);
  if (errno === 0 || errno === E.EEXIST) return;
  const parent = path.slice(0, path.lastIndexOf("/"));
  if (errno !== E.ENOENT || parent === "") {
    throw new SyscallError("mkdir", errno, path);
  }
  mkdirAll(parent, mode);
  const again = mkdir(path, mode);
  if (again !== 0 && again !== E.EEXIST) {
    throw new SyscallError("mkdir", again, path);
  }
}

/** Removes a file or a link, unlink(2). Returns the errno. */
export function unlink(path: string): number {
  return -syscall("unlinkat", AT_FDCWD, path, 0);
}

/** Removes an empty directory, rmdir(2). Returns the errno. */
export function rmdir(path: string): number {
  return -syscall("unlinkat", AT_FDCWD, path, AT_REMOVEDIR);
}

/** Renames, rename(2). Returns the errno. */
export function rename(from: string, to: string): number {
  return -syscall("renameat2", AT_FDCWD, from, AT_FDCWD, to, 0);
}

/**
 * The bytes of a file.
 * @param max how many to read at the most; a longer file is cut
 * @throws {SyscallError}
 */
export function readBytes(
  path: string,
  max = Infinity,
): Uint8Array<ArrayBuffer> {
  return readAndClose(open(path, O.RDONLY), path, max);
}

function readAndClose(fd: Fd, path: string, max: number) {
  try {
    return readToEnd(fd, max);
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    throw new SyscallError(error.call, error.errno, path); // not its number
  } finally {
    close(fd);
  }
}

/**
 * What can be read from a descriptor, up to `max` bytes.
 * @throws {SyscallError}
 */
export function readToEnd(
  fd: number,
  max = Infinity,
): Uint8Array<ArrayBuffer> {
  let bytes = new Uint8Array(Math.min(4096, max));
  let length = 0;
  for (;;) {
    const n = read(fd, bytes.subarray(length));
    if (n === 0) return bytes.subarray(0, length);
    length += n;
    if (length < bytes.length) continue;
    if (length >= max) return bytes;
    const larger = new Uint8Array(Math.min(4 * length, max));
    larger.set(bytes);
    bytes = larger;
  }
}

/**
 * The text of a file.
 * @throws {SyscallError}
 */
export function readText(path: string): string {
  return DECODER.decode(readBytes(path));
}

/**
 * The text of a file; undefined where there is none.
 * @throws {SyscallError}
 */
export function readTextIfThere(path: string): string | undefined {
  const fd = openIfThere(path, O.RDONLY);
  if (fd === undefined) return undefined;
  return DECODER.decode(readAndClose(fd, path, Infinity));
}

/**
 * Writes a file.
 * @param flags O_ flags besides O_WRONLY; 0 for a file that has to be there
 * @throws {SyscallError}
 */
export function writeText(
  path: string,
  text: string,
  flags = 0,
  mode = 0,
): void {
  const fd = open(path, O.WRONLY | flags, mode);
  try {
    write(fd, encodeText(text));
  } finally {
    close(fd);
  }
}

/** Bytes of a `struct statx`. */
export const STATX_SIZE = 256;

/** What statx(2) tells of a file. */
export interface FileStatus {
  /** Type and permission bits. */
  readonly mode: number;
  /** How many names it has; for a directory, 2 and its sub-directories. */
  readonly links: number;
  /** Bytes. */
  readonly size: number;
}

/** The type bits of a mode, and their values, inode(7). */
export const S = {
  IFMT: 0o170000,
  IFCHR: 0o020000,
  IFDIR: 0o040000,
  IFREG: 0o100000,
  IFIFO: 0o010000,
  IFSOCK: 0o140000,
} as const;

/** STATX_TYPE, MODE, NLINK and SIZE. */
const STATX_MASK = 0x207;

/** The status of an open file, or of a path below a directory. */
function statx(fd: number, path: string, flags: number): FileStatus | number {
  const stat = new DataView(new ArrayBuffer(STATX_SIZE));
  const result = syscall("statx", fd, path, flags, STATX_MASK, stat);
  if (result < 0) return -result;
  return {
    mode: stat.getUint16(28, true),
    links: stat.getUint32(16, true),
    size: Number(stat.getBigUint64(40, true)),
  };
}

/** The status of a file, links followed; or the errno. */
export function stat(path: string): FileStatus | number {
  return statx(AT_FDCWD, path, 0);
}

/** The status of a file or of a link itself; or the errno. */
export function lstat(path: string): FileStatus | number {
  return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW);
}

/**
 * The status of an open file.
 * @throws {SyscallError}
 */
export function fstat(fd: number): FileStatus {
  const status = statx(fd, "", 0x1000);
  if (typeof status === "object") return status;
  throw new SyscallError("statx", status, `descriptor ${fd}`);
}

/**
 * The inode number of an open file.
 * @throws {SyscallError}
 */
export function inode(fd: number): bigint {
  const [mask, at] = [0x100, 32]; // STATX_INO, and where it is
  const status = new DataView(new ArrayBuffer(STATX_SIZE));
  checked("statx", `descriptor ${fd}`, fd, "", 0x1000, mask, status);
  return status.getBigUint64(at, true);
}

/**
 * What tells a file from all others: its device and inode number. The errno
 * where nothing has that path; an empty path stands for `fd` itself.
 */
export function identity(fd: number, path = ""): string | number {
  const stat = new DataView(new ArrayBuffer(STATX_SIZE));
  const result = syscall("statx", fd, path, 0x1000, 0x100, stat);
  if (result < 0) return -result;
  const number = (at: number) => stat.getUint32(at, true);
  return `${number(136)}:${number(140)}:${stat.getBigUint64(32, true)}`;
}

/** Sets an extended attribute of an open file, xattr(7). Returns the errno. */
export function setAttribute(fd: number, name: string, value: string): number {
  const bytes = encodeText(value);
  return -syscall("fsetxattr", fd, name, bytes, bytes.length, 0);
}

/** More than an attribute of Davit's has, in bytes. */
const ATTRIBUTE_MAX = 4096;

/** An extended attribute of an open file; undefined where it has none. */
export function getAttribute(fd: number, name: string): string | undefined {
  const bytes = new Uint8Array(ATTRIBUTE_MAX);
  const length = syscall("fgetxattr", fd, name, bytes, bytes.length);
  return length < 0 ? undefined : DECODER.decode(bytes.subarray(0, length));
}

/**
 * Makes `uid` the owner of an open file; its group stays.
 * @throws {SyscallError}
 */
export function fchown(fd: number, uid: number): void {
  checked("fchown", `descriptor ${fd}`, fd, uid, 0xffffffff);
}

/**
 * Makes `uid` the owner of a file, not of what a link leads to; its group
 * stays. Returns the errno.
 */
export function lchown(path: string, uid: number): number {
  const group = 0xffffffff;
  return -syscall("fchownat", AT_FDCWD, path, uid, group, AT_SYMLINK_NOFOLLOW);
}

const W_OK = 2, AT_EACCESS = 0x200;

/** Whether this process may write to a file, or make files in a directory. */
export function mayWrite(path: string): boolean {
  return syscall("faccessat2", AT_FDCWD, path, W_OK, AT_EACCESS) === 0;
}

/** Whether `status` is that of a directory. */
export function isDirectory(status: FileStatus | number): boolean {
  return typeof status === "object" && (status.mode & S.IFMT) === S.IFDIR;
}

/**
 * The path without symbolic links, realpath(3).
 * @throws {SyscallError}
 */
export function realPath(path: string): string {
  const fd = open(path, O.PATH);
  try {
    return readLink(`/proc/self/fd/${fd}`);
  } finally {
    close(fd);
  }
}

/**
 * What a symbolic link holds.
 * @throws {SyscallError}
 */
export function readLink(path: string): string {
  const bytes = new Uint8Array(4096);
  const n = checked("readlinkat", path, AT_FDCWD, path, bytes, bytes.length);
  return DECODER.decode(bytes.subarray(0, n));
}

/** An entry of a directory. */
export interface Entry {
  readonly name: string;
  readonly isDirectory: boolean;
}

const DT_UNKNOWN = 0, DT_DIR = 4;

/**
 * The entries of a directory, getdents(2), without `.` and `..`; or the errno
 * of opening it.
 * @throws {SyscallError} reading failed
 */
export function readDirectory(path: string): Entry[] | number {
  const flags = O.RDONLY | O.DIRECTORY | O.CLOEXEC;
  const fd = syscall("openat", AT_FDCWD, path, flags, 0);
  if (fd < 0) return -fd;
  const entries: Entry[] = [];
  const bytes = new Uint8Array(4096);
  const view = new DataView(bytes.buffer);
  try {
    for (;;) {
      const n = syscall("getdents64", fd, bytes, bytes.length);
      // Removed since it was opened: as if it had been before.
      if (n === -E.ENOENT) return E.ENOENT;
      if (n < 0) throw new SyscallError("getdents64", -n, path);
      if (n === 0) return entries;
      for (let at = 0; at < n; at += view.getUint16(at + 16, true)) {
        const from = at + 19;
        const name = DECODER.decode(
          bytes.subarray(from, bytes.indexOf(0, from)),
        );
        if (name === "." || name === "..") continue;
        const type = bytes[at + 18];
        entries.push({
          name,
          isDirectory: type === DT_UNKNOWN
            ? isDirectory(lstat(`${path}/${name}`))
            : type === DT_DIR,
        });
      }
    }
  } finally {
    close(fd);
  }
}

/**
 * Removes a file or a directory with all that is in it; links are removed, not
 * followed. What is not there is no error.
 * @throws {SyscallError}
 */
export function removeAll(path: string): void {
  const errno = unlink(path);
  if (errno === 0 || errno === E.ENOENT || errno === E.ENOTDIR) return;
  if (errno !== E.EISDIR) throw new SyscallError("unlink", errno, path);
  let last = rmdir(path);
  if (last === E.ENOTEMPTY) {
    const entries = readDirectory(path);
    if (typeof entries === "object") {
      for (const { name } of entries) removeAll(`${path}/${name}`);
    }
    last = rmdir(path);
  }
  if (last !== 0 && last !== E.ENOENT) {
    throw new SyscallError("rmdir", last, path);
  }
}
