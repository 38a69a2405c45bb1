/**
 * The launch program that becomes criu for a restore: criu wants the root file
 * system to be a mount, and the places of the container's mounts to be there.
 *
 * Both are made in mounts of its own: whatever happens, the host has no mount
 * more.
 *
 * @module
 */

import { AT_FDCWD, AT_RECURSIVE, O } from "../ffi/fd.ts";
import { MOVE_MOUNT_F_EMPTY_PATH, MS_SLAVE } from "../ffi/mount.ts";
import { CLONE_NEW } from "../ffi/namespace.ts";
import { setAttributes, treeFlags } from "./attributes.ts";
import { begin } from "./beginning.ts";
import { sendWith } from "./messages.ts";
import { type Plan, PlanBuilder, reg } from "./plan.ts";
import { type MountPoint, openMountPoint, ROOT } from "./root_paths.ts";

const CLOSE_RANGE_CLOEXEC = 4;
const F_DUPFD = 0;
const AF_UNIX = 1, SOCK_SEQPACKET = 5;

/** A place that a mount of the container needs. */
export interface Place {
  /** The folder on the host that it lies in; absent: the root file system. */
  readonly folder?: string;
  /** Its path from there. */
  readonly path: string;
  readonly kind: MountPoint;
  readonly pointer: string;
}

/** What the program is made from. */
export interface CriuInput {
  /** criu's absolute path. */
  readonly program: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  /** The root file system's path on the host. */
  readonly rootfs: string;
  /** The folder that it is mounted on. */
  readonly root: string;
  readonly places: readonly Place[];
  /** The descriptor that its socket becomes, behind those handed over. */
  readonly socket: number;
  /** Folders for criu, whose descriptors come next. */
  readonly folders: readonly string[];
}

/** The descriptor for reports, behind all that criu gets. */
export function reportOf(
  { folders, socket }: Pick<CriuInput, "folders" | "socket">,
): number {
  return socket + 1 + folders.length;
}

/** The program's plan. */
export function planCriu(input: CriuInput): Plan {
  const { args, env, folders, program, root, rootfs, socket } = input;
  const report = reportOf(input);
  const plan = new PlanBuilder();
  const slave = { struct: [[8, 0], [8, 0], [8, MS_SLAVE], [8, 0]] as const };
  begin(plan, { davit: report, free: report + 1, name: "davit/criu" });
  plan.because("have mounts of its own")
    .call("unshare", [CLONE_NEW.MOUNT])
    .call("mount_setattr", [AT_FDCWD, "/", AT_RECURSIVE, slave, 32]);
  plan.because(`open the root file system ${rootfs}`, "/root/path")
    .call("open_tree", [AT_FDCWD, rootfs, treeFlags(true)], { to: ROOT });
  setAttributes(plan, reg(ROOT), { recursive: true, propagation: MS_SLAVE });
  plan.call("move_mount", [
    reg(ROOT),
    "",
    AT_FDCWD,
    root,
    MOVE_MOUNT_F_EMPTY_PATH,
  ]);
  plan.because("give files the modes that are asked for").call("umask", [0]);
  plan.add({ set: "container's root", value: reg(ROOT) });
  for (const { folder, kind, path, pointer } of input.places) {
    plan.because(`make the place of a mount, ${path}`, pointer);
    if (folder !== undefined) {
      const flags = O.PATH | O.DIRECTORY | O.CLOEXEC;
      plan.call("openat", [AT_FDCWD, folder, flags, 0], { to: ROOT });
    } else plan.add({ set: ROOT, value: reg("container's root") });
    openMountPoint(plan, path, kind);
    plan.call("close", [reg("target")]);
    if (folder !== undefined) plan.call("close", [reg(ROOT)]);
  }
  // criu looks for descriptors in the process that has made its socket: folders
  // have to be opened in the mounts that it works in.
  plan.because("make criu's socket")
    .block("sockets", 8)
    .call("socketpair", [AF_UNIX, SOCK_SEQPACKET, 0, { block: "sockets" }])
    .add({ load: "ours", from: { block: "sockets" }, size: 4 })
    .add({ load: "theirs", from: { block: "sockets", at: 4 }, size: 4 });
  sendWith(plan, report, "criu", "ours");
  plan.call("close", [reg("ours")]);
  put(plan, "theirs", socket, report);
  folders.forEach((folder, i) => {
    const flags = O.RDONLY | O.DIRECTORY | O.CLOEXEC;
    plan.because(`open the folder ${folder}`)
      .call("openat", [AT_FDCWD, folder, flags, 0], { to: "folder" });
    put(plan, "folder", socket + 1 + i, report);
  });
  plan.because(`exec ${program}`)
    .call("umask", [0o022])
    .call("close_range", [report, 0xffffffff, CLOSE_RANGE_CLOEXEC])
    .call("execve", [program, { strings: args }, { strings: env }]);
  return plan.build();
}

/** Steps that give a descriptor a number, whichever it has by now. */
function put(
  plan: PlanBuilder,
  register: string,
  number: number,
  report: number,
): void {
  plan.call("fcntl", [reg(register), F_DUPFD, report + 1], { to: "moved" })
    .call("close", [reg(register)])
    .call("dup3", [reg("moved"), number, 0])
    .call("close", [reg("moved")]);
}
