/**
 * Init: sets the container up from inside, then becomes the user's program.
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import { AT_FDCWD } from "../ffi/fd.ts";
import { MOUNT_ATTR_RDONLY, MOVE_MOUNT_F_EMPTY_PATH } from "../ffi/mount.ts";
import { byteLength } from "../ffi/text.ts";
import { setAttributes } from "./attributes.ts";
import { endWithDavit, SIGKILL } from "./beginning.ts";
import { joinCgroups } from "./cgroups.ts";
import { planControllingTerminal, planTerminal } from "./console.ts";
import { descriptor } from "./descriptors.ts";
import { planDeviceNodes } from "./device_nodes.ts";
import { planDevices } from "./devices.ts";
import {
  hasNamespace,
  hostMounts,
  INIT,
  isRootAtItsPath,
  makesNamespace,
} from "./first_process.ts";
import { planCreateHooks } from "./hooks.ts";
import { laysOutMounts, stopPropagation, takeMounts } from "./host_mounts.ts";
import type { LaunchInput } from "./input.ts";
import { openLabels } from "./labels.ts";
import { planMaskedPaths, planReadonlyPaths } from "./masks.ts";
import { ANSWER, awaitAnswer, tell } from "./messages.ts";
import { attachTo, planMounts, sealMounts } from "./mounts.ts";
import { type PlanBuilder, reg, STRINGS_ROOM } from "./plan.ts";
import { ownKeyring, planProcess } from "./process.ts";
import { openMountPoint, ROOT } from "./root_paths.ts";
import { planExecutionDomain, resetAffinity } from "./scheduling.ts";
import { planSysctls } from "./sysctl.ts";
import { planStart } from "./user_program.ts";

const MNT_DETACH = 2;
const AF_INET = 2, SOCK_DGRAM = 2, SOCK_CLOEXEC = 0o2000000;
const SIOCSIFFLAGS = 0x8914, IFF_UP = 1;

/** Steps of init. */
export function planInit(plan: PlanBuilder, input: LaunchInput): void {
  const { process } = input;
  plan.label(INIT);
  endWithDavit(plan, SIGKILL);
  joinCgroups(plan, input);
  resetAffinity(plan);
  if (process !== undefined) openLabels(plan, process);
  plan.because("start a session of its own").call("setsid", []);
  if (input.ownKeyring ?? true) ownKeyring(plan, input.id);
  plan.because("give files the modes that are asked for").call("umask", [0]);
  if (makesNamespace(input, "network")) bringUpLoopback(plan);
  awaitRest(plan, input);
  awaitWork(plan, input);
  nameHost(plan, input);
  planSysctls(plan, input.sysctls);
  if (hasNamespace(input, "mount")) planMountTree(plan, input);
  else {
    planTerminal(plan, input);
    changeRoot(plan, input);
  }
  planExecutionDomain(plan, input);
  if (process !== undefined) {
    planControllingTerminal(plan, process);
    planProcess(plan, process);
  }
  planStart(plan, input);
}

function bringUpLoopback(plan: PlanBuilder): void {
  const name = [..."lo"].map((c) => c.charCodeAt(0));
  plan.because("bring the loopback interface up", "/linux/namespaces")
    // struct ifreq: the name in 16 bytes, then the flags.
    .block("ifreq", [
      [8, BigInt(name[0]! | name[1]! << 8)],
      [8, 0],
      [8, IFF_UP],
      [8, 0],
      [8, 0],
    ])
    .call("socket", [AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0], { to: "file" })
    .call("ioctl", [reg("file"), SIOCSIFFLAGS, { block: "ifreq" }])
    .call("close", [reg("file")]);
}

/**
 * Waits for the part of the program that Davit lays out while the first process
 * makes init: where nobody has waited for Davit before, whose next answer may
 * then come at any time, and where the strings have room.
 */
function awaitRest(plan: PlanBuilder, input: LaunchInput): void {
  const { inParts = false, mounts, preserveFds } = input;
  if (!inParts || plan.hasRoutines || plan.hasBlock(ANSWER)) return;
  // Of a path that is long and deep the program holds all beginnings.
  const most = mounts.reduce(
    (sum, { destination: { length } }) => sum + length * length,
    0,
  );
  if (most > STRINGS_ROOM / 8) return;
  plan.because("wait for the rest of the program");
  awaitAnswer(plan, descriptor("davit", preserveFds));
  plan.restFollows();
}

/** Waits for what only Davit can do, such as give a network device. */
function awaitWork(plan: PlanBuilder, input: LaunchInput): void {
  const { awaitsDavit, preserveFds } = input;
  if (awaitsDavit === undefined) return;
  const davit = descriptor("davit", preserveFds);
  plan.because(awaitsDavit.why, awaitsDavit.pointer);
  tell(plan, davit, "work");
  awaitAnswer(plan, davit);
}

function nameHost(plan: PlanBuilder, input: LaunchInput): void {
  const set = (
    call: "sethostname" | "setdomainname",
    name: string | undefined,
    pointer: string,
  ) => {
    if (name === undefined) return;
    plan.because(`set the ${pointer.slice(1)} to ${name}`, pointer)
      .call(call, [name, byteLength(name)]);
  };
  set("sethostname", input.hostname, "/hostname");
  set("setdomainname", input.domainname, "/domainname");
}

function planMountTree(plan: PlanBuilder, input: LaunchInput): void {
  const { root, process } = input;
  if (laysOutMounts(input)) takeMounts(plan, hostMounts(input));
  else stopPropagation(plan);
  plan.because("attach the root file system", "/root/path");
  if (isRootAtItsPath(input)) attachTo(plan, reg(ROOT), AT_FDCWD);
  // On top of the host's root, no path of the host has to be walked.
  else putOverRoot(plan);
  planMounts(plan, input);
  planDevices(plan, input);
  planDeviceNodes(plan, input);
  planTerminal(plan, input);
  if (process !== undefined) makeWorkingDirectory(plan, process.cwd);
  planCreateHooks(plan, input);
  sealMounts(plan, input);
  planMaskedPaths(plan, input.maskedPaths);
  planReadonlyPaths(plan, input.readonlyPaths);
  if (root.readonly) {
    plan.because("make the root file system read-only", "/root/readonly");
    setAttributes(plan, reg(ROOT), {
      recursive: false,
      set: MOUNT_ATTR_RDONLY,
    });
  }
  plan.because("switch to the root file system", "/root/path")
    .call("fchdir", [reg(ROOT)]);
  if (root.noPivot) {
    if (isRootAtItsPath(input)) putOverRoot(plan);
    root.hidden?.forEach((path) => hide(plan, path));
    plan.because("switch to the root file system", "/root/path")
      .call("chroot", ["."]);
  } else {
    plan.call("pivot_root", [".", "."]);
    plan.because("let go of the host's root", "/root/path")
      .call("umount2", [".", MNT_DETACH]);
  }
  plan.call("chdir", ["/"]);
  if (root.propagation !== undefined) {
    const { flag, recursive } = root.propagation;
    plan.because("set the root's propagation", "/linux/rootfsPropagation");
    setAttributes(plan, reg(ROOT), { recursive, propagation: flag });
  }
  plan.call("close", [reg(ROOT)]);
}

/** Steps that take a mount of the host's away, or cover it. */
function hide(plan: PlanBuilder, path: string): void {
  const locked = plan.fresh(`cover ${path}`);
  const hidden = plan.fresh(`hidden ${path}`);
  const gone = { errno: E.ENOENT, goto: hidden };
  plan.because(`hide the host's ${path}`, "/root/path")
    .call("umount2", [path, MNT_DETACH], {
      tolerate: [
        gone,
        { errno: E.EINVAL, goto: locked },
        { errno: E.EPERM, goto: locked },
      ],
    })
    .jump(hidden)
    .label(locked)
    .call("mount", ["tmpfs", path, "tmpfs", 0, 0], { tolerate: [gone] })
    .label(hidden);
}

/** A step that moves the root file system over the host's root. */
function putOverRoot(plan: PlanBuilder): void {
  plan.call("move_mount", [
    reg(ROOT),
    "",
    AT_FDCWD,
    "/",
    MOVE_MOUNT_F_EMPTY_PATH,
  ]);
}

/** Without a mount namespace there is only chroot(2). */
function changeRoot(plan: PlanBuilder, input: LaunchInput): void {
  const { process } = input;
  if (process !== undefined) makeWorkingDirectory(plan, process.cwd);
  planCreateHooks(plan, input);
  plan.because("change to the root directory", "/root/path")
    .call("fchdir", [reg(ROOT)])
    .call("chroot", ["."])
    .call("close", [reg(ROOT)]);
}

function makeWorkingDirectory(plan: PlanBuilder, cwd: string): void {
  plan.because(`make the working directory ${cwd}`, "/process/cwd");
  openMountPoint(plan, cwd, "directory");
  plan.call("close", [reg("target")]);
}
