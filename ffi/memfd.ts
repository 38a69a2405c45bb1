/**
 * Files in memory that run and cannot be changed, memfd_create(2).
 *
 * @module
 */

import { E } from "./errno.ts";
import { SyscallError } from "./error.ts";
import { close, type Fd, write } from "./fd.ts";
import { checked, syscall } from "./syscall.ts";

const MFD_CLOEXEC = 1, MFD_ALLOW_SEALING = 2, MFD_EXEC = 0x10;
const F_ADD_SEALS = 1033;
/** Seals against growing, shrinking, writing and further seals. */
const ALL_SEALS = 1 | 2 | 4 | 8;

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
  const flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  let fd = syscall("memfd_create", name, flags | MFD_EXEC);
  // Kernels before 6.3 do not know MFD_EXEC; there every memfd may run.
  if (fd === -E.EINVAL) fd = syscall("memfd_create", name, flags);
  if (fd === -E.EACCES) return undefined;
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
