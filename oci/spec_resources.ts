/** A device number with a weight, of `blockIO.weightDevice`. */
export interface WeightDevice {
  /** The device's major number. */
  readonly major: number;
  /** The device's minor number. */
  readonly minor: number;
  /** Weight, 10..1000. */
  readonly weight?: number;
  /** Weight against the cgroup's own children, 10..1000; cgroup v1 only. */
  readonly leafWeight?: number;
}

/** A device number with a rate limit, of `blockIO.throttle...Device`. */
export interface ThrottleDevice {
  /** The device's major number. */
  readonly major: number;
  /** The device's minor number. */
  readonly minor: number;
  /** Bytes or operations a second. */
  readonly rate?: number | bigint;
}

/** `linux.resources.blockIO`. */
export interface BlockIO {
  /** 10 to 1000. */
  readonly weight?: number;
  /** The same against its own sub-cgroups; cgroup v1 only. */
  readonly leafWeight?: number;
  /** Weights for single devices. */
  readonly weightDevice?: readonly WeightDevice[];
  /** Bytes read a second. */
  readonly throttleReadBpsDevice?: readonly ThrottleDevice[];
  /** Bytes written a second. */
  readonly throttleWriteBpsDevice?: readonly ThrottleDevice[];
  /** Reads a second. */
  readonly throttleReadIOPSDevice?: readonly ThrottleDevice[];
  /** Writes a second. */
  readonly throttleWriteIOPSDevice?: readonly ThrottleDevice[];
}

/** `linux.resources.cpu`; times are in microseconds. */
export interface Cpu {
  /** Relative share against other cgroups. */
  readonly shares?: number | bigint;
  /** Time allowed in a period; negative means no limit. */
  readonly quota?: number | bigint;
  /** Time that may be saved up beyond the quota. */
  readonly burst?: number | bigint;
  /** Microseconds of a period. */
  readonly period?: number | bigint;
  /** Microseconds of real-time policies in a period; cgroup v1 only. */
  readonly realtimeRuntime?: number | bigint;
  /** Microseconds of a real-time period; cgroup v1 only. */
  readonly realtimePeriod?: number | bigint;
  /** List of processors, as in cpuset(7). */
  readonly cpus?: string;
  /** List of memory nodes, as in cpuset(7). */
  readonly mems?: string;
  /** 1 puts the whole cgroup in SCHED_IDLE. */
  readonly idle?: number | bigint;
}

/** `linux.resources.memory`; sizes are in bytes, -1 means no limit. */
export interface Memory {
  /** Most bytes; -1 for no limit. */
  readonly limit?: number | bigint;
  /** Bytes that are kept for it. */
  readonly reservation?: number | bigint;
  /** Limit of memory and swap together. */
  readonly swap?: number | bigint;
  /** Not recommended by the specification. */
  readonly kernel?: number | bigint;
  /** Deprecated: most bytes of TCP buffers. */
  readonly kernelTCP?: number | bigint;
  /** 0..100. */
  readonly swappiness?: number | bigint;
  /** Whether processes wait for memory; cgroup v1 only. */
  readonly disableOOMKiller?: boolean;
  /** Whether sub-cgroups count; kernels always do. */
  readonly useHierarchy?: boolean;
  /** Refuse an update to a limit below what is in use. */
  readonly checkBeforeUpdate?: boolean;
}

/** `linux.resources.pids`. */
export interface Pids {
  /** Most tasks; 0 or less means no limit. */
  readonly limit: number | bigint;
}

/** One entry of `linux.resources.hugepageLimits`. */
export interface HugepageLimit {
  /** Such as `2MB`. */
  readonly pageSize: string;
  /** Bytes. */
  readonly limit: number | bigint;
}

/** One entry of `linux.resources.network.priorities`. */
export interface InterfacePriority {
  /** The interface's name. */
  readonly name: string;
  /** Its priority. */
  readonly priority: number;
}

/** `linux.resources.network`: tags for net_cls and net_prio. */
export interface Network {
  /** The class of its packets; cgroup v1 only. */
  readonly classID?: number;
  /** Priorities by interface; cgroup v1 only. */
  readonly priorities?: readonly InterfacePriority[];
}

/** Limits for one RDMA device, an entry of `linux.resources.rdma`. */
export interface Rdma {
  /** Most handles. */
  readonly hcaHandles?: number;
  /** Most objects. */
  readonly hcaObjects?: number;
}

/** One rule of `linux.resources.devices`, the device allow list. */
export interface DeviceRule {
  /** Whether the access is allowed or denied. */
  readonly allow: boolean;
  /** `a` (all, the default), `c` or `b`. */
  readonly type?: string;
  /** Major number; absent or -1 means every one. */
  readonly major?: number;
  /** Minor number; absent or -1 means every one. */
  readonly minor?: number;
  /** Letters of `r`, `w` and `m`. */
  readonly access?: string;
}

/** `linux.resources`: what the container's cgroup limits and accounts. */
export interface Resources {
  /** Which devices may be used, in order: the last that matches decides. */
  readonly devices?: readonly DeviceRule[];
  /** Memory. */
  readonly memory?: Memory;
  /** Processor time and processors. */
  readonly cpu?: Cpu;
  /** Tasks. */
  readonly pids?: Pids;
  /** Block devices. */
  readonly blockIO?: BlockIO;
  /** Huge pages. */
  readonly hugepageLimits?: readonly HugepageLimit[];
  /** Packets. */
  readonly network?: Network;
  /** By device name. */
  readonly rdma?: Readonly<Record<string, Rdma>>;
  /** cgroup v2 file name to content. */
  readonly unified?: Readonly<Record<string, string>>;
}
