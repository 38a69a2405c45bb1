/**
 * Clones of the host's mounts for a container with a user namespace.
 *
 * What such a mount has on the host (read-only, nodev, nosuid and others) must
 * stay when the container's root, who may change mounts, wants otherwise. The
 * kernel locks it where a mount namespace of a user namespace with less rights
 * is made as a copy, mount_namespaces(7), but not on a clone that is handed
 * over by its descriptor. So the first process, in mounts of its own, lays the
 * clones out in a tmpfs, and init clones them from its copy of that. Nobody has
 * to walk a path to it: it is the working directory, which follows into copies.
 * The tmpfs goes with the host's mounts.
 *
 * @module
 */

import { AT_FDCWD, AT_RECURSIVE } from "../ffi/fd.ts";
import {
  MOVE_MOUNT_F_EMPTY_PATH,
  MOVE_MOUNT_T_SYMLINKS,
  MS_SLAVE,
} from "../ffi/mount.ts";
import { treeFlags } from "./attributes.ts";
import { makeFilesystem } from "./filesystems.ts";
import type { LaunchInput } from "./input.ts";
import { hasNamespace, makesNamespace, ownMounts } from "./namespaces.ts";
import { type PlanBuilder, reg } from "./plan.ts";
import { components, whenDirectory } from "./root_paths.ts";

const S_IFREG = 0o100000;
/**
 * Where the tmpfs lies if the container's root is the host's: nothing is
 * needed there. In /proc or /sys it would keep the container from mounting
 * these itself.
 */
const ELSEWHERE = "/etc";

/** Whether init must not get the host's mounts by their descriptors. */
export function laysOutMounts(input: LaunchInput): boolean {
  // A user's mounts are copied, and locked, before he clones any.
  return input.privileges !== "user" && hasNamespace(input, "user") &&
    makesNamespace(input, "mount");
}

/** Steps that keep changes of the mounts here from reaching the host's. */
export function stopPropagation(plan: PlanBuilder): void {
  const slave = { struct: [[8, 0], [8, 0], [8, MS_SLAVE], [8, 0]] as const };
  plan.because("stop mounts from reaching the host", "/linux/namespaces")
    .call("mount_setattr", [AT_FDCWD, "/", AT_RECURSIVE, slave, 32]);
}

/**
 * Steps of the first process that lay mounts out.
 * @param clones the registers with the mounts
 */
export function layMountsOut(
  plan: PlanBuilder,
  input: LaunchInput,
  clones: readonly string[],
): void {
  if (input.privileges !== "namespace") ownMounts(plan, input);
  stopPropagation(plan);
  plan.because("lay the host's mounts out for init", "/linux/namespaces");
  makeFilesystem(plan, "room", {
    type: "tmpfs",
    source: "davit",
    data: ["mode=755"],
    attributes: 0,
  });
  // Where hooks look for the container's root, it comes on top of this. Whose
  // own root is covered makes no user namespace, user_namespaces(7).
  const { path } = input.root;
  const place = components(path).length === 0 ? ELSEWHERE : path;
  plan.call("move_mount", [
    reg("room"),
    "",
    AT_FDCWD,
    place,
    MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS,
  ]).call("fchdir", [reg("room")]);
  clones.forEach((clone, i) => layOut(plan, clone, `${i}`));
  plan.call("close", [reg("room")]);
}

function layOut(plan: PlanBuilder, clone: string, name: string): void {
  const directory = plan.fresh("lay out a directory");
  const made = plan.fresh("laid out");
  whenDirectory(plan, reg(clone), directory);
  plan.call("mknodat", [reg("room"), name, S_IFREG, 0])
    .jump(made)
    .label(directory)
    .call("mkdirat", [reg("room"), name, 0o700])
    .label(made)
    .call("move_mount", [
      reg(clone),
      "",
      reg("room"),
      name,
      MOVE_MOUNT_F_EMPTY_PATH,
    ])
    .call("close", [reg(clone)]);
}

/** Steps of init that clone the mounts again, into the same registers. */
export function takeMounts(plan: PlanBuilder, clones: readonly string[]): void {
  plan.because("take the host's mounts, with what is locked");
  clones.forEach((clone, i) => {
    const flags = treeFlags(true);
    plan.call("open_tree", [AT_FDCWD, `${i}`, flags], { to: clone });
  });
}
