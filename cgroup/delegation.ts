/**
 * The part of the cgroup tree that an ordinary user may change.
 *
 * Sources: cgroups(7), "Cgroups delegation"; the kernel's admin-guide/cgroup-v2.
 *
 * @module
 */

import type { UnifiedHierarchy } from "./layout.ts";

/** What asks the host. */
export interface DelegationTools {
  /** The text of `/proc/self/cgroup`. */
  readonly ownCgroups: string;
  /** Whether this user may write to a file, or into a directory. */
  readonly mayWrite: (path: string) => boolean;
}

/**
 * The cgroup, below the root of the hierarchy, in which a user may make
 * others and move his processes to them; undefined: there is none.
 *
 * That is the parent of the cgroup that this process is in: a cgroup with
 * processes cannot hand controllers down. Where the user may not change the
 * parent, it is the process's own one, in which others have no controllers
 * unless its processes leave it.
 */
export function delegatedCgroup(
  { mountPoint, root }: UnifiedHierarchy,
  { mayWrite, ownCgroups }: DelegationTools,
): string | undefined {
  const line = ownCgroups.split("\n").find((line) => line.startsWith("0::/"));
  const whole = line?.slice("0::".length);
  if (whole === undefined || whole.split("/").includes("..")) return undefined;
  const above = root === "/" ? "" : root;
  if (whole !== root && !whole.startsWith(`${above}/`)) return undefined;
  const own = whole === "/" ? "" : whole.slice(above.length);
  const candidates = own === ""
    ? [own]
    : [own.slice(0, own.lastIndexOf("/")), own];
  // A process is moved by who may write this file of both cgroups' ancestor.
  return candidates.find((path) =>
    mayWrite(mountPoint + path) && mayWrite(`${mountPoint}${path}/cgroup.procs`)
  );
}
