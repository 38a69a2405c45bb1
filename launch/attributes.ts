/**
 * Attributes of mounts, set through their descriptors: mount_setattr(2).
 *
 * @module
 */

import { AT_EMPTY_PATH, AT_RECURSIVE } from "../ffi/fd.ts";
import {
  MOUNT_ATTR_IDMAP,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
} from "../ffi/mount.ts";
import { firstFree } from "./descriptors.ts";
import type {
  AttributesInput,
  BindMount,
  FilesystemMount,
  LaunchInput,
} from "./input.ts";
import type { Operand, PlanBuilder } from "./plan.ts";

/** Flags of open_tree(2) that copy a mount, with those below it or without. */
export function treeFlags(recursive: boolean): number {
  return OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0);
}

/** What to change, of a mount alone or of those below it too. */
export interface Change {
  readonly recursive: boolean;
  readonly set?: number;
  readonly clear?: number;
  readonly propagation?: number;
  /** The descriptor of a user namespace, for MOUNT_ATTR_IDMAP. */
  readonly users?: number;
}

/** A step that changes the mount that `fd` is open on. */
export function setAttributes(
  plan: PlanBuilder,
  fd: Operand,
  change: Change,
): void {
  const { recursive, set = 0, clear = 0, propagation = 0, users = 0 } = change;
  const attr: Operand = {
    struct: [[8, set], [8, clear], [8, propagation], [8, users]],
  };
  const flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
  plan.call("mount_setattr", [fd, "", flags, attr, 32]);
}

/** Steps for the attributes that a mount of the bundle asks for. */
export function applyAttributes(
  plan: PlanBuilder,
  fd: Operand,
  wanted: AttributesInput,
): void {
  const { set, clear, recursiveSet, recursiveClear, propagation } = wanted;
  if (set !== 0 || clear !== 0) {
    setAttributes(plan, fd, { recursive: false, set, clear });
  }
  if (recursiveSet !== 0 || recursiveClear !== 0) {
    setAttributes(plan, fd, {
      recursive: true,
      set: recursiveSet,
      clear: recursiveClear,
    });
  }
  for (const { flag, recursive } of propagation) {
    setAttributes(plan, fd, { recursive, propagation: flag });
  }
}

/**
 * A step that gives a detached mount's files other owners, if it is to.
 * @param first the descriptor of the first user namespace
 */
export function mapIds(
  plan: PlanBuilder,
  fd: Operand,
  { idmap, source, destination, pointer }: BindMount | FilesystemMount,
  first: number,
): void {
  if (idmap === undefined) return;
  const { index, recursive } = idmap;
  plan.because(`map the IDs of ${source} for ${destination}`, pointer);
  setAttributes(plan, fd, {
    recursive,
    set: MOUNT_ATTR_IDMAP,
    users: first + index,
  });
}

/** The descriptor of the first user namespace of ID-mapped mounts. */
export function firstUserNamespace(
  { preserveFds, process }: LaunchInput,
): number {
  return firstFree(preserveFds, process?.terminal?.from === "host");
}
