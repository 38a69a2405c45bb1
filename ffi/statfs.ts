import { checked } from "./syscall.ts";

/** File system types, from `linux/magic.h`. */
export const MAGIC = {
  CGROUP: 0x27e0eb,
  CGROUP2: 0x63677270,
  PROC: 0x9fa0,
  DEVPTS: 0x1cd1,
  NSFS: 0x6e736673,
  PIDFS: 0x50494446,
} as const;

/** What Davit reads of statfs(2). */
export interface FileSystem {
  /** The type, one of MAGIC or another number. */
  readonly type: number;
}

/** Size of `struct statfs` on 64-bit processors, in bytes. */
export const STATFS_SIZE = 120;

/**
 * The file system that `path` is on.
 * @throws {SyscallError}
 */
export function statfs(path: string): FileSystem {
  const buffer = new BigInt64Array(STATFS_SIZE / 8);
  checked("statfs", path, path, buffer);
  return { type: Number(buffer[0]) };
}
