/**
 * Steps that make file systems: fsopen(2), fsconfig(2), fsmount(2).
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import {
  FSCONFIG_CMD_CREATE,
  FSCONFIG_SET_FLAG,
  FSCONFIG_SET_STRING,
  FSMOUNT_CLOEXEC,
  FSOPEN_CLOEXEC,
  MOUNT_ATTR_RDONLY,
} from "../ffi/mount.ts";
import type { FilesystemMount, LaunchInput } from "./input.ts";
import { hasNamespace } from "./namespaces.ts";
import { type Operand, type PlanBuilder, reg } from "./plan.ts";

/** A file system to make. */
export interface NewFilesystem {
  readonly type: string;
  readonly source: string;
  readonly data: readonly string[];
  /** MOUNT_ATTR_ flags. */
  readonly attributes: number;
  /** Says which option the next step sets, for an error that names it. */
  readonly naming?: (option: string) => void;
}

/** Steps that make a file system and leave its detached mount in `to`. */
export function makeFilesystem(
  plan: PlanBuilder,
  to: string,
  wanted: NewFilesystem,
): void {
  const { type, source, data, attributes, naming } = wanted;
  plan.call("fsopen", [type, FSOPEN_CLOEXEC], { to: "filesystem" });
  if (source !== "") setOption(plan, `source=${source}`);
  configure(plan, data, [FSCONFIG_CMD_CREATE, 0, 0, 0], naming);
  plan.call("fsmount", [reg("filesystem"), FSMOUNT_CLOEXEC, attributes], { to })
    .call("close", [reg("filesystem")]);
}

/**
 * Steps that give options to the file system in the making.
 * @param last the arguments of the fsconfig(2) after them
 */
export function configure(
  plan: PlanBuilder,
  data: readonly string[],
  last: readonly Operand[],
  naming: (option: string) => void = () => {},
): void {
  for (const option of data) {
    naming(option);
    if (OPTIONAL.includes(option)) offer(plan, option);
    else setOption(plan, option);
  }
  naming("");
  fsconfig(plan, last);
}

function setOption(plan: PlanBuilder, option: string): void {
  const at = option.indexOf("=");
  fsconfig(
    plan,
    at < 0
      ? [FSCONFIG_SET_FLAG, option, 0, 0]
      : [FSCONFIG_SET_STRING, option.slice(0, at), option.slice(at + 1), 0],
  );
}

/**
 * A file system counts the versions of its files, or has access control lists,
 * or it has not: few have parameters for it, mount(2) has flags that few heed.
 */
const OPTIONAL: readonly string[] = ["iversion", "acl", "noacl"];

/** A step that sets an option, if the file system knows it. */
function offer(plan: PlanBuilder, option: string): void {
  const done = plan.fresh(option);
  plan.call("fsconfig", [reg("filesystem"), FSCONFIG_SET_FLAG, option, 0, 0], {
    tolerate: [{ errno: E.EINVAL, goto: done }],
  }).label(done);
}

function fsconfig(plan: PlanBuilder, args: readonly Operand[]): void {
  plan.call("fsconfig", [reg("filesystem"), ...args]);
}

/** Steps that make a mount of the bundle and leave it, detached, in `to`. */
export function makeMount(
  plan: PlanBuilder,
  to: string,
  mount: FilesystemMount,
): void {
  const { type, source, data, destination, pointer, set } = mount;
  const why = `mount ${type} on ${destination}`;
  const naming = namingOptions(plan, why, pointer);
  naming("");
  // Files come into it before it is read-only.
  const attributes = isSealedLater(mount) ? set & ~MOUNT_ATTR_RDONLY : set;
  makeFilesystem(plan, to, { type, source, data, attributes, naming });
}

/**
 * Whether a mount becomes read-only only when the container's tree is whole:
 * it begins empty, and other mounts and devices need their places in it.
 */
export function isSealedLater(mount: FilesystemMount): boolean {
  return (mount.set & MOUNT_ATTR_RDONLY) !== 0 &&
    (mount.type === "tmpfs" || mount.destination === "/dev");
}

/**
 * Whether the first process makes it, outside of the container's user
 * namespace: then files of any owner can be copied into it.
 */
export function isMadeBefore(
  input: LaunchInput,
  { copyUp = false }: FilesystemMount,
): boolean {
  return copyUp && hasNamespace(input, "user");
}

/** Says what the next steps are for. */
export function namingOptions(
  plan: PlanBuilder,
  why: string,
  pointer: string,
): (option: string) => void {
  return (option: string) => {
    const what = option === "" ? "" : `set the option "${option}" to `;
    plan.because(what + why, pointer);
  };
}
