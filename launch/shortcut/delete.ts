/**
 * The shortcut of `delete`.
 *
 * @module
 */

import { E } from "../../ffi/errno.ts";
import { AT_FDCWD, O } from "../../ffi/fd.ts";
import { type LockFile, locking } from "../cgroup_lock.ts";
import type { Plan, PlanBuilder } from "../plan.ts";
import { AT_REMOVEDIR, beginShortcut, removing } from "./steps.ts";

/** Cgroups that are removed together. */
export interface LockedCgroups {
  /** What is locked meanwhile: who makes a container in them does so, too. */
  readonly lock: LockFile;
  /** The one that is locked comes last. */
  readonly directories: readonly string[];
}

/** What `delete` needs to know of a container. */
export interface DeleteShortcut {
  readonly pid: number;
  /** The container's cgroups; absent: it has none. */
  readonly cgroups?: LockedCgroups;
  /** The cgroups above that were made for it, the nearest first. */
  readonly parents: readonly LockedCgroups[];
  /** The folders that map it to its sandbox, the inner one first. */
  readonly mapping: readonly string[];
  /** The folder of what is in it, if it is a sandbox. */
  readonly guests: string;
  /** Files that may be there. */
  readonly files: readonly string[];
  /** The file with its record. */
  readonly record: string;
  /** Where the record is while the folder goes. */
  readonly aside: string;
  readonly folder: string;
}

/** Removes what is left of a container whose init is gone. */
export function planDeleteShortcut(container: DeleteShortcut): Plan {
  const { pid, guests, cgroups, parents, mapping, files } = container;
  const plan = beginShortcut();
  plan.because("init is gone")
    .call("openat", [AT_FDCWD, `/proc/${pid}/stat`, O.RDONLY], {
      tolerate: [{ errno: E.ENOENT, goto: "gone" }],
    })
    .add({ fail: E.EBUSY })
    .label("gone");
  plan.because("nobody is in it");
  removing(plan, guests, AT_REMOVEDIR);
  plan.because("remove its cgroups");
  if (cgroups !== undefined) removeLocked(plan, cgroups, false);
  for (const level of parents) removeLocked(plan, level, true);
  plan.because("forget its sandbox");
  for (const path of mapping) removing(plan, path, AT_REMOVEDIR);
  plan.because("remove its folder");
  for (const path of files) removing(plan, path, 0);
  // With anything else in the folder, it needs its record.
  const { record, aside, folder } = container;
  return plan
    .call("renameat2", [AT_FDCWD, record, AT_FDCWD, aside, 0])
    .call("unlinkat", [AT_FDCWD, folder, AT_REMOVEDIR], {
      tolerate: [{ errno: "any", goto: "put back" }],
    })
    .call("unlinkat", [AT_FDCWD, aside, 0])
    .call("exit_group", [0])
    .label("put back")
    .call("renameat2", [AT_FDCWD, aside, AT_FDCWD, record, 0])
    .add({ fail: E.ENOTEMPTY })
    .build();
}

/**
 * Steps that remove cgroups with their lock.
 * @param tries whether they may stay, or be gone
 */
function removeLocked(
  plan: PlanBuilder,
  { lock, directories }: LockedCgroups,
  tries: boolean,
): void {
  const next = plan.fresh("removed with a lock");
  locking(plan, lock, tries ? next : undefined);
  for (const path of directories) {
    removing(plan, `${path}/`, AT_REMOVEDIR, tries);
  }
  plan.label(next);
}
