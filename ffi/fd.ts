/**
 * File descriptors: opening, reading, writing, closing.
 *
 * Every descriptor made here is close-on-exec. Sources: open(2), openat2(2),
 * fcntl(2), pipe(2), flock(2).
 *
 * @module
 */

import { E } from "./errno.ts";
import { SyscallError } from "./error.ts";
import { checked, syscall } from "./syscall.ts";

declare const brand: unique symbol;

/** A file descriptor's number. */
export type Fd = number & { readonly [brand]: true };

/** The working directory, where a call wants a directory's descriptor. */
export const AT_FDCWD = -100;
/** Do not follow a symbolic link at the end of the path. */
export const AT_SYMLINK_NOFOLLOW = 0x100;
/** An empty path means the descriptor itself. */
export const AT_EMPTY_PATH = 0x1000;
/** Apply to the whole mount tree. */
export const AT_RECURSIVE = 0x8000;

/** open(2) flags whose values are the same on every processor. */
export const O = {
  RDONLY: 0,
  WRONLY: 1,
  RDWR: 2,
  CREAT: 0o100,
  EXCL: 0o200,
  NOCTTY: 0o400,
  TRUNC: 0o1000,
  APPEND: 0o2000,
  NONBLOCK: 0o4000,
  CLOEXEC: 0o2000000,
  PATH: 0o10000000,
  // asm-generic's values, and arm64's own (asm/fcntl.h).
  DIRECTORY: Deno.build.arch === "aarch64" ? 0o40000 : 0o200000,
  NOFOLLOW: Deno.build.arch === "aarch64" ? 0o100000 : 0o400000,
} as const;

/** openat2(2): how a path may be walked. */
export const RESOLVE = {
  NO_XDEV: 1,
  NO_MAGICLINKS: 2,
  NO_SYMLINKS: 4,
  BENEATH: 8,
  IN_ROOT: 16,
} as const;

const F_DUPFD_CLOEXEC = 1030;
const F_GETFD = 1, F_GETFL = 3, F_SETFL = 4;

/**
 * Opens a path, following symbolic links unless `flags` says otherwise.
 * @throws {SyscallError}
 */
export function open(path: string, flags: number, mode = 0): Fd {
  return checked("openat", path, AT_FDCWD, path, flags | O.CLOEXEC, mode) as Fd;
}

/**
 * As `open`; undefined where nothing has that path.
 * @throws {SyscallError}
 */
export function openIfThere(
  path: string,
  flags: number,
  mode = 0,
): Fd | undefined {
  const fd = syscall("openat", AT_FDCWD, path, flags | O.CLOEXEC, mode);
  if (fd === -E.ENOENT) return undefined;
  if (fd < 0) throw new SyscallError("openat", -fd, path);
  return fd as Fd;
}

/** How openat2(2) opens: flags and mode as open(2), `resolve` from RESOLVE. */
export interface HowToOpen {
  readonly flags: number;
  readonly mode?: number;
  readonly resolve?: number;
}

/** The `struct open_how` of openat2(2). */
export function openHow(how: HowToOpen): BigUint64Array<ArrayBuffer> {
  return new BigUint64Array([
    BigInt(how.flags),
    BigInt(how.mode ?? 0),
    BigInt(how.resolve ?? 0),
  ]);
}

/** How often a walk that a rename has disturbed is tried again. */
const MAX_ATTEMPTS = 1000;

/**
 * Opens `path` below the directory `at`.
 * @throws {SyscallError}
 */
export function openat2(at: number, path: string, how: HowToOpen): Fd {
  const fd = tryOpenat2(at, path, how);
  if (fd < 0) throw new SyscallError("openat2", -fd, path);
  return fd as Fd;
}

/** As `openat2`, for what may well not be there: the negative errno then. */
export function tryOpenat2(at: number, path: string, how: HowToOpen): number {
  const open = openHow({ ...how, flags: how.flags | O.CLOEXEC });
  for (let attempt = 1;; attempt++) {
    const fd = syscall("openat2", at, path, open, open.byteLength);
    // A rename anywhere on the system makes a scoped walk start again; a
    // lease, which says the same, may stay.
    if (fd === -E.EAGAIN && attempt < MAX_ATTEMPTS) continue;
    return fd;
  }
}

const LOCK_EX = 2, LOCK_NB = 4;

/**
 * Locks an open file for itself alone until the descriptor is closed, flock(2).
 * False when somebody else has it.
 *
 * @throws {SyscallError}
 */
export function tryLock(fd: Fd): boolean {
  const errno = -syscall("flock", fd, LOCK_EX | LOCK_NB);
  if (errno === 0) return true;
  if (errno === E.EAGAIN) return false;
  throw new SyscallError("flock", errno, `descriptor ${fd}`);
}

/** Closes a descriptor; closing one that is not open does nothing. */
export function close(fd: number): void {
  syscall("close", fd);
}

/**
 * A pipe: what is written to the second descriptor is read from the first.
 * @throws {SyscallError}
 */
export function pipe(): [Fd, Fd] {
  const ends = new Int32Array(2);
  checked("pipe2", "pipe", ends, O.CLOEXEC);
  return [ends[0] as Fd, ends[1] as Fd];
}

/** A descriptor that a `using` declaration closes. */
export class Handle implements Disposable {
  #fd: Fd | undefined;

  /** @param fd the descriptor to own */
  constructor(fd: Fd) {
    this.#fd = fd;
  }

  /** The descriptor; using it after `close` is a bug and throws. */
  get fd(): Fd {
    if (this.#fd === undefined) throw new TypeError("descriptor is closed");
    return this.#fd;
  }

  /** Closes the descriptor, once. */
  close(): void {
    if (this.#fd !== undefined) close(this.#fd);
    this.#fd = undefined;
  }

  /** Closes the descriptor at the end of its scope. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Reads up to `buffer.length` bytes; 0 at the end of the file.
 * @throws {SyscallError}
 */
export function read(fd: number, buffer: Uint8Array<ArrayBuffer>): number {
  for (;;) {
    const n = syscall("read", fd, buffer, buffer.length);
    if (n === -E.EINTR) continue;
    if (n < 0) throw new SyscallError("read", -n, `descriptor ${fd}`);
    return n;
  }
}

/**
 * Writes all of `bytes`.
 * @throws {SyscallError}
 */
export function write(fd: number, bytes: Uint8Array<ArrayBuffer>): void {
  for (let at = 0; at < bytes.length;) {
    const rest = bytes.subarray(at);
    const n = syscall("write", fd, rest, rest.length);
    if (n === -E.EINTR) continue;
    if (n < 0) throw new SyscallError("write", -n, `descriptor ${fd}`);
    at += n;
  }
}

/**
 * Writes `bytes` to a file from `offset` on; its position stays, pwrite(2).
 * @throws {SyscallError}
 */
export function writeAt(
  fd: number,
  bytes: Uint8Array<ArrayBuffer>,
  offset: number,
): void {
  for (let at = 0; at < bytes.length;) {
    const rest = bytes.subarray(at);
    const n = syscall("pwrite64", fd, rest, rest.length, offset + at);
    if (n === -E.EINTR) continue;
    if (n < 0) throw new SyscallError("pwrite64", -n, `descriptor ${fd}`);
    at += n;
  }
}

/**
 * A copy of `fd` with a number of at least `lowest`.
 * @throws {SyscallError}
 */
export function duplicate(fd: number, lowest = 0): Fd {
  const subject = `descriptor ${fd}`;
  return checked("fcntl", subject, fd, F_DUPFD_CLOEXEC, lowest) as Fd;
}

/**
 * Makes reads and writes of `fd` answer EAGAIN in place of blocking.
 * @throws {SyscallError}
 */
export function setNonblocking(fd: number): void {
  const flags = checked("fcntl", `descriptor ${fd}`, fd, F_GETFL, 0);
  checked("fcntl", `descriptor ${fd}`, fd, F_SETFL, flags | O.NONBLOCK);
}

/** Whether execve(2) closes `fd`; undefined when it is not open. */
export function closesOnExec(fd: number): boolean | undefined {
  const flags = syscall("fcntl", fd, F_GETFD, 0);
  return flags < 0 ? undefined : flags !== 0;
}
