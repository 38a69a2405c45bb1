/**
 * The devices and links that every container has below /dev.
 *
 * @module
 */

import { STATX_SIZE } from "../ffi/files.ts";
import { E } from "../ffi/errno.ts";
import { AT_SYMLINK_NOFOLLOW, O } from "../ffi/fd.ts";
import { bindsDevices, deviceRegister } from "./first_process.ts";
import type { DeviceInput, LaunchInput } from "./input.ts";
import { attachTo } from "./mounts.ts";
import { type PlanBuilder, reg } from "./plan.ts";
import { openInRoot } from "./root_paths.ts";

const S_IFMT = 0o170000, S_IFCHR = 0o020000, S_IFREG = 0o100000;
const STATX_MASK = 3;

/** Steps that fill /dev. A /dev that is a symbolic link is refused. */
export function planDevices(plan: PlanBuilder, input: LaunchInput): void {
  const { devices, deviceLinks } = input;
  if (devices.length === 0 && deviceLinks.length === 0) return;
  openDev(plan);
  for (const device of devices) {
    const { name, major, minor } = device;
    plan.because(`make the device /dev/${name} (${major}:${minor})`);
    if (bindsDevices(input)) bindDevice(plan, name);
    else makeDevice(plan, device);
  }
  for (const { path, text } of deviceLinks) {
    const there = plan.fresh(`have /dev/${path}`);
    plan.because(`link /dev/${path} to ${text}`)
      .call("symlinkat", [text, reg("dev"), path], {
        tolerate: [{ errno: E.EEXIST, goto: there }],
      }).label(there);
  }
  plan.because("let go of /dev").call("close", [reg("dev")]);
}

/** Opens /dev, and makes it when it is not there. */
function openDev(plan: PlanBuilder): void {
  const make = plan.fresh("make /dev");
  const have = plan.fresh("have /dev");
  const flags = O.PATH | O.DIRECTORY;
  plan.because("open /dev");
  openInRoot(plan, "dev", "/dev", {
    flags,
    noSymlinks: true,
    tolerate: [{ errno: E.ENOENT, goto: make }],
  });
  plan.jump(have).label(make)
    .call("mkdirat", [reg("root"), "dev", 0o755]);
  openInRoot(plan, "dev", "/dev", { flags, noSymlinks: true });
  plan.label(have);
}

/** The number of a device file as mknod(2) takes it. */
export function makedev(major: number, minor: number): number {
  return (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12);
}

/** Makes a device file. What is there already has to be the same device. */
function makeDevice(plan: PlanBuilder, device: DeviceInput): void {
  const { name, major, minor } = device;
  const args = [name, makedev(major, minor), major, minor];
  plan.routine("make a device", args, (routine) => {
    const check = routine.fresh("check device");
    const wrong = routine.fresh("other device");
    const have = routine.fresh("have device");
    routine.argument(0, "name").argument(1, "device")
      .call("mknodat", [
        reg("dev"),
        reg("name"),
        S_IFCHR | 0o666,
        reg("device"),
      ], { tolerate: [{ errno: E.EEXIST, goto: check }] })
      .jump(have)
      .label(check)
      .block("statx", STATX_SIZE)
      .call("statx", [
        reg("dev"),
        reg("name"),
        AT_SYMLINK_NOFOLLOW,
        STATX_MASK,
        { block: "statx" },
      ])
      .add({ load: "type", from: { block: "statx", at: 28 }, size: 2 })
      .add({ and: "type", a: reg("type"), b: S_IFMT })
      .jump(wrong, [reg("type"), "!=", S_IFCHR])
      .add({ load: "major", from: { block: "statx", at: 128 }, size: 4 })
      .argument(2, "wanted")
      .jump(wrong, [reg("major"), "!=", reg("wanted")])
      .add({ load: "minor", from: { block: "statx", at: 132 }, size: 4 })
      .argument(3, "wanted")
      .jump(have, [reg("minor"), "==", reg("wanted")])
      .label(wrong).add({ fail: E.EEXIST })
      .label(have).goBack();
  });
}

/** Where mknod(2) is forbidden, the host's device is bound onto a file. */
function bindDevice(plan: PlanBuilder, name: string): void {
  openDevFile(plan, name);
  attachTo(plan, reg(deviceRegister(name)), reg("target"));
  plan.call("close", [reg("target")])
    .call("close", [reg(deviceRegister(name))]);
}

/** Steps that open the file /dev/NAME into `target`, made when missing. */
export function openDevFile(plan: PlanBuilder, name: string): void {
  const have = plan.fresh(`have /dev/${name}`);
  plan.call("mknodat", [reg("dev"), name, S_IFREG | 0o600, 0], {
    tolerate: [{ errno: E.EEXIST, goto: have }],
  }).label(have).call("openat", [
    reg("dev"),
    name,
    O.PATH | O.NOFOLLOW | O.CLOEXEC,
    0,
  ], { to: "target" });
}
