/**
 * Masked and read-only paths.
 *
 * A path that is not there needs no mask. Each is opened once, inside the
 * root, and used by that descriptor: nothing can change it in between.
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import { AT_EMPTY_PATH, AT_FDCWD, O } from "../ffi/fd.ts";
import { MOUNT_ATTR_RDONLY } from "../ffi/mount.ts";
import { setAttributes, treeFlags } from "./attributes.ts";
import { makeFilesystem } from "./filesystems.ts";
import { attachTo } from "./mounts.ts";
import { type PlanBuilder, reg } from "./plan.ts";
import {
  components,
  HOW_TARGET,
  openTarget,
  whenDirectory,
} from "./root_paths.ts";

const STATX_TYPE = 1, STATX_RDEV_MAJOR = 128, STATX_RDEV_MINOR = 132;

/** Steps that hide `paths`: directories under an empty one, files as null. */
export function planMaskedPaths(
  plan: PlanBuilder,
  paths: readonly string[],
): void {
  if (paths.length === 0) return;
  openNull(plan);
  const clean = paths.map((path) => components(path).join("/"));
  paths.forEach((path, i) => {
    if (clean.indexOf(clean[i]!) < i) return; // engines repeat themselves
    plan.because(`mask ${path}`, `/linux/maskedPaths/${i}`)
      .routine("mask a path", [pathArgument(path)], maskSteps);
  });
  const none = plan.fresh("no masked directory");
  plan.because("let go of the host's /dev/null").call("close", [reg("null")])
    .jump(none, [reg(MASK), "==", 0])
    .call("close", [reg(MASK)])
    .label(none);
}

/** The register with the empty file system that all directories share. */
const MASK = "empty file system";

function maskSteps(plan: PlanBuilder): void {
  const directory = plan.fresh("mask a directory");
  const another = plan.fresh("mask another directory");
  const mask = plan.fresh("mask");
  const masked = plan.fresh("masked");
  const missing = plan.fresh("nothing to mask");
  openOptional(plan, missing);
  whenDirectory(plan, reg("target"), directory);
  plan.call("open_tree", [
    reg("null"),
    "",
    treeFlags(false) | AT_EMPTY_PATH,
  ], { to: "mount" }).jump(mask).label(directory)
    .jump(another, [reg(MASK), "!=", 0]);
  makeFilesystem(plan, MASK, {
    type: "tmpfs",
    source: "tmpfs",
    data: ["nr_blocks=1", "nr_inodes=1", "mode=0755"],
    attributes: MOUNT_ATTR_RDONLY,
  });
  attachTo(plan, reg(MASK), reg("target"));
  // Only what is attached can be copied, before Linux 6.15.
  plan.jump(masked).label(another).call("open_tree", [
    reg(MASK),
    "",
    treeFlags(false) | AT_EMPTY_PATH,
  ], { to: "mount" }).label(mask);
  attachTo(plan, reg("mount"), reg("target"));
  plan.call("close", [reg("mount")]).label(masked)
    .call("close", [reg("target")])
    .label(missing).goBack();
}

/** The host's null device, which no container can have replaced. */
function openNull(plan: PlanBuilder): void {
  const wrong = plan.fresh("not the null device");
  const right = plan.fresh("the null device");
  const part = (register: string, at: number) =>
    plan.add({ load: register, from: { block: "statx", at }, size: 4 });
  plan.because("open the host's /dev/null")
    .call("openat", [AT_FDCWD, "/dev/null", O.PATH | O.CLOEXEC, 0], {
      to: "null",
    })
    .call("statx", [
      reg("null"),
      "",
      AT_EMPTY_PATH,
      STATX_TYPE,
      { block: "statx" },
    ]);
  part("major", STATX_RDEV_MAJOR);
  part("minor", STATX_RDEV_MINOR);
  plan.jump(wrong, [reg("major"), "!=", 1])
    .jump(right, [reg("minor"), "==", 3])
    .label(wrong).add({ fail: E.ENODEV })
    .label(right);
}

/** Steps that make `paths` and what is mounted below them read-only. */
export function planReadonlyPaths(
  plan: PlanBuilder,
  paths: readonly string[],
): void {
  paths.forEach((path, i) => {
    plan.because(`make ${path} read-only`, `/linux/readonlyPaths/${i}`)
      .routine("make a path read-only", [pathArgument(path)], readonlySteps);
  });
}

function readonlySteps(plan: PlanBuilder): void {
  const missing = plan.fresh("nothing to make read-only");
  openOptional(plan, missing);
  plan.call("open_tree", [
    reg("target"),
    "",
    treeFlags(true) | AT_EMPTY_PATH,
  ], { to: "mount" });
  setAttributes(plan, reg("mount"), {
    recursive: true,
    set: MOUNT_ATTR_RDONLY,
  });
  attachTo(plan, reg("mount"), reg("target"));
  plan.call("close", [reg("mount")]).call("close", [reg("target")])
    .label(missing).goBack();
}

/** A path as openat2(2) wants it below the root. */
function pathArgument(path: string): string {
  return components(path).join("/") || ".";
}

/** Opens a routine's path into `target`; goes to `missing` without one. */
function openOptional(plan: PlanBuilder, missing: string): void {
  plan.argument(0, "path");
  openTarget(
    plan,
    HOW_TARGET,
    { errno: E.ENOENT, goto: missing },
    { errno: E.ENOTDIR, goto: missing },
  );
}
