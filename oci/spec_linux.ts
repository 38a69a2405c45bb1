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
  readonly type: NamespaceType;
  /** Absolute path of a namespace to join; absent or "": a new one. */
  readonly path?: string;
}

/** One line of a uid_map or gid_map, user_namespaces(7). */
export interface IdMapping {
  readonly containerID: number;
  readonly hostID: number;
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
  readonly minor?: number;
  /** Permission bits. */
  readonly fileMode?: number;
  readonly uid?: number;
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
  readonly nanosecs?: number;
}

/** `linux.timeOffsets`, time_namespaces(7). */
export interface TimeOffsets {
  readonly boottime?: TimeOffset;
  readonly monotonic?: TimeOffset;
}

/** `linux.intelRdt`, resctrl. */
export interface IntelRdt {
  readonly closID?: string;
  readonly schemata?: readonly string[];
  readonly l3CacheSchema?: string;
  readonly memBwSchema?: string;
  readonly enableMonitoring?: boolean;
}

/** `linux.memoryPolicy`, set_mempolicy(2). */
export interface MemoryPolicy {
  readonly mode?: string;
  readonly nodes?: string;
  readonly flags?: readonly string[];
}

/** `linux.personality`, personality(2). */
export interface Personality {
  readonly domain?: "LINUX" | "LINUX32";
  readonly flags?: readonly string[];
}

/** One argument test of a seccomp rule. */
export interface SeccompArg {
  /** Number of the argument, 0..5. */
  readonly index: number;
  readonly value: number | bigint;
  /** The value of `SCMP_CMP_MASKED_EQ`; `value` is then the mask. */
  readonly valueTwo?: number | bigint;
  /** `SCMP_CMP_...`. */
  readonly op: string;
}

/** One rule of `linux.seccomp.syscalls`. */
export interface SeccompSyscall {
  readonly names: readonly string[];
  /** `SCMP_ACT_...`. */
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly SeccompArg[];
}

/** `linux.seccomp`. */
export interface Seccomp {
  /** `SCMP_ACT_...`. */
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  /** `SCMP_ARCH_...`. */
  readonly architectures?: readonly string[];
  /** `SECCOMP_FILTER_FLAG_...`. */
  readonly flags?: readonly string[];
  readonly listenerPath?: string;
  readonly listenerMetadata?: string;
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
  readonly namespaces?: readonly Namespace[];
  readonly uidMappings?: readonly IdMapping[];
  readonly gidMappings?: readonly IdMapping[];
  readonly timeOffsets?: TimeOffsets;
  readonly devices?: readonly Device[];
  /** By name on the host. */
  readonly netDevices?: Readonly<Record<string, NetDevice>>;
  /** Path of the container's cgroup; its form is the cgroup manager's. */
  readonly cgroupsPath?: string;
  readonly resources?: Resources;
  readonly intelRdt?: IntelRdt;
  readonly memoryPolicy?: MemoryPolicy;
  /** Name with dots, such as `net.core.somaxconn`, to value. */
  readonly sysctl?: Readonly<Record<string, string>>;
  readonly seccomp?: Seccomp;
  readonly rootfsPropagation?: RootfsPropagation | "";
  readonly maskedPaths?: readonly string[];
  readonly readonlyPaths?: readonly string[];
  /** SELinux label of mounts; "" is unset. */
  readonly mountLabel?: string;
  readonly personality?: Personality;
}
