/**
 * The devices that `linux.devices` asks for.
 *
 * @module
 */

import { STATX_SIZE } from "../ffi/files.ts";
import { E } from "../ffi/errno.ts";
import { AT_SYMLINK_NOFOLLOW } from "../ffi/fd.ts";
import { makedev } from "./devices.ts";
import { bindsNode, nodeRegister } from "./first_process.ts";
import type { DeviceNodeInput, LaunchInput } from "./input.ts";
import { attachTo } from "./mounts.ts";
import { type PlanBuilder, reg } from "./plan.ts";
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
    if (bindsNode(input, node)) bindNode(plan, path, nodeRegister(index));
    else makeNode(plan, node);
  }
}

/** Where mknod(2) is forbidden, the host's device is bound onto a file. */
function bindNode(plan: PlanBuilder, path: string, register: string): void {
  openMountPoint(plan, path, "file");
  attachTo(plan, reg(register), reg("target"));
  plan.call("close", [reg("target")]).call("close", [reg(register)]);
}

/** What is there already has to be the same device. */
function makeNode(plan: PlanBuilder, node: DeviceNodeInput): void {
  const { path, type, major, minor, mode = 0o666, uid = 0, gid = 0 } = node;
  const parts = components(path);
  const name = parts.at(-1)!;
  const exists = plan.fresh("a file that is there");
  const own = plan.fresh("give the device away");
  const wrong = plan.fresh("another file");
  openMountPoint(plan, `/${parts.slice(0, -1).join("/")}`, "directory");
  plan.call("mknodat", [
    reg("target"),
    name,
    TYPES[type] | mode,
    makedev(major, minor),
  ], { tolerate: [{ errno: E.EEXIST, goto: exists }] })
    .jump(own)
    .label(exists)
    .block("statx", STATX_SIZE)
    .call("statx", [
      reg("target"),
      name,
      AT_SYMLINK_NOFOLLOW,
      STATX_MASK,
      { block: "statx" },
    ])
    .add({ load: "type", from: { block: "statx", at: 28 }, size: 2 })
    .add({ and: "type", a: reg("type"), b: S_IFMT })
    .jump(wrong, [reg("type"), "!=", TYPES[type]]);
  if (type !== "p") {
    plan.add({ load: "major", from: { block: "statx", at: 128 }, size: 4 })
      .jump(wrong, [reg("major"), "!=", major])
      .add({ load: "minor", from: { block: "statx", at: 132 }, size: 4 })
      .jump(wrong, [reg("minor"), "!=", minor]);
  }
  const right = plan.fresh("the same device");
  plan.jump(right).label(wrong).add({ fail: E.EEXIST }).label(right);
  if (node.mode !== undefined) {
    plan.call("fchmodat", [reg("target"), name, mode]);
  }
  plan.label(own)
    .call("fchownat", [reg("target"), name, uid, gid, AT_SYMLINK_NOFOLLOW])
    .call("close", [reg("target")]);
}
