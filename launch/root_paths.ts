/**
 * Paths below the container's root.
 *
 * Whoever made the root file system chose what lies behind them, so they are
 * resolved inside the root by openat2(2), made with mkdirat(2) in directories
 * that are held open, and used through descriptors alone.
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import { AT_EMPTY_PATH, O, RESOLVE } from "../ffi/fd.ts";
import {
  type Field,
  type Operand,
  type PlanBuilder,
  reg,
  type Tolerance,
} from "./plan.ts";

/** The register with the descriptor of the container's root. */
export const ROOT = "root";

const S_IFMT = 0o170000, S_IFDIR = 0o040000, S_IFREG = 0o100000;
/** Where a `struct statx` has the mode, two bytes. */
export const STATX_MODE = 28;
/** STATX_TYPE | STATX_MODE. */
const STATX_MASK = 3;

/** The components of an absolute path, cleaned as text. */
export function components(path: string): string[] {
  const clean: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") clean.pop();
    else if (part !== "" && part !== ".") clean.push(part);
  }
  return clean;
}

/** How to open a path below the root. */
export interface Resolution {
  /** open(2) flags; close-on-exec is added. */
  readonly flags: number;
  /** Refuse symbolic links anywhere in the path. */
  readonly noSymlinks?: boolean;
  readonly tolerate?: readonly Tolerance[];
}

/** Steps that open `path`, resolved inside the root, into a register. */
export function openInRoot(
  plan: PlanBuilder,
  to: string,
  path: string,
  resolution: Resolution,
): void {
  const { flags, noSymlinks = false, tolerate = [] } = resolution;
  const again = plan.fresh(`open ${path}`);
  const resolve = RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS |
    (noSymlinks ? RESOLVE.NO_SYMLINKS : 0);
  const how: Operand = {
    struct: [[8, flags | O.CLOEXEC], [8, 0], [8, resolve]],
  };
  plan.label(again).call("openat2", [
    reg(ROOT),
    components(path).join("/") || ".",
    how,
    24,
  ], {
    to,
    // A rename anywhere on the system makes a scoped walk start again.
    tolerate: [...tolerate, { errno: E.EAGAIN, goto: again }],
  });
}

/** Steps that put the type bits of an open file's mode into a register. */
function fileType(
  plan: PlanBuilder,
  fd: Operand,
  to: string,
): void {
  plan.block("statx", Array.from({ length: 32 }, () => [8, 0]))
    .call("statx", [fd, "", AT_EMPTY_PATH, STATX_MASK, { block: "statx" }])
    .add({ load: to, from: { block: "statx", at: STATX_MODE }, size: 2 })
    .add({ and: to, a: reg(to), b: S_IFMT });
}

/** Steps that go to `label` when the open file `fd` is a directory. */
export function whenDirectory(
  plan: PlanBuilder,
  fd: Operand,
  label: string,
): void {
  fileType(plan, fd, "type");
  plan.jump(label, [reg("type"), "==", S_IFDIR]);
}

/** What a missing mount point becomes. */
export type MountPoint = "directory" | "file";

/**
 * Steps that open a mount point into the register `target` and make what is
 * missing of it: directories on the way, at last what `kind` says, or without
 * one what the open file in the register `mount` is.
 */
export function openMountPoint(
  plan: PlanBuilder,
  path: string,
  kind?: MountPoint,
): void {
  plan.routine(
    "open a mount point",
    mountPointArguments(path, kind),
    (routine) =>
      mountPointSteps(routine.add({ set: "mount", value: 0 })).goBack(),
  );
}

/**
 * The arguments of the routine: the path, its last component, the kind, the
 * address of a list of the directories above it (each as path and name), and
 * how to open it.
 *
 * @param ordinary refuse a path that holds a symbolic link: what the kernel
 * or Davit trusts to be at this very place must be there (CVE-2019-19921)
 */
export function mountPointArguments(
  path: string,
  kind: MountPoint | undefined,
  ordinary = false,
): Operand[] {
  const parts = components(path);
  const above: Field[] = [];
  for (let i = 1; i < parts.length; i++) {
    above.push([8, parts.slice(0, i).join("/")], [8, parts[i - 1]!]);
  }
  return [
    parts.join("/") || ".",
    parts.at(-1) ?? ".",
    kind === undefined ? LIKE_MOUNT : kind === "directory" ? S_IFDIR : S_IFREG,
    { struct: [...above, [8, 0]] },
    ordinary ? HOW_ORDINARY : HOW_TARGET,
  ];
}

/** The kind of a mount point that is as what is mounted on it. */
const LIKE_MOUNT = 0;

/** The steps of the routine, up to the open mount point in `target`. */
export function mountPointSteps(plan: PlanBuilder): PlanBuilder {
  const make = plan.fresh("make mount point");
  const have = plan.fresh("have mount point");
  plan.argument(0, "path").argument(4, "how");
  openTarget(plan, reg("how"), { errno: E.ENOENT, goto: make });
  plan.jump(have).label(make);
  openParent(plan);
  makeTarget(plan);
  openTarget(plan, reg("how"));
  return plan.label(have);
}

/** How a path below the root is opened for mounting on it. */
export const HOW_TARGET = how(O.PATH);
const HOW_DIRECTORY = how(O.PATH | O.DIRECTORY);
const HOW_FILE = how(O.CREAT | O.WRONLY | O.NONBLOCK | O.NOCTTY, 0, 0o755);
const HOW_ORDINARY = how(O.PATH, RESOLVE.NO_SYMLINKS);

function how(flags: number, more = 0, mode = 0): Operand {
  const resolve = RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS | more;
  return { struct: [[8, flags | O.CLOEXEC], [8, mode], [8, resolve]] };
}

/** Steps that open the path in the register `path` into `target`. */
export function openTarget(
  plan: PlanBuilder,
  how: Operand,
  ...tolerate: Tolerance[]
): void {
  const again = plan.fresh("open target");
  plan.label(again)
    .call("openat2", [reg(ROOT), reg("path"), how, 24], {
      to: "target",
      tolerate: [...tolerate, { errno: E.EAGAIN, goto: again }],
    });
}

/** Opens the last directory above the target, and makes those missing. */
function openParent(plan: PlanBuilder): void {
  const next = plan.fresh("next directory");
  const missing = plan.fresh("missing directory");
  const made = plan.fresh("made directory");
  const opened = plan.fresh("opened directory");
  const done = plan.fresh("opened parent");
  const open = (label: string, ...tolerate: Tolerance[]) =>
    plan.label(label).call("openat2", [
      reg(ROOT),
      reg("prefix"),
      HOW_DIRECTORY,
      24,
    ], {
      to: "child",
      tolerate: [...tolerate, { errno: E.EAGAIN, goto: label }],
    });
  plan.add({ set: "parent", value: reg(ROOT) })
    .argument(3, "above")
    .label(next)
    .add({ load: "prefix", from: reg("above"), size: 8 })
    .jump(done, [reg("prefix"), "==", 0]);
  open(plan.fresh("open directory"), { errno: E.ENOENT, goto: missing });
  plan.jump(opened).label(missing)
    .add({ load: "name", from: reg("above"), at: 8, size: 8 })
    .call("mkdirat", [reg("parent"), reg("name"), 0o755], {
      tolerate: [{ errno: E.EEXIST, goto: made }],
    });
  open(made);
  plan.label(opened);
  closeParent(plan);
  plan.add({ set: "parent", value: reg("child") })
    .add({ add: "above", a: reg("above"), b: 16 })
    .jump(next)
    .label(done);
}

function closeParent(plan: PlanBuilder): void {
  const kept = plan.fresh("kept parent");
  plan.jump(kept, [reg("parent"), "==", reg(ROOT)])
    .call("close", [reg("parent")])
    .label(kept);
}

/** Makes the target in its parent; that it is there already is no error. */
function makeTarget(plan: PlanBuilder): void {
  const known = plan.fresh("kind known");
  const directory = plan.fresh("make directory");
  const made = plan.fresh("made");
  const exists = { tolerate: [{ errno: E.EEXIST, goto: made }] };
  plan.argument(1, "name").argument(2, "type")
    .jump(known, [reg("type"), "!=", LIKE_MOUNT]);
  fileType(plan, reg("mount"), "type");
  plan.label(known)
    .jump(directory, [reg("type"), "==", S_IFDIR]);
  // Through a link whose target is missing, too, but never out of the root.
  const create = plan.fresh("make file");
  plan.label(create)
    .call("openat2", [reg(ROOT), reg("path"), HOW_FILE, 24], {
      to: "child",
      tolerate: [{ errno: E.EAGAIN, goto: create }],
    })
    .call("close", [reg("child")])
    .jump(made)
    .label(directory)
    .call("mkdirat", [reg("parent"), reg("name"), 0o755], exists)
    .label(made);
  closeParent(plan);
}
