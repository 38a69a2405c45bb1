/**
 * The first process: opens what needs the host's rights, joins and makes
 * namespaces, clones init and ends.
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import { AT_EMPTY_PATH, AT_FDCWD, O } from "../ffi/fd.ts";
import {
  MOUNT_ATTR_RDONLY,
  MS_PRIVATE,
  MS_SHARED,
  MS_SLAVE,
  MS_UNBINDABLE,
} from "../ffi/mount.ts";
import { MAGIC, STATFS_SIZE } from "../ffi/statfs.ts";
import {
  firstUserNamespace,
  mapIds,
  setAttributes,
  treeFlags,
} from "./attributes.ts";
import { descriptor, firstFree } from "./descriptors.ts";
import { isMadeBefore, makeMount } from "./filesystems.ts";
import { INIT_NAME } from "./init_name.ts";
import type { BindMount, DeviceNodeInput, LaunchInput } from "./input.ts";
import { tell } from "./messages.ts";
import {
  clonedKinds,
  enterUserNamespace,
  hasNamespace,
  joinNamespaces,
  joinsNamespace,
  makesNamespace,
  makeTimeNamespace,
  NAMESPACE_FLAG,
  openNamespaces,
  openTimeOffsets,
  ownMounts,
} from "./namespaces.ts";
import { type Field, type PlanBuilder, reg, REPORT } from "./plan.ts";
import { ROOT } from "./root_paths.ts";

export { hasNamespace, makesNamespace } from "./namespaces.ts";

const CLONE_PARENT = 0x8000, SIGCHLD = 17;
const CLONE_INTO_CGROUP = 0x200000000, CLONE_ARGS_SIZE = 88;
/** The signal that no process can keep from ending it. */
export const SIGKILL = 9;
const PR_SET_PDEATHSIG = 1, PR_SET_DUMPABLE = 4, PR_SET_NAME = 15;

/** The register with the clone of a bind mount's source. */
export function sourceRegister(index: number): string {
  return `source ${index}`;
}

/** The register with the clone of a host's device file. */
export function deviceRegister(name: string): string {
  return `device ${name}`;
}

/** What asks for cgroups. */
export const CGROUP_POINTER = "/linux/cgroupsPath";

/** The register with the cgroup of v2, or its file `cgroup.procs`. */
export const UNIFIED = "unified cgroup";

/** Whether clone3(2) can put init into its cgroup of v2. */
export function isBornInCgroup(input: LaunchInput): boolean {
  return input.cgroupDirectory !== undefined &&
    !hasNamespace(input, "user") && !joinsNamespace(input, "cgroup");
}

/** The register with the descriptor of a `tasks` file. */
export function cgroupRegister(index: number): string {
  return `cgroup ${index}`;
}

/** In a user namespace mknod(2) is forbidden: the host's devices are bound. */
export function bindsDevices(input: LaunchInput): boolean {
  const { privileges = "host" } = input;
  return privileges !== "host" || hasNamespace(input, "user");
}

/**
 * Steps of the first process.
 *
 * Root opens what the container gets while it has the host's rights, and goes
 * into the user namespace then. An ordinary user has rights over mounts only
 * inside of one, so that there the order is the other way round.
 */
export function planFirstProcess(plan: PlanBuilder, input: LaunchInput): void {
  const { privileges = "host" } = input;
  const davit = descriptor("davit", input.preserveFds);
  prepare(plan, input, davit);
  openTimeOffsets(plan, input);
  adjustOom(plan, input);
  if (privileges !== "user") refuseTracing(plan);
  openCgroups(plan, input);
  if (privileges === "user") enterAsUser(plan, input, davit);
  else enterAsRoot(plan, input, davit);
  makeTimeNamespace(plan, input);
  cloneInit(plan, input, davit);
}

function enterAsRoot(
  plan: PlanBuilder,
  input: LaunchInput,
  davit: number,
): void {
  // The mounts here may be those of a namespace above.
  const { privileges = "host" } = input;
  const isGuest = privileges === "namespace";
  if (isGuest && hasNamespace(input, "mount")) ownMounts(plan, input);
  openFiles(plan, input);
  raiseLimits(plan, input);
  openNamespaces(plan, input);
  joinNamespaces(plan, input);
  enterUserNamespace(plan, input, davit);
}

function enterAsUser(
  plan: PlanBuilder,
  input: LaunchInput,
  davit: number,
): void {
  raiseLimits(plan, input);
  openNamespaces(plan, input);
  enterUserNamespace(plan, input, davit);
  // Not before: newuidmap(1) and the kernel want a process of the user's.
  refuseTracing(plan);
  endWithDavit(plan, SIGKILL);
  joinNamespaces(plan, input);
  if (makesNamespace(input, "mount")) ownMounts(plan, input);
  openFiles(plan, input);
}

/** Opens what the container gets of the host's files. */
function openFiles(plan: PlanBuilder, input: LaunchInput): void {
  openRoot(plan, input);
  openSources(plan, input);
  if (bindsDevices(input)) openDevices(plan, input);
  if (hasHostTerminal(input)) openConsole(plan, input);
}

function prepare(plan: PlanBuilder, input: LaunchInput, davit: number): void {
  const { preserveFds } = input;
  const hasConsole = hasHostTerminal(input);
  plan.because("forget the caller's descriptors and signals")
    .add({ set: REPORT, value: davit })
    .call("close_range", [
      firstFree(preserveFds, hasConsole) + (input.idMaps ?? 0),
      0xffffffff,
      0,
    ]);
  if (input.startNow) {
    const skip = plan.fresh("nothing to close");
    plan.call("close", [descriptor("start", preserveFds)], {
      tolerate: [{ errno: "any", goto: skip }],
    }).label(skip);
  }
  // posix_spawn(3) ignores the two signals that glibc keeps for itself.
  const byDefault = {
    struct: Array.from({ length: 4 }, () => [8, 0] as const),
  };
  for (const signal of [32, 33]) {
    plan.call("rt_sigaction", [signal, byDefault, 0, 8]);
  }
  endWithDavit(plan, SIGKILL);
  plan.because(`be called ${INIT_NAME} until the program runs`)
    .call("prctl", [PR_SET_NAME, INIT_NAME, 0, 0, 0]);
}

function refuseTracing(plan: PlanBuilder): void {
  plan.because("keep other processes from tracing the launch")
    .call("prctl", [PR_SET_DUMPABLE, 0, 0, 0, 0]);
}

/**
 * A step that has this process killed when Davit dies, or with 0 no longer.
 * What was set is not inherited, and is lost when the user changes.
 */
export function endWithDavit(plan: PlanBuilder, signal: number): void {
  plan.because(signal === 0 ? "outlive Davit" : "end when Davit dies")
    .call("prctl", [PR_SET_PDEATHSIG, signal, 0, 0, 0]);
}

function adjustOom(plan: PlanBuilder, input: LaunchInput): void {
  const score = input.process?.oomScoreAdj;
  if (score === undefined) return;
  const genuine = plan.fresh("genuine procfs");
  const path = "/proc/self/oom_score_adj";
  plan.because(`set the OOM score to ${score}`, "/process/oomScoreAdj")
    .block("statfs", STATFS_SIZE)
    .call("openat", [AT_FDCWD, path, O.WRONLY | O.CLOEXEC, 0], { to: "file" })
    .call("fstatfs", [reg("file"), { block: "statfs" }])
    .add({ load: "type", from: { block: "statfs" }, size: 8 })
    .jump(genuine, [reg("type"), "==", MAGIC.PROC])
    .add({ fail: E.EXDEV })
    .label(genuine)
    .call("write", [reg("file"), String(score), String(score).length])
    .call("close", [reg("file")]);
}

function openCgroups(plan: PlanBuilder, input: LaunchInput): void {
  const open = (path: string, flags: number, to: string) =>
    plan.because(`open ${path}`, CGROUP_POINTER)
      .call("openat", [AT_FDCWD, path, flags | O.CLOEXEC, 0], { to });
  input.cgroupTasks.forEach((path, i) => {
    open(path, O.WRONLY, cgroupRegister(i));
  });
  const { cgroupDirectory: path } = input;
  if (path === undefined) return;
  // In a user namespace, or a cgroup namespace that is not below the cgroup,
  // init has no right to it but by an open file.
  if (isBornInCgroup(input)) open(path, O.PATH | O.DIRECTORY, UNIFIED);
  else open(`${path}/cgroup.procs`, O.WRONLY, UNIFIED);
}

/**
 * Whether the root file system is mounted where it is on the host, and not
 * over the host's root: hooks look for it there.
 */
export function isRootAtItsPath(input: LaunchInput): boolean {
  return input.hooks?.pause === true && makesNamespace(input, "mount");
}

function openRoot(plan: PlanBuilder, input: LaunchInput): void {
  const { path, propagation } = input.root;
  plan.because(`open the root file system ${path}`, "/root/path");
  if (!hasNamespace(input, "mount")) {
    const flags = O.PATH | O.DIRECTORY | O.CLOEXEC;
    plan.call("openat", [AT_FDCWD, path, flags, 0], { to: ROOT });
    return;
  }
  plan.call("open_tree", [AT_FDCWD, path, treeFlags(true)], { to: ROOT });
  // A clone's working directory is in its own mounts: nobody walks the path.
  if (isRootAtItsPath(input)) plan.call("chdir", [path]);
  // A copy of a shared mount is its peer: what the container mounts would
  // show up on the host.
  setAttributes(plan, reg(ROOT), {
    recursive: true,
    propagation: inherited(propagation?.flag),
  });
  if (!input.root.recursive) return;
  // Now, not when the container's own mounts are below it as well.
  plan.because("make the root file system's mounts read-only");
  setAttributes(plan, reg(ROOT), { recursive: true, set: MOUNT_ATTR_RDONLY });
}

/** The propagation that copies of the host's mounts begin with. */
function inherited(wanted: number | undefined): number {
  return wanted === MS_PRIVATE || wanted === MS_UNBINDABLE
    ? MS_PRIVATE
    : MS_SLAVE;
}

function openSources(plan: PlanBuilder, input: LaunchInput): void {
  input.mounts.forEach((mount, i) => {
    if (mount.kind === "filesystem" && isMadeBefore(input, mount)) {
      makeMount(plan, sourceRegister(i), mount);
    }
    if (mount.kind !== "bind" || opensInTurn(input, mount)) return;
    openSource(plan, input, mount, i);
  });
}

/**
 * Whether init opens the source of a bind mount when it is the mount's turn:
 * since Linux 6.8 mountinfo lists mounts in the order in which they were made.
 * It has to have the host's rights, and the host's files at their paths.
 */
export function opensInTurn(input: LaunchInput, mount: BindMount): boolean {
  const { privileges = "host", root } = input;
  return privileges === "host" && makesNamespace(input, "mount") &&
    !hasNamespace(input, "user") && !isRootAtItsPath(input) &&
    root.propagation?.flag !== MS_SHARED && mount.idmap === undefined;
}

/** Steps that clone the source of the bind mount `index`. */
export function openSource(
  plan: PlanBuilder,
  input: LaunchInput,
  mount: BindMount,
  index: number,
): void {
  const wanted = input.root.propagation?.flag;
  const source = reg(sourceRegister(index));
  plan.because(`open the mount source ${mount.source}`, mount.pointer)
    .call("open_tree", [AT_FDCWD, mount.source, treeFlags(mount.recursive)], {
      to: source.reg,
    });
  mapIds(plan, source, mount, firstUserNamespace(input));
  if (wanted !== MS_SHARED) {
    setAttributes(plan, source, {
      recursive: true,
      propagation: inherited(wanted),
    });
  }
}

/** Whether a device is the host's, bound: a FIFO can be made anywhere. */
export function bindsNode(
  input: LaunchInput,
  { type }: DeviceNodeInput,
): boolean {
  return type !== "p" && bindsDevices(input);
}

/** The register with the clone of a host's device of the configuration. */
export function nodeRegister(index: number): string {
  return `device node ${index}`;
}

function openDevices(plan: PlanBuilder, input: LaunchInput): void {
  for (const [index, node] of input.deviceNodes.entries()) {
    if (!bindsNode(input, node)) continue;
    plan.because(`open the device ${node.path}`, `${node.pointer}/path`)
      .call("open_tree", [AT_FDCWD, node.path, treeFlags(false)], {
        to: nodeRegister(index),
      });
  }
  for (const { name } of input.devices) {
    plan.because(`open the device /dev/${name}`)
      .call("open_tree", [AT_FDCWD, `/dev/${name}`, treeFlags(false)], {
        to: deviceRegister(name),
      });
  }
}

/** The register with the clone of a host's terminal. */
export const CONSOLE = "console";

function hasHostTerminal(input: LaunchInput): boolean {
  return input.process?.terminal?.from === "host";
}

/** The host's devpts is in no mount that init can reach. */
function openConsole(plan: PlanBuilder, input: LaunchInput): void {
  if (!hasNamespace(input, "mount")) return;
  const console = descriptor("console", input.preserveFds);
  const flags = treeFlags(false);
  const to = { to: CONSOLE };
  plan.because("open the terminal that Davit opened", "/process/terminal");
  if (input.privileges === undefined || input.privileges === "host") {
    plan.call("open_tree", [console, "", flags | AT_EMPTY_PATH], to);
    return;
  }
  // It was opened in another mount namespace: here it has the same path.
  const size = 64;
  plan.block("terminal", Array.from({ length: size / 8 }, () => [8, 0]))
    .call("readlinkat", [
      AT_FDCWD,
      `/proc/self/fd/${console}`,
      { block: "terminal" },
      size - 1,
    ])
    .call("open_tree", [AT_FDCWD, { block: "terminal" }, flags], to);
}

/** A hard limit can be raised here, lowered everywhere. */
function raiseLimits(plan: PlanBuilder, input: LaunchInput): void {
  for (const limit of input.process?.rlimits ?? []) {
    if (!limit.raises) continue;
    const both = { struct: [[8, limit.hard], [8, limit.hard]] as const };
    plan.because(`raise ${limit.name} to ${limit.hard}`, limit.pointer)
      .call("prlimit64", [0, limit.resource, both, 0]);
  }
}

function cloneInit(plan: PlanBuilder, input: LaunchInput, davit: number): void {
  const kinds = clonedKinds(input);
  const flags = kinds.reduce((sum, kind) => sum | NAMESPACE_FLAG[kind], 0);
  const what = kinds.length === 0
    ? "create init"
    : `create init in new namespaces (${kinds.join(", ")})`;
  plan.because(what, "/linux/namespaces");
  // CLONE_PARENT makes init a child of Davit.
  if (isBornInCgroup(input)) {
    // struct clone_args; with CLONE_PARENT the exit signal is inherited.
    plan.block("clone", [
      [8, flags + CLONE_PARENT + CLONE_INTO_CGROUP],
      ...Array.from({ length: 9 }, (): Field => [8, 0]),
      [8, 0],
    ])
      .add({
        store: reg(UNIFIED),
        into: { block: "clone", at: CLONE_ARGS_SIZE - 8 },
        size: 8,
      })
      .call("clone3", [{ block: "clone" }, CLONE_ARGS_SIZE], {
        to: "init",
        ifZero: INIT,
      });
  } else {
    plan.call("clone", [flags | CLONE_PARENT | SIGCHLD, 0, 0, 0, 0], {
      to: "init",
      ifZero: INIT,
    });
  }
  plan.because("tell Davit init's pid");
  tell(plan, davit, "pid", reg("init"));
  plan.because("end the first process").call("exit_group", [0]);
}

/** The label of init's first step. */
export const INIT = "init";
