/**
 * Steps that lock a cgroup against others who make or remove it.
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import { AT_EMPTY_PATH, AT_FDCWD } from "../ffi/fd.ts";
import { STATX_SIZE } from "../ffi/files.ts";
import { type PlanBuilder, reg } from "./plan.ts";

/** The register with the descriptor that has the lock. */
export const LOCK = "lock";

const LOCK_EX = 2, LOCK_NB = 4;
/** statx(2)'s wish for the inode number, and where that is. */
export const STATX_INO = 0x100, INODE_AT = 32;

/** A file to lock, and the flags to open it with. */
export interface LockFile {
  readonly path: string;
  readonly flags: number;
}

/**
 * Steps that lock a file of that path, not one that was there before, until the
 * program and those that it clones have closed it.
 * @param otherwise the label to go to where that cannot be; absent: it fails
 */
export function locking(
  plan: PlanBuilder,
  { path, flags }: LockFile,
  otherwise?: string,
): void {
  const same = plan.fresh("locked"), taken = plan.fresh("taken");
  const more = otherwise === undefined
    ? {}
    : { tolerate: [{ errno: "any" as const, goto: otherwise }] };
  const file = reg(LOCK);
  plan.block("locked", STATX_SIZE).block("named", STATX_SIZE)
    .call("openat", [AT_FDCWD, path, flags], { to: LOCK, ...more })
    .call("flock", [file, LOCK_EX | LOCK_NB], {
      tolerate: [{ errno: E.EAGAIN, goto: otherwise ?? taken }],
      ...more,
    })
    .call("statx", [
      ...[file, "", AT_EMPTY_PATH, STATX_INO],
      { block: "locked" },
    ], more)
    .call("statx", [AT_FDCWD, path, 0, STATX_INO, { block: "named" }], more)
    .add({ load: "had", from: { block: "locked" }, at: INODE_AT, size: 8 })
    .add({ load: "has", from: { block: "named" }, at: INODE_AT, size: 8 })
    .jump(same, [reg("had"), "==", reg("has")]);
  // As rmdir(2) has it for a cgroup with processes.
  if (otherwise === undefined) plan.label(taken).add({ fail: E.EBUSY });
  else plan.jump(otherwise);
  plan.label(same);
}
