/**
 * Seccomp, and the actions of its filters that the kernel knows.
 *
 * @module
 */

import { syscall } from "../../ffi/syscall.ts";
import { ACTIONS } from "../../launch/seccomp/profile.ts";
import { type CheckRow, lacks, works } from "./row.ts";

const SECCOMP_GET_ACTION_AVAIL = 2;
const GROUP = "seccomp";

/** The actions of a profile that the kernel does not know. */
export function missingActions(): string[] {
  return Object.entries(ACTIONS).filter(([, value]) => {
    const action = new Uint32Array([value]);
    return syscall("seccomp", SECCOMP_GET_ACTION_AVAIL, 0, action) !== 0;
  }).map(([name]) => name);
}

/** A row for filters as a whole. */
export function seccompRows(): CheckRow[] {
  const missing = missingActions();
  const all = Object.keys(ACTIONS);
  if (missing.length === 0) {
    return [works(GROUP, "actions", `all ${all.length} of the specification`)];
  }
  if (missing.length === all.length) {
    return [lacks(GROUP, "filters", "the kernel has none", {
      means: "containers with linux.seccomp do not run",
      change: "a kernel with CONFIG_SECCOMP_FILTER",
    })];
  }
  return [lacks(GROUP, "actions", `unknown: ${missing.join(", ")}`, {
    means: "containers whose profile has these do not run",
    change: "a newer kernel",
  })];
}
