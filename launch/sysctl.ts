/**
 * Kernel parameters of the container's namespaces, sysctl(8).
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import { AT_FDCWD, O } from "../ffi/fd.ts";
import { MAGIC, STATFS_SIZE } from "../ffi/statfs.ts";
import type { SysctlInput } from "./input.ts";
import { type PlanBuilder, reg } from "./plan.ts";

/**
 * Steps that set the parameters, while the host's procfs is at /proc: what a
 * namespace has of them is seen by its members through any procfs, and the
 * container's own may be another file system than it seems.
 */
export function planSysctls(
  plan: PlanBuilder,
  sysctls: readonly SysctlInput[],
): void {
  for (const { name, path, value, pointer } of sysctls) {
    const genuine = plan.fresh("genuine procfs");
    const { length } = new TextEncoder().encode(value);
    plan.because(`set the sysctl ${name} to ${JSON.stringify(value)}`, pointer)
      .block("statfs", STATFS_SIZE)
      .call("openat", [
        AT_FDCWD,
        `/proc/sys/${path}`,
        O.WRONLY | O.NOFOLLOW | O.CLOEXEC,
        0,
      ], { to: "file" })
      .call("fstatfs", [reg("file"), { block: "statfs" }])
      .add({ load: "type", from: { block: "statfs" }, size: 8 })
      .jump(genuine, [reg("type"), "==", MAGIC.PROC])
      .add({ fail: E.EXDEV })
      .label(genuine)
      .call("write", [reg("file"), value, length])
      .call("close", [reg("file")]);
  }
}
