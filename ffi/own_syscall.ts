/**
 * System calls of a process that makes many, without libc's errno.
 *
 * @module
 */

import { E } from "./errno.ts";
import { close } from "./fd.ts";
import type { RawSyscall, SyscallParameters } from "./libc.ts";
import { executableMemfd } from "./memfd.ts";
import { FUNCTION, syscallLibrary } from "./syscall_library.ts";
import { ARCH, syscall } from "./syscall.ts";
import { syscallNumber } from "./syscall_numbers.ts";

const NAME = "davit-syscall";

/**
 * A function that makes system calls and answers the result, or the negative
 * errno. Undefined where this process or this host does not let memory of its
 * own be executed, or /proc is not there.
 *
 * @param parameters what it is called with and answers
 */
export function ownSyscall(
  parameters: SyscallParameters,
): RawSyscall | undefined {
  try {
    const memfd = executableMemfd(NAME, syscallLibrary(ARCH));
    if (memfd === undefined) return undefined;
    try {
      const path = `/proc/self/fd/${memfd}`;
      const { state } = Deno.permissions.querySync({ name: "ffi", path });
      if (state !== "granted") return undefined; // and nobody is asked
      const { symbols } = Deno.dlopen(path, { [FUNCTION]: parameters });
      const call = symbols[FUNCTION] as unknown as RawSyscall;
      return answersAsLibc(call) ? call : undefined;
    } finally {
      close(memfd);
    }
  } catch {
    return undefined; // there is libc's
  }
}

function answersAsLibc(call: RawSyscall): boolean {
  const pidfdOpen = syscallNumber("pidfd_open", ARCH);
  const getpid = syscallNumber("getpid", ARCH);
  return Number(call(getpid, 0, 0, 0, 0, 0, 0)) === syscall("getpid") &&
    Number(call(pidfdOpen, -1, 0, 0, 0, 0, 0)) === -E.EINVAL;
}
