/**
 * Namespaces: their flags, and moving this thread between them, setns(2).
 *
 * @module
 */

import { close, O, open } from "./fd.ts";
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
