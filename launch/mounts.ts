/**
 * Steps that build the container's mount tree.
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import { O } from "../ffi/fd.ts";
import {
  FSCONFIG_CMD_RECONFIGURE,
  FSPICK_CLOEXEC,
  FSPICK_EMPTY_PATH,
  MOUNT_ATTR_RDONLY,
  MOVE_MOUNT_F_EMPTY_PATH,
  MOVE_MOUNT_T_EMPTY_PATH,
} from "../ffi/mount.ts";
import { MAGIC, STATFS_SIZE } from "../ffi/statfs.ts";
import {
  applyAttributes,
  firstUserNamespace,
  mapIds,
  setAttributes,
} from "./attributes.ts";
import { descriptor } from "./descriptors.ts";
import {
  configure,
  isMadeBefore,
  isSealedLater,
  makeMount,
  namingOptions,
} from "./filesystems.ts";
import { opensInTurn, openSource, sourceRegister } from "./first_process.ts";
import { openInnerSource } from "./inner_source.ts";
import type {
  BindMount,
  FilesystemMount,
  LaunchInput,
  LinkInput,
  MountChange,
  MountInput,
} from "./input.ts";
import {
  awaitAnswer,
  COPY_GID,
  COPY_MODE,
  COPY_UID,
  sendWith,
} from "./messages.ts";
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
  input: LaunchInput,
): void {
  const { mounts } = input;
  mounts.forEach((mount, index) => {
    if (mount.kind === "filesystem") {
      mountFilesystem(plan, mount, input, sourceRegister(index));
      if (isSealedLater(mount)) {
        plan.add({ set: sealedRegister(index), value: reg("mount") });
      } else if (isInNew(mounts[index + 1])) {
        plan.add({ set: NEW, value: reg("mount") });
      } else plan.call("close", [reg("mount")]);
    } else if (mount.kind === "bind") {
      const source = sourceRegister(index);
      const { inside } = mount;
      if (inside !== undefined) {
        openInnerSource(plan, input, { ...mount, inside }, source);
      } else if (opensInTurn(input, mount)) {
        openSource(plan, input, mount, index);
      }
      if (isInNew(mount)) bindInNew(plan, mount, source);
      else bind(plan, mount, source);
    } else if (mount.kind === "link") link(plan, mount);
    else changeMount(plan, mount);
    if (isInNew(mount) && !isInNew(mounts[index + 1])) {
      plan.call("close", [reg(NEW)]);
    }
  });
}

/** The register with a file system that holds nothing but what comes next. */
const NEW = "new file system";

/** Whether something has its place in the file system mounted before it. */
function isInNew(mount: MountInput | undefined): boolean {
  return (mount?.kind === "bind" || mount?.kind === "link") &&
    mount.inNew === true;
}

/** Binds a directory in a new file system, where no path has to be walked. */
function bindInNew(plan: PlanBuilder, mount: BindMount, source: string): void {
  const { destination, pointer } = mount;
  const name = components(destination).at(-1)!;
  const there = plan.fresh(`have ${destination}`);
  plan.because(`bind ${mount.source} to ${destination}`, pointer);
  applyAttributes(plan, reg(source), mount);
  plan.call("mkdirat", [reg(NEW), name, 0o755], {
    tolerate: [{ errno: E.EEXIST, goto: there }],
  }).label(there)
    .call("move_mount", [
      reg(source),
      "",
      reg(NEW),
      name,
      MOVE_MOUNT_F_EMPTY_PATH,
    ])
    .call("close", [reg(source)]);
}

/** The register with a mount that becomes read-only later. */
function sealedRegister(index: number): string {
  return `unsealed mount ${index}`;
}

/** Steps that make mounts read-only in which everything has its place now. */
export function sealMounts(plan: PlanBuilder, input: LaunchInput): void {
  input.mounts.forEach((mount, index) => {
    if (mount.kind !== "filesystem" || !isSealedLater(mount)) return;
    const { destination, pointer } = mount;
    const sealed = reg(sealedRegister(index));
    const set = MOUNT_ATTR_RDONLY;
    plan.because(`make ${destination} read-only`, pointer);
    if (!isChangedLater(input, index, destination)) {
      setAttributes(plan, sealed, { recursive: false, set });
    }
    plan.call("close", [sealed]);
  });
}

/** Whether a later mount of the configuration says again what it shall be. */
function isChangedLater(
  { mounts }: LaunchInput,
  index: number,
  place: string,
): boolean {
  return mounts.slice(index + 1).some(({ kind, destination }) =>
    kind === "change" && destination === place
  );
}

/**
 * Steps that attach the detached mount in the register `mount` to a path below
 * the root, which is made when it is missing.
 */
function attach(
  plan: PlanBuilder,
  destination: string,
  how: {
    /** What a missing mount point becomes; absent: what the mount is. */
    readonly kind?: MountPoint;
    /** Refuse links on the way. */
    readonly ordinary?: boolean;
    /** Refuse a mount point in /proc. */
    readonly outsideProc?: boolean;
  },
): void {
  const { kind, ordinary = false, outsideProc = false } = how;
  plan.routine(
    "attach a mount",
    [
      ...mountPointArguments(destination, kind, ordinary),
      outsideProc ? 1 : 0,
    ],
    (routine) => {
      mountPointSteps(routine);
      checkKinds(routine);
      refuseProcfs(routine);
      attachTo(routine, reg("mount"), reg("target"));
      routine.call("close", [reg("target")]).goBack();
    },
  );
}

/** A link must not lead a mount into /proc. */
function refuseProcfs(plan: PlanBuilder): void {
  const wrong = plan.fresh("target is in /proc");
  const right = plan.fresh("target is no procfs");
  plan.argument(5, "type").jump(right, [reg("type"), "==", 0]);
  whenProcfs(plan, reg("target"), wrong);
  plan.jump(right).label(wrong).add({ fail: E.EXDEV }).label(right);
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

/** File systems that are trusted to be where they were mounted. */
export const ORDINARY: ReadonlySet<string> = /* @__PURE__ */ new Set([
  "proc",
  "sysfs",
]);

function mountFilesystem(
  plan: PlanBuilder,
  mount: FilesystemMount,
  input: LaunchInput,
  source: string,
): void {
  const { type, destination, copyUp = false } = mount;
  if (isMadeBefore(input, mount)) {
    plan.because(`mount ${type} on ${destination}`, mount.pointer)
      .add({ set: "mount", value: reg(source) });
  } else makeMount(plan, "mount", mount);
  mapIds(plan, reg("mount"), mount, firstUserNamespace(input));
  const place = mount.mountPoint ?? destination;
  if (copyUp) copyFilesUp(plan, mount, descriptor("davit", input.preserveFds));
  attach(plan, place, {
    kind: "directory",
    ordinary: ORDINARY.has(type),
    // Where no link is on the way, config.json has been looked at.
    outsideProc: mount.mountPoint !== undefined,
  });
  applyAttributes(plan, reg("mount"), { ...mount, set: 0, clear: 0 });
}

/** Davit copies: a program of system calls alone is bad at it. */
function copyFilesUp(
  plan: PlanBuilder,
  mount: FilesystemMount,
  davit: number,
): void {
  const { destination, mountPoint = destination, data, pointer } = mount;
  const nothing = plan.fresh("nothing to copy");
  const lacks = (name: string) =>
    !data.some((option) => option.startsWith(`${name}=`));
  const takes = (lacks("mode") ? COPY_MODE : 0) |
    (lacks("uid") ? COPY_UID : 0) | (lacks("gid") ? COPY_GID : 0);
  plan.because(`copy ${destination} into its tmpfs`, pointer);
  openInRoot(plan, "directory", mountPoint, {
    flags: O.PATH | O.DIRECTORY,
    tolerate: [{ errno: E.ENOENT, goto: nothing }],
  });
  sendWith(plan, davit, "copyFrom", "directory");
  sendWith(plan, davit, "copyTo", "mount", takes);
  awaitAnswer(plan, davit);
  plan.call("close", [reg("directory")]).label(nothing);
}

function bind(plan: PlanBuilder, mount: BindMount, source: string): void {
  const { destination, pointer } = mount;
  plan.because(`bind ${mount.source} to ${destination}`, pointer);
  if (destination === "/proc") requireProcfs(plan, reg(source));
  applyAttributes(plan, reg(source), mount);
  plan.add({ set: "mount", value: reg(source) });
  // It may be meant to be in /proc.
  const isSafe = components(destination)[0] === "proc";
  attach(plan, mount.mountPoint ?? destination, { outsideProc: !isSafe });
  plan.call("close", [reg("mount")]);
}

/** Nothing else is taken for the container's procfs. */
function requireProcfs(plan: PlanBuilder, fd: Operand): void {
  const genuine = plan.fresh("genuine procfs");
  whenProcfs(plan, fd, genuine);
  plan.add({ fail: E.EXDEV }).label(genuine);
}

function whenProcfs(plan: PlanBuilder, fd: Operand, label: string): void {
  plan.block("statfs", STATFS_SIZE)
    .call("fstatfs", [fd, { block: "statfs" }])
    .add({ load: "type", from: { block: "statfs" }, size: 8 })
    .jump(label, [reg("type"), "==", MAGIC.PROC]);
}

function link(plan: PlanBuilder, mount: LinkInput): void {
  const { destination, text, pointer } = mount;
  const parts = components(destination);
  const there = plan.fresh(`have ${destination}`);
  const exists = { tolerate: [{ errno: E.EEXIST, goto: there }] };
  plan.because(`link ${destination} to ${text}`, pointer);
  if (isInNew(mount)) {
    plan.call("symlinkat", [text, reg(NEW), parts.at(-1)!], exists)
      .label(there);
    return;
  }
  const parent = parts.slice(0, -1).join("/");
  openInRoot(plan, "parent", parent, { flags: O.PATH | O.DIRECTORY });
  plan.call("symlinkat", [text, reg("parent"), parts.at(-1) ?? ""], exists)
    .label(there).call("close", [reg("parent")]);
}

function changeMount(plan: PlanBuilder, change: MountChange): void {
  const { destination, pointer, data } = change;
  plan.because(`change the mount on ${destination}`, pointer);
  openInRoot(plan, "target", destination, { flags: O.PATH });
  if (data.length > 0) {
    const flags = FSPICK_EMPTY_PATH | FSPICK_CLOEXEC;
    plan.call("fspick", [reg("target"), "", flags], { to: "filesystem" });
    const last = [FSCONFIG_CMD_RECONFIGURE, 0, 0, 0];
    const why = `change the mount on ${destination}`;
    configure(plan, data, last, namingOptions(plan, why, pointer));
    plan.call("close", [reg("filesystem")]);
  }
  applyAttributes(plan, reg("target"), change);
  plan.call("close", [reg("target")]);
}
