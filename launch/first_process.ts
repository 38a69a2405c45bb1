/**
 * The first process: opens what needs the host's rights, joins and makes
 * namespaces, clones init and ends.
 *
 * @module
 */

import { AT_EMPTY_PATH, AT_FDCWD, O } from "../ffi/fd.ts";
import {
  MOUNT_ATTR_RDONLY,
  MS_PRIVATE,
  MS_SHARED,
  MS_SLAVE,
  MS_UNBINDABLE,
} from "../ffi/mount.ts";
import {
  firstUserNamespace,
  mapIds,
  setAttributes,
  treeFlags,
} from "./attributes.ts";
import {
  adjustOom,
  awaitPlace,
  begin,
  endWithDavit,
  raiseLimits,
  refuseTracing,
  SIGKILL,
} from "./beginning.ts";
import {
  CLONE_PARENT,
  cloneIntoCgroup,
  isBornInCgroup,
  openCgroups,
  SIGCHLD,
} from "./cgroups.ts";
import { descriptor, firstFree } from "./descriptors.ts";
import { isMadeBefore, makeMount } from "./filesystems.ts";
import { layMountsOut, laysOutMounts } from "./host_mounts.ts";
import { INIT_NAME } from "./init_name.ts";
import type { BindMount, DeviceNodeInput, LaunchInput } from "./input.ts";
import { tell } from "./messages.ts";
import {
  clonedKinds,
  enterUserNamespace,
  hasNamespace,
  joinNamespaces,
  makesNamespace,
  makeTimeNamespace,
  NAMESPACE_FLAG,
  openNamespaces,
  openTimeOffsets,
  ownMounts,
} from "./namespaces.ts";
import { type Operand, type PlanBuilder, reg } from "./plan.ts";
import { components, ROOT } from "./root_paths.ts";

export { hasNamespace, makesNamespace } from "./namespaces.ts";

/** The register with the clone of a bind mount's source. */
export function sourceRegister(index: number): string {
  return `source ${index}`;
}

/** The register with the clone of a host's device file. */
export function deviceRegister(name: string): string {
  return `device ${name}`;
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
  begin(plan, {
    davit,
    free: firstFree(input.preserveFds, hasHostTerminal(input)) +
      (input.idMaps ?? 0),
    ...input.startNow && { unused: descriptor("start", input.preserveFds) },
    name: INIT_NAME,
  });
  awaitPlace(plan, input.awaitsPlace, davit);
  openTimeOffsets(plan, input);
  adjustOom(plan, input.process);
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
  raiseLimits(plan, input.process);
  openNamespaces(plan, input);
  joinNamespaces(plan, input);
  if (laysOutMounts(input)) layMountsOut(plan, input, hostMounts(input));
  enterUserNamespace(plan, input, davit);
}

function enterAsUser(
  plan: PlanBuilder,
  input: LaunchInput,
  davit: number,
): void {
  raiseLimits(plan, input.process);
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

/** The registers with clones of the host's mounts, and of devices. */
export function hostMounts(input: LaunchInput): string[] {
  const sources = [...input.mounts.entries()].filter(([, mount]) =>
    mount.kind === "bind" && isOpenedBefore(input, mount)
  );
  const nodes = [...input.deviceNodes.entries()].filter(([, node]) =>
    bindsNode(input, node)
  );
  return [
    ROOT,
    ...sources.map(([index]) => sourceRegister(index)),
    ...nodes.map(([index]) => nodeRegister(index)),
    ...bindsDevices(input)
      ? input.devices.map(({ name }) => deviceRegister(name))
      : [],
    ...hasHostTerminal(input) ? [CONSOLE] : [],
  ];
}

/**
 * Whether the root file system is mounted where it is on the host, and not
 * over the host's root: hooks look for it there.
 */
export function isRootAtItsPath(input: LaunchInput): boolean {
  return input.hooks?.pause === true && makesNamespace(input, "mount") &&
    components(input.root.path).length > 0;
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
  setInherited(plan, reg(ROOT), propagation?.flag);
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
    if (mount.kind === "bind" && isOpenedBefore(input, mount)) {
      openSource(plan, input, mount, i);
    }
  });
}

/** Whether the first process clones the source of a bind mount. */
function isOpenedBefore(input: LaunchInput, mount: BindMount): boolean {
  return mount.inside === undefined && !opensInTurn(input, mount);
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
  if (wanted !== MS_SHARED) setInherited(plan, source, wanted);
}

/** A step that gives a copy of a mount the propagation to begin with. */
export function setInherited(
  plan: PlanBuilder,
  mount: Operand,
  wanted: number | undefined,
): void {
  setAttributes(plan, mount, {
    recursive: true,
    propagation: inherited(wanted),
  });
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

function cloneInit(plan: PlanBuilder, input: LaunchInput, davit: number): void {
  const kinds = clonedKinds(input);
  const flags = kinds.reduce((sum, kind) => sum | NAMESPACE_FLAG[kind], 0);
  const what = kinds.length === 0
    ? "create init"
    : `create init in new namespaces (${kinds.join(", ")})`;
  plan.because(what, "/linux/namespaces");
  // CLONE_PARENT makes init a child of Davit.
  const made = { to: "init", ifZero: INIT };
  if (isBornInCgroup(input)) cloneIntoCgroup(plan, flags, made);
  else {
    plan.call("clone", [flags | CLONE_PARENT | SIGCHLD, 0, 0, 0, 0], made);
  }
  plan.because("tell Davit init's pid");
  tell(plan, davit, "pid", reg("init"));
  plan.because("end the first process").call("exit_group", [0]);
}

/** The label of init's first step. */
export const INIT = "init";
