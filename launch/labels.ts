/**
 * What security modules are to call the user's process: written to a file of
 * proc(5), it holds from the next execve(2) on.
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import { AT_FDCWD, O } from "../ffi/fd.ts";
import { MAGIC, STATFS_SIZE } from "../ffi/statfs.ts";
import type { ProcessInput } from "./input.ts";
import { type PlanBuilder, reg } from "./plan.ts";

const APPARMOR = {
  register: "apparmor label",
  pointer: "/process/apparmorProfile",
  // The second one is that of whichever module is the only one.
  paths: ["/proc/self/attr/apparmor/exec", "/proc/self/attr/exec"],
};
const SELINUX = {
  register: "selinux label",
  pointer: "/process/selinuxLabel",
  paths: ["/proc/self/attr/exec"],
};

/** The labels that a process is to get, and how. */
function labelsOf({ apparmorProfile, selinuxLabel }: ProcessInput) {
  return [
    ...(apparmorProfile === undefined ? [] : [{
      ...APPARMOR,
      text: `exec ${apparmorProfile}`,
      what: `AppArmor profile ${apparmorProfile}`,
    }]),
    ...(selinuxLabel === undefined ? [] : [{
      ...SELINUX,
      text: selinuxLabel,
      what: `SELinux label ${selinuxLabel}`,
    }]),
  ];
}

/**
 * Steps that open the files, while the host's procfs is at /proc. What is
 * opened has to be a procfs: a label that went elsewhere would be none.
 */
export function openLabels(plan: PlanBuilder, process: ProcessInput): void {
  for (const { register, pointer, paths, what } of labelsOf(process)) {
    plan.because(`open the file for the ${what}`, pointer)
      .block("statfs", STATFS_SIZE);
    const opened = plan.fresh("label file");
    const genuine = plan.fresh("genuine procfs");
    paths.forEach((path, i) => {
      const next = plan.fresh("another label file");
      const isLast = i === paths.length - 1;
      plan.call("openat", [AT_FDCWD, path, O.WRONLY | O.CLOEXEC, 0], {
        to: register,
        ...(!isLast && { tolerate: [{ errno: E.ENOENT, goto: next }] }),
      });
      if (!isLast) plan.jump(opened).label(next);
    });
    plan.label(opened)
      .call("fstatfs", [reg(register), { block: "statfs" }])
      .add({ load: "type", from: { block: "statfs" }, size: 8 })
      .jump(genuine, [reg("type"), "==", MAGIC.PROC])
      .add({ fail: E.EXDEV })
      .label(genuine);
  }
}

/** Steps that set the labels, directly before the program runs. */
export function planLabels(plan: PlanBuilder, process: ProcessInput): void {
  for (const { register, pointer, text, what } of labelsOf(process)) {
    const { length } = new TextEncoder().encode(text);
    plan.because(`set the ${what}`, pointer)
      .call("write", [reg(register), text, length]);
  }
}
