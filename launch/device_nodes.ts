/**
 * The devices that `linux.devices` asks for.
 *
 * @module
 */

import { STATX_SIZE } from "../ffi/files.ts";
import { E } from "../ffi/errno.ts";
import { AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW } from "../ffi/fd.ts";
import { makedev } from "./devices.ts";
import { bindsNode, nodeRegister } from "./first_process.ts";
import type { DeviceNodeInput, LaunchInput } from "./input.ts";
import { attachTo } from "./mounts.ts";
import { type Operand, type PlanBuilder, reg } from "./plan.ts";
import { components, openMountPoint } from "./root_paths.ts";

const S_IFMT = 0o170000;
const TYPES = { c: 0o020000, b: 0o060000, p: 0o010000 };
/** STATX_TYPE | STATX_MODE. */
const STATX_MASK = 3;

/** Steps that make the devices, and the directories above them. */
export function planDeviceNodes(plan: PlanBuilder, input: LaunchInput): void {
  for (const [index, node] of input.deviceNodes.entries()) {
    const { path, type, major, minor, pointer } = node;
    const number = type === "p" ? "" : ` ${major}:${minor}`;
    plan.because(`make the device ${path} (${type}${number})`, pointer);
    if (bindsNode(input, node)) bindNode(plan, node, nodeRegister(index));
    else makeNode(plan, node);
  }
}

/** Where mknod(2) is forbidden, the host's device is bound onto a file. */
function bindNode(
  plan: PlanBuilder,
  node: DeviceNodeInput,
  register: string,
): void {
  checkNode(plan, node, reg(register), "", E.ENODEV);
  openMountPoint(plan, node.path, "file");
  attachTo(plan, reg(register), reg("target"));
  plan.call("close", [reg("target")]).call("close", [reg(register)]);
}

/**
 * What is there already has to be the same device, and stays as it is: it may
 * be the host's, in a directory that is bound.
 */
function makeNode(plan: PlanBuilder, node: DeviceNodeInput): void {
  const { path, type, major, minor, mode = 0o666, uid = 0, gid = 0 } = node;
  const parts = components(path);
  const name = parts.at(-1)!;
  const exists = plan.fresh("a file that is there");
  const done = plan.fresh("have the device");
  openMountPoint(plan, `/${parts.slice(0, -1).join("/")}`, "directory");
  plan.call("mknodat", [
    reg("target"),
    name,
    TYPES[type] | mode,
    makedev(major, minor),
  ], { tolerate: [{ errno: E.EEXIST, goto: exists }] })
    .call("fchownat", [reg("target"), name, uid, gid, AT_SYMLINK_NOFOLLOW])
    .jump(done)
    .label(exists);
  checkNode(plan, node, reg("target"), name, E.EEXIST);
  plan.label(done).call("close", [reg("target")]);
}

/** Fails with `errno` unless a file is the device that is asked for. */
function checkNode(
  plan: PlanBuilder,
  { type, major, minor }: DeviceNodeInput,
  directory: Operand,
  name: string,
  errno: number,
): void {
  const right = plan.fresh("the same device");
  const wrong = plan.fresh("another file");
  const flags = AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW;
  plan.block("statx", STATX_SIZE)
    .call("statx", [directory, name, flags, STATX_MASK, { block: "statx" }])
    .add({ load: "type", from: { block: "statx", at: 28 }, size: 2 })
    .add({ and: "type", a: reg("type"), b: S_IFMT })
    .jump(wrong, [reg("type"), "!=", TYPES[type]]);
  if (type !== "p") {
    plan.add({ load: "major", from: { block: "statx", at: 128 }, size: 4 })
      .jump(wrong, [reg("major"), "!=", major])
      .add({ load: "minor", from: { block: "statx", at: 132 }, size: 4 })
      .jump(wrong, [reg("minor"), "!=", minor]);
  }
  plan.jump(right).label(wrong).add({ fail: errno }).label(right);
}
