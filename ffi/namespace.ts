/**
 * Namespaces: their flags, and moving this thread between them, setns(2).
 *
 * @module
 */

import { AT_EMPTY_PATH, close, O, open } from "./fd.ts";
import { MAGIC, STATFS_SIZE } from "./statfs.ts";
import { checked } from "./syscall.ts";

/** clone(2)'s flags of the eight kinds of namespace. */
export const CLONE_NEW = {
  TIME: 0x80,
  MOUNT: 0x20000,
  CGROUP: 0x2000000,
  UTS: 0x4000000,
  IPC: 0x8000000,
  USER: 0x10000000,
  PID: 0x20000000,
  NET: 0x40000000,
} as const;

/**
 * Moves this thread into the namespace at `path`.
 * @param type one of CLONE_NEW, which the namespace must be of
 * @throws {SyscallError} EINVAL when it is of another kind
 */
export function setns(path: string, type: number): void {
  const fd = open(path, O.RDONLY);
  try {
    checked("setns", path, fd, type);
  } finally {
    close(fd);
  }
}

/** ioctl_ns(2): which of CLONE_NEW a namespace is. */
const NS_GET_NSTYPE = 0xb703;
const STATX_INO = 0x100;

/** What a namespace is. */
export interface NamespaceIdentity {
  /** One of CLONE_NEW. */
  readonly type: number;
  /** Its number, which no other namespace has at the time. */
  readonly inode: bigint;
}

/**
 * The namespace at `path`; undefined when something else is there, which is
 * looked at but not opened: that might wait, or have effects.
 * @throws {SyscallError}
 */
export function namespaceAt(path: string): NamespaceIdentity | undefined {
  const found = open(path, O.PATH);
  try {
    const filesystem = new BigInt64Array(STATFS_SIZE / 8);
    checked("fstatfs", path, found, filesystem);
    if (Number(filesystem[0]) !== MAGIC.NSFS) return undefined;
    const fd = open(`/proc/self/fd/${found}`, O.RDONLY);
    try {
      const type = checked("ioctl", path, fd, NS_GET_NSTYPE, 0);
      const stat = new BigUint64Array(32);
      checked("statx", path, fd, "", AT_EMPTY_PATH, STATX_INO, stat);
      return { type, inode: stat[4]! };
    } finally {
      close(fd);
    }
  } finally {
    close(found);
  }
}
