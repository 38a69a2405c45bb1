/**
 * How a launch's processes get into the container's cgroups.
 *
 * Of cgroup v1 a process writes itself into `tasks` files, of v2 it is born in
 * its cgroup, clone3(2): both without a wait, see `cgroupJoins`.
 *
 * @module
 */

import { AT_FDCWD, O } from "../ffi/fd.ts";
import { CLONE_NEW } from "../ffi/namespace.ts";
import type { LaunchInput } from "./input.ts";
import { hasNamespace, joinsNamespace, makesNamespace } from "./namespaces.ts";
import { type Call, type Field, type PlanBuilder, reg } from "./plan.ts";

/** clone(2): the new process is a child of the caller's parent. */
export const CLONE_PARENT = 0x8000;
/** The signal that a parent gets when a child has ended. */
export const SIGCHLD = 17;
const CLONE_INTO_CGROUP = 0x200000000, CLONE_ARGS_SIZE = 88;

/** What asks for cgroups. */
export const CGROUP_POINTER = "/linux/cgroupsPath";

/** The register with the cgroup of v2, or its file `cgroup.procs`. */
const UNIFIED = "unified cgroup";

/** Whether clone3(2) can put init into its cgroup of v2. */
export function isBornInCgroup(input: LaunchInput): boolean {
  return input.cgroupDirectory !== undefined &&
    !hasNamespace(input, "user") && !joinsNamespace(input, "cgroup");
}

/** The register with the descriptor of a `tasks` file. */
function cgroupRegister(index: number): string {
  return `cgroup ${index}`;
}

function openFile(
  plan: PlanBuilder,
  path: string,
  flags: number,
  to: string,
): void {
  plan.because(`open ${path}`, CGROUP_POINTER)
    .call("openat", [AT_FDCWD, path, flags | O.CLOEXEC, 0], { to });
}

/** A step that opens a cgroup of v2, for `cloneIntoCgroup`. */
export function openUnified(
  plan: PlanBuilder,
  path: string,
  to: string = UNIFIED,
): void {
  openFile(plan, path, O.PATH | O.DIRECTORY, to);
}

/** Steps that open the cgroups, with the host's rights. */
export function openCgroups(plan: PlanBuilder, input: LaunchInput): void {
  input.cgroupTasks.forEach((path, i) => {
    openFile(plan, path, O.WRONLY, cgroupRegister(i));
  });
  const { cgroupDirectory: path } = input;
  if (path === undefined) return;
  // In a user namespace, or a cgroup namespace that is not below the cgroup,
  // init has no right to it but by an open file.
  if (isBornInCgroup(input)) openUnified(plan, path);
  else openFile(plan, `${path}/cgroup.procs`, O.WRONLY, UNIFIED);
}

function join(plan: PlanBuilder, path: string, register: string): void {
  plan.because(`join ${path}`, CGROUP_POINTER)
    .call("write", [reg(register), "0", 1])
    .call("close", [reg(register)]);
}

/** Init writes itself: nothing of Davit is ever in these cgroups. */
export function joinCgroups(plan: PlanBuilder, input: LaunchInput): void {
  const { cgroupTasks, cgroupDirectory } = input;
  cgroupTasks.forEach((path, i) => join(plan, path, cgroupRegister(i)));
  if (cgroupDirectory !== undefined && !isBornInCgroup(input)) {
    join(plan, cgroupDirectory, UNIFIED);
  } else if (cgroupDirectory !== undefined) {
    // A directory of the host's leads up to the host's root.
    plan.because(`let go of ${cgroupDirectory}`, CGROUP_POINTER)
      .call("close", [reg(UNIFIED)]);
  }
  if (makesNamespace(input, "cgroup")) {
    plan.because("create the cgroup namespace", "/linux/namespaces")
      .call("unshare", [CLONE_NEW.CGROUP]);
  }
}

/** Steps that open `tasks` files and join their cgroups at once. */
export function joinTasks(plan: PlanBuilder, paths: readonly string[]): void {
  for (const path of paths) {
    plan.because(`join ${path}`, CGROUP_POINTER)
      .call("openat", [AT_FDCWD, path, O.WRONLY | O.CLOEXEC, 0], { to: "file" })
      .call("write", [reg("file"), "0", 1])
      .call("close", [reg("file")]);
  }
}

/**
 * Steps of clone3(2) for a process that is born in a cgroup of v2 and is a
 * child of this process's parent.
 *
 * @param flags clone(2)'s flags besides
 * @param cgroup the register with the cgroup's directory
 */
export function cloneIntoCgroup(
  plan: PlanBuilder,
  flags: number,
  more: Pick<Call, "to" | "ifZero" | "tolerate">,
  cgroup: string = UNIFIED,
): void {
  // struct clone_args; with CLONE_PARENT the exit signal is inherited.
  plan.block("clone", [
    [8, flags + CLONE_PARENT + CLONE_INTO_CGROUP],
    ...Array.from({ length: 9 }, (): Field => [8, 0]),
    [8, 0],
  ])
    .add({
      store: reg(cgroup),
      into: { block: "clone", at: CLONE_ARGS_SIZE - 8 },
      size: 8,
    })
    .call("clone3", [{ block: "clone" }, CLONE_ARGS_SIZE], more);
}
