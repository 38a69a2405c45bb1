import type { Resources } from "./spec_resources.ts";

/** Kinds of namespaces that `linux.namespaces` may name. */
export type NamespaceType =
  | "mount"
  | "pid"
  | "network"
  | "uts"
  | "ipc"
  | "user"
  | "cgroup"
  | "time";

/** One entry of `linux.namespaces`. */
export interface Namespace {
  /** The kind. */
  readonly type: NamespaceType;
  /** Absolute path of a namespace to join; absent or "": a new one. */
  readonly path?: string;
}

/** One line of a uid_map or gid_map, user_namespaces(7). */
export interface IdMapping {
  /** The first ID inside. */
  readonly containerID: number;
  /** The first ID outside. */
  readonly hostID: number;
  /** How many IDs. */
  readonly size: number;
}

/** One device node to make, an entry of `linux.devices`. */
export interface Device {
  /** `c` or `u` (character), `b` (block) or `p` (FIFO). */
  readonly type: "c" | "b" | "u" | "p";
  /** Absolute path in the container. */
  readonly path: string;
  /** Absent only with type `p`. */
  readonly major?: number;
  /** The minor number; absent only with type `p`. */
  readonly minor?: number;
  /** Permission bits. */
  readonly fileMode?: number;
  /** The owner; absent: 0. */
  readonly uid?: number;
  /** The group; absent: 0. */
  readonly gid?: number;
}

/** A host network device to move into the container. */
export interface NetDevice {
  /** Its name in the container; absent: the same as on the host. */
  readonly name?: string;
}

/** One clock's offset, of `linux.timeOffsets`. */
export interface TimeOffset {
  /** Seconds, may be negative. */
  readonly secs?: number | bigint;
  /** Nanoseconds, 0 to 999999999. */
  readonly nanosecs?: number;
}

/** `linux.timeOffsets`, time_namespaces(7). */
export interface TimeOffsets {
  /** Of CLOCK_BOOTTIME. */
  readonly boottime?: TimeOffset;
  /** Of CLOCK_MONOTONIC. */
  readonly monotonic?: TimeOffset;
}

/** `linux.intelRdt`, resctrl. */
export interface IntelRdt {
  /** The group's name; absent: the container's ID. */
  readonly closID?: string;
  /** Lines for the file `schemata`. */
  readonly schemata?: readonly string[];
  /** A line for the level 3 cache. */
  readonly l3CacheSchema?: string;
  /** A line for memory bandwidth. */
  readonly memBwSchema?: string;
  /** Whether a monitoring group is made. */
  readonly enableMonitoring?: boolean;
}

/** `linux.memoryPolicy`, set_mempolicy(2). */
export interface MemoryPolicy {
  /** `MPOL_...`. */
  readonly mode?: string;
  /** A list of memory nodes, such as `0-1,3`. */
  readonly nodes?: string;
  /** Flags, by name. */
  readonly flags?: readonly string[];
}

/** `linux.personality`, personality(2). */
export interface Personality {
  /** What uname(2) tells. */
  readonly domain?: "LINUX" | "LINUX32";
  /** Flags, by name. */
  readonly flags?: readonly string[];
}

/** One argument test of a seccomp rule. */
export interface SeccompArg {
  /** Number of the argument, 0..5. */
  readonly index: number;
  /** The value that is compared with. */
  readonly value: number | bigint;
  /** The value of `SCMP_CMP_MASKED_EQ`; `value` is then the mask. */
  readonly valueTwo?: number | bigint;
  /** `SCMP_CMP_...`. */
  readonly op: string;
}

/** One rule of `linux.seccomp.syscalls`. */
export interface SeccompSyscall {
  /** The names of the calls. */
  readonly names: readonly string[];
  /** `SCMP_ACT_...`. */
  readonly action: string;
  /** The action's errno; absent: EPERM. */
  readonly errnoRet?: number;
  /** What the arguments must be, all of it. */
  readonly args?: readonly SeccompArg[];
}

/** `linux.seccomp`. */
export interface Seccomp {
  /** `SCMP_ACT_...`. */
  readonly defaultAction: string;
  /** The default action's errno; absent: EPERM. */
  readonly defaultErrnoRet?: number;
  /** `SCMP_ARCH_...`. */
  readonly architectures?: readonly string[];
  /** `SECCOMP_FILTER_FLAG_...`. */
  readonly flags?: readonly string[];
  /** The Unix socket of the agent that decides calls. */
  readonly listenerPath?: string;
  /** Text for the agent. */
  readonly listenerMetadata?: string;
  /** Rules, each for some calls. */
  readonly syscalls?: readonly SeccompSyscall[];
}

/** Mount propagation of the root file system. */
export type RootfsPropagation =
  | "private"
  | "shared"
  | "slave"
  | "unbindable"
  | "rprivate"
  | "rshared"
  | "rslave"
  | "runbindable";

/** The `linux` section, config-linux.md. */
export interface Linux {
  /** Namespaces that the container has of its own, or joins. */
  readonly namespaces?: readonly Namespace[];
  /** User IDs of a new user namespace. */
  readonly uidMappings?: readonly IdMapping[];
  /** Group IDs of a new user namespace. */
  readonly gidMappings?: readonly IdMapping[];
  /** Clocks of a new time namespace. */
  readonly timeOffsets?: TimeOffsets;
  /** Device files to make. */
  readonly devices?: readonly Device[];
  /** By name on the host. */
  readonly netDevices?: Readonly<Record<string, NetDevice>>;
  /** Path of the container's cgroup; its form is the cgroup manager's. */
  readonly cgroupsPath?: string;
  /** Limits of control groups. */
  readonly resources?: Resources;
  /** Cache and memory bandwidth, by resctrl. */
  readonly intelRdt?: IntelRdt;
  /** Where memory comes from, set_mempolicy(2). */
  readonly memoryPolicy?: MemoryPolicy;
  /** Name with dots, such as `net.core.somaxconn`, to value. */
  readonly sysctl?: Readonly<Record<string, string>>;
  /** Which system calls may be made. */
  readonly seccomp?: Seccomp;
  /** The propagation of the root's mount. */
  readonly rootfsPropagation?: RootfsPropagation | "";
  /** Paths that show nothing. */
  readonly maskedPaths?: readonly string[];
  /** Paths that cannot be written to. */
  readonly readonlyPaths?: readonly string[];
  /** SELinux label of mounts; "" is unset. */
  readonly mountLabel?: string;
  /** The execution domain, personality(2). */
  readonly personality?: Personality;
}
