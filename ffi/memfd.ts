/**
 * Files in memory that cannot be changed, memfd_create(2).
 *
 * @module
 */

import { E } from "./errno.ts";
import { SyscallError } from "./error.ts";
import { close, type Fd, write } from "./fd.ts";
import { checked, syscall } from "./syscall.ts";

const MFD_CLOEXEC = 1, MFD_ALLOW_SEALING = 2;
const MFD_NOEXEC_SEAL = 8, MFD_EXEC = 0x10;
const F_ADD_SEALS = 1033;
/** Seals against growing, shrinking, writing and further seals. */
const ALL_SEALS = 1 | 2 | 4 | 8;
/**
 * The same, but F_SEAL_FUTURE_WRITE in place of F_SEAL_WRITE: for that one the
 * kernel waits until it uses the pages nowhere, on all processors.
 */
const RUNNING_SEALS = 1 | 2 | 4 | 0x10;

/**
 * A sealed memfd that holds `bytes` and may be executed.
 *
 * `undefined` when the kernel forbids executable memfds
 * (`vm.memfd_noexec` = 2, Linux 6.3).
 *
 * @param name shown as `/memfd:NAME` in /proc
 * @throws {SyscallError}
 */
export function executableMemfd(
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
): Fd | undefined {
  const fd = emptyExecutableMemfd(name);
  return fd === undefined ? undefined : sealed(name, fd, bytes);
}

/**
 * An empty memfd that may be executed, to be written and then sealed;
 * `undefined` as with executableMemfd().
 *
 * @throws {SyscallError}
 */
export function emptyExecutableMemfd(name: string): Fd | undefined {
  const fd = create(name, MFD_EXEC);
  if (fd === -E.EACCES) return undefined;
  if (fd < 0) throw new SyscallError("memfd_create", -fd, name);
  return fd as Fd;
}

/**
 * Lets nobody change a memfd any more that somebody executes. Nobody may have
 * mapped it to write to it: that would stay allowed.
 *
 * @throws {SyscallError}
 */
export function sealRunning(name: string, fd: Fd): void {
  checked("fcntl", name, fd, F_ADD_SEALS, RUNNING_SEALS);
}

/**
 * A sealed memfd that holds `bytes`, to be read from the beginning.
 *
 * @param name shown as `/memfd:NAME` in /proc
 * @throws {SyscallError}
 */
export function readOnlyMemfd(
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
): Fd {
  const fd = sealed(name, create(name, MFD_NOEXEC_SEAL), bytes);
  try {
    checked("lseek", name, fd, 0, 0);
  } catch (error) {
    close(fd);
    throw error;
  }
  return fd;
}

/** Kernels before 6.3 know neither flag; there every memfd may run. */
function create(name: string, flag: number): number {
  const flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  const fd = syscall("memfd_create", name, flags | flag);
  return fd === -E.EINVAL ? syscall("memfd_create", name, flags) : fd;
}

function sealed(name: string, fd: number, bytes: Uint8Array<ArrayBuffer>): Fd {
  if (fd < 0) throw new SyscallError("memfd_create", -fd, name);
  try {
    write(fd, bytes);
    checked("fcntl", name, fd, F_ADD_SEALS, ALL_SEALS);
  } catch (error) {
    close(fd);
    throw error;
  }
  return fd as Fd;
}
