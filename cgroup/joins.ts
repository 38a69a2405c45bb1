import { lstat } from "../ffi/files.ts";
import type { CgroupLayout } from "./layout.ts";

/** How a container's first process gets into its cgroups. */
export interface CgroupJoins {
  /** The `tasks` files of v1, into which it writes "0" itself. */
  readonly tasks: readonly string[];
  /** The cgroup of v2, in which it is born. */
  readonly unified?: string;
}

/**
 * How a single-threaded process gets into `directories` without waiting.
 *
 * Moving a process by `cgroup.procs` stops all forks of the host: the first
 * time after a while that takes an RCU grace period, some 15 ms. A thread that
 * moves itself by `tasks` need not wait (cgroup_procs_write_start() in the
 * kernel), nor does one that clone3(2) puts into a cgroup.
 *
 * @param directories the container's cgroup in each hierarchy
 */
export function cgroupJoins(
  layout: CgroupLayout,
  directories: readonly string[],
): CgroupJoins {
  const isUnified = (path: string) =>
    layout.unified !== undefined &&
    path.startsWith(`${layout.unified.mountPoint}/`);
  const unified = directories.find(isUnified);
  const tasks = directories.filter((path) => !isUnified(path))
    .map((path) => `${path}/tasks`);
  return unified === undefined ? { tasks } : { tasks, unified };
}

/**
 * The same for cgroups that exist, without a look at the host's mounts: a
 * cgroup of v2 has no `tasks` file.
 *
 * @param directories the container's cgroup in each hierarchy
 */
export function existingJoins(directories: readonly string[]): CgroupJoins {
  const file = (path: string) => `${path}/tasks`;
  // It is the last one where there are others.
  const unified = directories.findLast((path) =>
    typeof lstat(file(path)) !== "object"
  );
  const tasks = directories.filter((path) => path !== unified).map(file);
  return unified === undefined ? { tasks } : { tasks, unified };
}
