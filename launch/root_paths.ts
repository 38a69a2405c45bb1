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
import { type Operand, type PlanBuilder, reg, type Tolerance } from "./plan.ts";

/** The register with the descriptor of the container's root. */
export const ROOT = "root";

const S_IFMT = 0o170000, S_IFDIR = 0o040000, S_IFREG = 0o100000;
const STATX_MODE = 28;
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
export function fileType(
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
export type MountPoint =
  /** A directory. */
  | "directory"
  /** An empty file. */
  | "file"
  /** A directory or a file, as the open file in this register is. */
  | { readonly like: string };

/**
 * Steps that open a mount point into the register `to` and make what is
 * missing of it: directories on the way, at last what `kind` says.
 */
export function openMountPoint(
  plan: PlanBuilder,
  to: string,
  path: string,
  kind: MountPoint,
): void {
  const parts = components(path);
  const make = plan.fresh(`make ${path}`);
  const have = plan.fresh(`have ${path}`);
  openInRoot(plan, to, path, {
    flags: O.PATH,
    tolerate: [{ errno: E.ENOENT, goto: make }],
  });
  plan.jump(have).label(make).add({ set: "parent", value: reg(ROOT) });
  for (let i = 1; i < parts.length; i++) {
    const prefix = parts.slice(0, i).join("/");
    const missing = plan.fresh(`make ${prefix}`);
    const next = plan.fresh(`below ${prefix}`);
    openInRoot(plan, "child", prefix, {
      flags: O.PATH | O.DIRECTORY,
      tolerate: [{ errno: E.ENOENT, goto: missing }],
    });
    plan.jump(next).label(missing);
    makeIn(plan, "mkdirat", [reg("parent"), parts[i - 1]!, 0o755]);
    openInRoot(plan, "child", prefix, { flags: O.PATH | O.DIRECTORY });
    plan.label(next);
    if (i > 1) plan.call("close", [reg("parent")]);
    plan.add({ set: "parent", value: reg("child") });
  }
  const last = parts.at(-1) ?? ".";
  const made = plan.fresh(`made ${path}`);
  const directory = () => makeIn(plan, "mkdirat", [reg("parent"), last, 0o755]);
  const file = () =>
    makeIn(plan, "mknodat", [reg("parent"), last, S_IFREG | 0o755, 0]);
  if (kind === "directory") directory();
  else if (kind === "file") file();
  else {
    const isDirectory = plan.fresh(`${path} is a directory`);
    whenDirectory(plan, reg(kind.like), isDirectory);
    file();
    plan.jump(made).label(isDirectory);
    directory();
  }
  plan.label(made);
  if (parts.length > 1) plan.call("close", [reg("parent")]);
  openInRoot(plan, to, path, { flags: O.PATH });
  plan.label(have);
}

/** A call that makes something; that it is there already is no error. */
function makeIn(
  plan: PlanBuilder,
  call: "mkdirat" | "mknodat",
  args: readonly Operand[],
): void {
  const made = plan.fresh("made");
  plan.call(call, args, { tolerate: [{ errno: E.EEXIST, goto: made }] })
    .label(made);
}
