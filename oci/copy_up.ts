/**
 * `tmpcopyup`: a new tmpfs begins with what the directory below it holds.
 *
 * Loaded for configurations that ask for it. Everything is reached by
 * descriptors, name by name and never through a link: whoever made the files
 * may not choose what is copied.
 *
 * @module
 */

import type { Fd, O, RESOLVE } from "../ffi/fd.ts";
import type { checked } from "../ffi/syscall.ts";

const AT_EMPTY_PATH = 0x1000, AT_SYMLINK_NOFOLLOW = 0x100;

/** What this module takes of ffi, which is loaded already. */
export interface CopyTools {
  readonly checked: typeof checked;
  readonly close: (fd: number) => void;
  readonly read: (fd: number, buffer: Uint8Array<ArrayBuffer>) => number;
  readonly write: (fd: number, bytes: Uint8Array<ArrayBuffer>) => void;
  readonly O: typeof O;
  readonly RESOLVE: typeof RESOLVE;
}

/** A path component as the kernel has it, with a NUL at its end. */
type Name = Uint8Array<ArrayBuffer>;

/** What the tmpfs's own directory takes from the directory below. */
export interface RootOwner {
  readonly mode: boolean;
  readonly uid: boolean;
  readonly gid: boolean;
}

interface Status {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** The number of a device, as mknod(2) takes it. */
  readonly device: number;
  /** Access and modification time, as utimensat(2) takes them. */
  readonly times: BigInt64Array<ArrayBuffer>;
}

const S_IFMT = 0o170000, S_IFDIR = 0o040000, S_IFREG = 0o100000;
const S_IFLNK = 0o120000, PERMISSIONS = 0o7777;
/** STATX_BASIC_STATS. */
const STATX_BASIC = 0x7ff;

/**
 * Copies what is in the directory `from` to the directory `to`.
 * @throws {SyscallError}
 */
export function copyUp(
  tools: CopyTools,
  from: Fd,
  to: Fd,
  root: RootOwner,
): void {
  const { mode, uid, gid, times } = status(tools, from);
  const source = reopen(tools, from);
  const target = reopen(tools, to);
  try {
    copyEntries(tools, source, target, "");
    if (root.uid || root.gid) {
      const keep = 0xffffffff;
      const owner = root.uid ? uid : keep, group = root.gid ? gid : keep;
      tools.checked("fchown", "/", target, owner, group);
    }
    if (root.mode) tools.checked("fchmod", "/", target, mode & PERMISSIONS);
    setTimes(tools, target, encode("."), times, "/");
  } finally {
    tools.close(source);
    tools.close(target);
  }
}

/** What came is open for its path alone. */
function reopen(tools: CopyTools, fd: Fd): Fd {
  const flags = tools.O.RDONLY | tools.O.DIRECTORY;
  return openName(tools, fd, encode("."), flags, ".");
}

function copyEntries(tools: CopyTools, from: Fd, to: Fd, at: string): void {
  for (const name of entries(tools, from)) {
    const path = `${at}/${new TextDecoder().decode(name.subarray(0, -1))}`;
    copyEntry(tools, from, to, name, path);
  }
}

function copyEntry(
  tools: CopyTools,
  from: Fd,
  to: Fd,
  name: Name,
  path: string,
): void {
  const file = openName(
    tools,
    from,
    name,
    tools.O.PATH | tools.O.NOFOLLOW,
    path,
  );
  let found: Status;
  try {
    found = status(tools, file);
    const kind = found.mode & S_IFMT;
    if (kind === S_IFDIR) {
      copyDirectory(tools, from, to, name, path);
    } else if (kind === S_IFREG) copyFile(tools, from, to, name, path);
    else if (kind === S_IFLNK) {
      tools.checked("symlinkat", path, linkText(tools, file, path), to, name);
    } else tools.checked("mknodat", path, to, name, found.mode, found.device);
  } finally {
    tools.close(file);
  }
  const { uid, gid, mode, times } = found;
  tools.checked("fchownat", path, to, name, uid, gid, AT_SYMLINK_NOFOLLOW);
  // Not before: a change of the owner takes set-user-ID bits away.
  if ((mode & S_IFMT) !== S_IFLNK) {
    tools.checked("fchmodat", path, to, name, mode & PERMISSIONS);
  }
  setTimes(tools, to, name, times, path);
}

function copyDirectory(
  tools: CopyTools,
  from: Fd,
  to: Fd,
  name: Name,
  path: string,
): void {
  const flags = tools.O.RDONLY | tools.O.DIRECTORY | tools.O.NOFOLLOW;
  tools.checked("mkdirat", path, to, name, 0o700);
  const source = openName(tools, from, name, flags, path);
  try {
    const target = openName(tools, to, name, flags, path);
    try {
      copyEntries(tools, source, target, path);
    } finally {
      tools.close(target);
    }
  } finally {
    tools.close(source);
  }
}

function copyFile(
  tools: CopyTools,
  from: Fd,
  to: Fd,
  name: Name,
  path: string,
): void {
  const source = openName(
    tools,
    from,
    name,
    tools.O.RDONLY | tools.O.NOFOLLOW | tools.O.NONBLOCK,
    path,
  );
  try {
    const flags = tools.O.WRONLY | tools.O.CREAT | tools.O.EXCL |
      tools.O.NOFOLLOW;
    const target = openName(tools, to, name, flags, path, 0o600);
    try {
      const buffer = new Uint8Array(65536);
      for (let n; (n = tools.read(source, buffer)) > 0;) {
        tools.write(target, buffer.subarray(0, n));
      }
    } finally {
      tools.close(target);
    }
  } finally {
    tools.close(source);
  }
}

function openName(
  tools: CopyTools,
  at: Fd,
  name: Name,
  flags: number,
  path: string,
  mode = 0,
): Fd {
  const resolve = tools.RESOLVE.NO_SYMLINKS | tools.RESOLVE.BENEATH;
  // struct open_how
  const how = new BigUint64Array(
    [flags | tools.O.CLOEXEC, mode, resolve].map(BigInt),
  );
  return tools.checked("openat2", path, at, name, how, how.byteLength) as Fd;
}

function status(tools: CopyTools, fd: Fd): Status {
  const buffer = new Uint8Array(256);
  tools.checked("statx", "", fd, "", AT_EMPTY_PATH, STATX_BASIC, buffer);
  const view = new DataView(buffer.buffer);
  const u32 = (at: number) => view.getUint32(at, true);
  const major = u32(128), minor = u32(132);
  const time = (
    at: number,
  ) => [view.getBigInt64(at, true), BigInt(u32(at + 8))];
  return {
    uid: u32(20),
    gid: u32(24),
    mode: view.getUint16(28, true),
    device: (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12),
    times: new BigInt64Array([...time(64), ...time(112)]),
  };
}

function setTimes(
  tools: CopyTools,
  at: Fd,
  name: Name,
  times: BigInt64Array<ArrayBuffer>,
  path: string,
): void {
  tools.checked("utimensat", path, at, name, times, AT_SYMLINK_NOFOLLOW);
}

function linkText(tools: CopyTools, fd: Fd, path: string): Name {
  const bytes = new Uint8Array(4097);
  const n = tools.checked("readlinkat", path, fd, "", bytes, 4096);
  return bytes.slice(0, n + 1);
}

/** The names in an open directory, getdents(2), but `.` and `..`. */
function entries(tools: CopyTools, fd: Fd): Name[] {
  const names: Name[] = [];
  const bytes = new Uint8Array(32768);
  const view = new DataView(bytes.buffer);
  for (;;) {
    const n = tools.checked("getdents64", "", fd, bytes, bytes.length);
    if (n === 0) return names;
    for (let at = 0; at < n; at += view.getUint16(at + 16, true)) {
      const from = at + 19;
      const name = bytes.slice(from, bytes.indexOf(0, from) + 1);
      if (!isDots(name)) names.push(name);
    }
  }
}

function isDots(name: Name): boolean {
  const dot = ".".charCodeAt(0);
  return name[0] === dot &&
    (name.length === 2 || (name.length === 3 && name[1] === dot));
}

function encode(text: string): Name {
  return new TextEncoder().encode(`${text}\0`);
}
