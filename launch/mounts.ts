/**
 * Steps that build the container's mount tree.
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import { O } from "../ffi/fd.ts";
import {
  FSCONFIG_CMD_CREATE,
  FSCONFIG_SET_FLAG,
  FSCONFIG_SET_STRING,
  FSMOUNT_CLOEXEC,
  FSOPEN_CLOEXEC,
  MOVE_MOUNT_F_EMPTY_PATH,
  MOVE_MOUNT_T_EMPTY_PATH,
} from "../ffi/mount.ts";
import { applyAttributes, setAttributes } from "./attributes.ts";
import { sourceRegister } from "./first_process.ts";
import type {
  AttributesChange,
  BindMount,
  FilesystemMount,
  LinkInput,
  MountInput,
} from "./input.ts";
import { type Operand, type PlanBuilder, reg } from "./plan.ts";
import {
  components,
  type MountPoint,
  mountPointArguments,
  mountPointSteps,
  openInRoot,
  whenDirectory,
} from "./root_paths.ts";

/** Steps for every mount of the bundle, in its order. */
export function planMounts(
  plan: PlanBuilder,
  mounts: readonly MountInput[],
): void {
  mounts.forEach((mount, index) => {
    if (mount.kind === "filesystem") mountFilesystem(plan, mount);
    else if (mount.kind === "bind") bind(plan, mount, sourceRegister(index));
    else if (mount.kind === "link") link(plan, mount);
    else changeAttributes(plan, mount);
  });
}

/**
 * Steps that attach the detached mount in the register `mount` to a path below
 * the root, which is made when it is missing.
 */
function attach(
  plan: PlanBuilder,
  destination: string,
  kind?: MountPoint,
  ordinary = false,
): void {
  plan.routine(
    "attach a mount",
    mountPointArguments(destination, kind, ordinary),
    (routine) => {
      mountPointSteps(routine);
      checkKinds(routine);
      attachTo(routine, reg("mount"), reg("target"));
      routine.call("close", [reg("target")]).goBack();
    },
  );
}

/** A directory goes on a directory, anything else on anything else. */
function checkKinds(plan: PlanBuilder): void {
  const directory = plan.fresh("mount is a directory");
  const wrong = plan.fresh("target is a directory");
  const right = plan.fresh("kinds agree");
  whenDirectory(plan, reg("mount"), directory);
  whenDirectory(plan, reg("target"), wrong);
  plan.jump(right).label(wrong).add({ fail: E.EISDIR }).label(directory);
  whenDirectory(plan, reg("target"), right);
  plan.add({ fail: E.ENOTDIR }).label(right);
}

/** A step that attaches a detached mount to an open file. */
export function attachTo(
  plan: PlanBuilder,
  mount: Operand,
  target: Operand,
): void {
  const flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
  plan.call("move_mount", [mount, "", target, "", flags]);
}

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
  const { type, source, data, attributes, naming = () => {} } = wanted;
  plan.call("fsopen", [type, FSOPEN_CLOEXEC], { to: "filesystem" });
  const set = (option: string) => {
    const at = option.indexOf("=");
    const args: Operand[] = at < 0
      ? [FSCONFIG_SET_FLAG, option, 0, 0]
      : [FSCONFIG_SET_STRING, option.slice(0, at), option.slice(at + 1), 0];
    plan.call("fsconfig", [reg("filesystem"), ...args]);
  };
  if (source !== "") set(`source=${source}`);
  for (const option of data) {
    naming(option);
    set(option);
  }
  naming("");
  plan.call("fsconfig", [reg("filesystem"), FSCONFIG_CMD_CREATE, 0, 0, 0])
    .call("fsmount", [reg("filesystem"), FSMOUNT_CLOEXEC, attributes], { to })
    .call("close", [reg("filesystem")]);
}

/** File systems that are trusted to be where they were mounted. */
const ORDINARY = new Set(["proc", "sysfs"]);

function mountFilesystem(plan: PlanBuilder, mount: FilesystemMount): void {
  const { type, source, data, destination, pointer, set } = mount;
  const naming = (option: string) => {
    const what = option === "" ? "" : `set the option "${option}" to `;
    plan.because(`${what}mount ${type} on ${destination}`, pointer);
  };
  naming("");
  const attributes = set;
  makeFilesystem(plan, "mount", { type, source, data, attributes, naming });
  attach(plan, destination, "directory", ORDINARY.has(type));
  applyAttributes(plan, reg("mount"), { ...mount, set: 0, clear: 0 });
  plan.call("close", [reg("mount")]);
}

function bind(plan: PlanBuilder, mount: BindMount, source: string): void {
  const { destination, pointer } = mount;
  plan.because(`bind ${mount.source} to ${destination}`, pointer);
  applyAttributes(plan, reg(source), mount);
  plan.add({ set: "mount", value: reg(source) });
  attach(plan, destination);
  plan.call("close", [reg("mount")]);
}

function link(plan: PlanBuilder, { destination, text, pointer }: LinkInput) {
  const parts = components(destination);
  const parent = parts.slice(0, -1).join("/");
  const there = plan.fresh(`have ${destination}`);
  plan.because(`link ${destination} to ${text}`, pointer);
  openInRoot(plan, "parent", parent, { flags: O.PATH | O.DIRECTORY });
  plan.call("symlinkat", [text, reg("parent"), parts.at(-1) ?? ""], {
    tolerate: [{ errno: E.EEXIST, goto: there }],
  }).label(there).call("close", [reg("parent")]);
}

function changeAttributes(plan: PlanBuilder, change: AttributesChange): void {
  const { destination, pointer, set, clear } = change;
  plan.because(`set the attributes of ${destination}`, pointer);
  openInRoot(plan, "target", destination, { flags: O.PATH });
  setAttributes(plan, reg("target"), { recursive: false, set, clear });
  plan.call("close", [reg("target")]);
}
