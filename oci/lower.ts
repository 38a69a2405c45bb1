/**
 * Lowers a bundle's configuration to the input of a launch: defaults are
 * filled in, names become numbers, paths become absolute.
 *
 * @module
 */

import { join } from "@std/path/posix";
import { cgroupJoins } from "../cgroup/joins.ts";
import type { CgroupLayout } from "../cgroup/layout.ts";
import { lstat, readText } from "../ffi/files.ts";
import type {
  DeviceInput,
  DeviceNodeInput,
  LaunchInput,
  NamespaceInput,
  Privileges,
  SeccompInput,
  TimeOffsetInput,
} from "../launch/input.ts";
import { components } from "../launch/root_paths.ts";
import { idMapTable } from "./idmaps.ts";
import { bindSource, isBind, lowerMounts } from "./lower_mounts.ts";
import { lowerProcess, type ProcessContext } from "./lower_process.ts";
import { parseMountOptions } from "./mount_options.ts";
import { setGroupsOf } from "./privileges.ts";
import { lowerMemoryPolicy, lowerPersonality } from "./lower_scheduling.ts";
import type { Linux, Spec } from "./spec.ts";
import type { Device } from "./spec_linux.ts";
import { lowerSysctls } from "./sysctl.ts";

/** What lowering needs besides the configuration. */
export interface LowerContext {
  readonly id: string;
  /** The bundle's absolute path. */
  readonly bundle: string;
  readonly layout: CgroupLayout;
  /** The container's cgroup in each hierarchy. */
  readonly cgroupDirectories: readonly string[];
  /** Present where somebody else puts the first process into them. */
  readonly awaitsPlace?: NonNullable<LaunchInput["awaitsPlace"]>;
  readonly noPivot: boolean;
  /** With `noPivot`, what `wholeMounts` found on the host. */
  readonly hidden?: readonly string[];
  /** Whether init gets a session keyring of its own; absent: yes. */
  readonly ownKeyring?: boolean;
  readonly preserveFds: number;
  /** The filter that `linux.seccomp` was compiled to. */
  readonly seccomp?: SeccompInput;
  /** Whether the program runs at once, without `start`; absent: no. */
  readonly startNow?: boolean;
  /** What Davit may do; absent: what root of the host may. */
  readonly privileges?: Privileges;
  /** Make the mounts below the root read-only too. */
  readonly recursiveReadonly?: boolean;
}

/** The devices of config-linux.md ("Default Devices") that are files. */
const DEVICES: readonly DeviceInput[] = [
  { name: "null", major: 1, minor: 3 },
  { name: "zero", major: 1, minor: 5 },
  { name: "full", major: 1, minor: 7 },
  { name: "random", major: 1, minor: 8 },
  { name: "urandom", major: 1, minor: 9 },
  { name: "tty", major: 5, minor: 0 },
];

/** The links of runtime-linux.md ("Dev symbolic links"), and ptmx. */
const DEVICE_LINKS = [
  { path: "fd", text: "/proc/self/fd" },
  { path: "stdin", text: "/proc/self/fd/0" },
  { path: "stdout", text: "/proc/self/fd/1" },
  { path: "stderr", text: "/proc/self/fd/2" },
  { path: "ptmx", text: "pts/ptmx" },
];
const CORE_LINK = { path: "core", text: "/proc/kcore" };

/** The root file system's absolute path on the host. */
export function rootfsPath(spec: Spec, bundle: string): string {
  const { path } = spec.root;
  return path.startsWith("/") ? path : join(bundle, path);
}

/**
 * The input of the launch of `spec`, which `readConfig` has checked.
 * @throws {ConfigError} what only shows in the context of the host
 */
export function lower(spec: Spec, context: LowerContext): LaunchInput {
  const { id, awaitsPlace, bundle, layout, cgroupDirectories } = context;
  const { privileges = "host" } = context;
  const { tasks, unified } = cgroupJoins(layout, cgroupDirectories);
  const { linux = {}, mounts = [], root, hostname, domainname } = spec;
  const namespaces = lowerNamespaces(linux);
  const cgroupNamespace = namespaces.some(({ kind }) => kind === "cgroup");
  const rootfs = rootfsPath(spec, bundle);
  const hostDev = mounts.filter(isAt("/dev")).some(isBind);
  const hasDev = namespaces.some(({ kind }) => kind === "mount") && !hostDev;
  const idMaps = idMapTable(spec);
  const process = spec.process && lowerProcess(spec.process, {
    rootfs,
    ...mountedForProcess(spec, bundle),
    setGroups: setGroupsOf(spec, privileges),
    ...(context.seccomp !== undefined && { seccomp: context.seccomp }),
  });
  return {
    id,
    root: {
      path: rootfs,
      readonly: root.readonly ?? false,
      recursive: context.recursiveReadonly ?? false,
      ...rootPropagation(linux),
      noPivot: context.noPivot,
      ...(context.hidden !== undefined && { hidden: context.hidden }),
    },
    privileges,
    namespaces,
    ...timeOffsets(linux),
    ...awaitsDavit(linux),
    ...(hostname !== undefined && hostname !== "" && { hostname }),
    ...(domainname !== undefined && domainname !== "" && { domainname }),
    cgroupTasks: tasks,
    ...(awaitsPlace !== undefined
      ? { awaitsPlace }
      : unified !== undefined && { cgroupDirectory: unified }),
    ...(idMaps.maps.length > 0 && { idMaps: idMaps.maps.length }),
    mounts: lowerMounts(mounts, {
      bundle,
      layout,
      cgroupDirectories,
      cgroupNamespace,
      processCgroups: () => readText("/proc/self/cgroup"),
      rootfs,
      idMaps: idMaps.indexes,
      locked: privileges !== "host" ||
        namespaces.some(({ kind }) => kind === "user"),
      ...(linux.mountLabel && { mountLabel: linux.mountLabel }),
    }),
    devices: hasDev ? defaultDevices(linux) : [],
    deviceNodes: (linux.devices ?? []).map(lowerDevice)
      .filter((node) => !hasDev || !isDefaultLink(node)),
    sysctls: lowerSysctls(linux.sysctl),
    ...(linux.personality?.domain && {
      personality: lowerPersonality(linux.personality),
    }),
    ...(linux.memoryPolicy?.mode && {
      memoryPolicy: lowerMemoryPolicy(linux.memoryPolicy),
    }),
    deviceLinks: hasDev ? [...DEVICE_LINKS, ...coreLink()] : [],
    maskedPaths: linux.maskedPaths ?? [],
    readonlyPaths: linux.readonlyPaths ?? [],
    ...(process !== undefined && { process }),
    ...(context.ownKeyring !== undefined && {
      ownKeyring: context.ownKeyring,
    }),
    preserveFds: context.preserveFds,
    startNow: context.startNow ?? false,
  };
}

/** What a process of the container has to do with its mounts. */
export function mountedForProcess(
  { linux, mounts = [] }: Spec,
  bundle: string,
): Pick<ProcessContext, "mounts" | "ownDevpts"> {
  // Without a mount namespace nothing is mounted.
  const hasMounts = linux?.namespaces?.some(({ type }) => type === "mount") ??
    false;
  return {
    mounts: mounts.map((mount) => ({
      destination: mount.destination,
      ...(isBind(mount) && { bindSource: bindSource(mount, bundle) }),
    })),
    ownDevpts: hasMounts && mounts.filter(isAt("/dev/pts"))
      .some(({ type }) => type === "devpts"),
  };
}

function isAt(path: string) {
  return (mount: { readonly destination: string }) =>
    `/${components(mount.destination).join("/")}` === path;
}

/** A device of the configuration takes the place of a default one. */
function defaultDevices({ devices = [] }: Linux): readonly DeviceInput[] {
  if (devices.length === 0) return DEVICES;
  const taken = devices.map(({ path }) => `/${components(path).join("/")}`);
  return DEVICES.filter(({ name }) => !taken.includes(`/dev/${name}`));
}

/**
 * Engines list all devices of the host, also /dev/ptmx, which would lead to
 * the host's terminals: the container has its own there.
 */
function isDefaultLink({ path }: DeviceNodeInput): boolean {
  const place = `/${components(path).join("/")}`;
  return DEVICE_LINKS.some(({ path }) => place === `/dev/${path}`);
}

function lowerDevice(device: Device, index: number): DeviceNodeInput {
  const { path, type, major = 0, minor = 0, fileMode, uid, gid } = device;
  return {
    path,
    type: type === "u" ? "c" : type,
    major,
    minor,
    // Some engines give the file's type as well.
    ...(fileMode !== undefined && { mode: fileMode & 0o777 }),
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
    pointer: `/linux/devices/${index}`,
  };
}

/** /dev/core is there where the kernel has /proc/kcore. */
function coreLink() {
  return typeof lstat("/proc/kcore") === "object" ? [CORE_LINK] : [];
}

function lowerNamespaces({ namespaces = [] }: Linux): NamespaceInput[] {
  return namespaces.map(({ type, path }, index) => ({
    kind: type,
    ...(path !== undefined && path !== "" && { path }),
    pointer: `/linux/namespaces/${index}`,
  }));
}

function timeOffsets({ timeOffsets }: Linux) {
  if (timeOffsets === undefined) return {};
  const clocks = ["monotonic", "boottime"] as const;
  const list = clocks.flatMap((clock): TimeOffsetInput[] => {
    const { secs = 0, nanosecs = 0 } = timeOffsets[clock] ?? {};
    if (timeOffsets[clock] === undefined) return [];
    const seconds = BigInt(secs);
    const pointer = `/linux/timeOffsets/${clock}`;
    return [{ clock, seconds, nanoseconds: nanosecs, pointer }];
  });
  return { timeOffsets: list };
}

/** What init cannot do for itself. */
function awaitsDavit(
  { intelRdt, netDevices = {} }: Linux,
): Partial<LaunchInput> {
  if (intelRdt !== undefined) {
    const why = "wait for the groups of resctrl";
    return { awaitsDavit: { why, pointer: "/linux/intelRdt" } };
  }
  if (Object.keys(netDevices).length === 0) return {};
  const why = "wait for the network devices";
  return { awaitsDavit: { why, pointer: "/linux/netDevices" } };
}

function rootPropagation({ rootfsPropagation = "" }: Linux) {
  const [propagation] = parseMountOptions([rootfsPropagation]).propagation;
  return propagation === undefined ? {} : { propagation };
}
