/**
 * The system calls that launches are made of.
 *
 * @module
 */

import { E } from "../../ffi/errno.ts";
import { syscall } from "../../ffi/syscall.ts";
import type { Privileges } from "../../launch/input.ts";
import type { SyscallName } from "../../ffi/syscall_numbers.ts";
import { type CheckRow, lacks, works } from "./row.ts";

/**
 * Calls with arguments that no kernel takes: one that has the call says so
 * with another error than ENOSYS, and does nothing.
 */
const CALLS: readonly (readonly [SyscallName, readonly number[], string])[] = [
  ["openat2", [-1, 0, 0, 0], "5.6"],
  ["open_tree", [-1, 0, -1], "5.2"],
  ["move_mount", [-1, 0, -1, 0, -1], "5.2"],
  ["fsopen", [0, -1], "5.2"],
  ["fsconfig", [-1, 99, 0, 0, 0], "5.2"],
  ["fsmount", [-1, -1, -1], "5.2"],
  ["mount_setattr", [-1, 0, -1, 0, 0], "5.12"],
  ["clone3", [0, 0], "5.3"],
  ["close_range", [5, 4, 0], "5.9"],
  ["pidfd_open", [-1, -1], "5.3"],
  ["pidfd_send_signal", [-1, 0, 0, -1], "5.1"],
  ["faccessat2", [-1, 0, -1, -1], "5.8"],
];

/** A row for the calls that every launch makes. */
export function kernelRows(privileges: Privileges): CheckRow[] {
  const missing: string[] = [], refused: string[] = [];
  let newest = 0;
  for (const [name, args, since] of CALLS) {
    const errno = -syscall(name, ...args);
    if (errno === E.ENOSYS) {
      missing.push(name);
      newest = Math.max(newest, Number(since.split(".")[1]));
    } else if (errno === E.EPERM && privileges === "host") {
      // Others have no right to some of them outside of a user namespace.
      refused.push(name);
    }
  }
  if (missing.length > 0) {
    return [lacks("kernel", "system calls", `missing: ${missing.join(", ")}`, {
      verdict: "fails",
      means: "no container can be launched",
      change: `a kernel from 5.14 on has them all (5.${newest} these), or a ` +
        "seccomp filter around Davit hides them",
    })];
  }
  if (refused.length > 0) {
    return [lacks("kernel", "system calls", `refused: ${refused.join(", ")}`, {
      verdict: "fails",
      means: "no container can be launched",
      change: "let the seccomp filter that Davit runs under allow them",
    })];
  }
  const count = `all ${CALLS.length} that launches need`;
  return [works("kernel", "system calls", count)];
}
