/** A device number with a weight, of `blockIO.weightDevice`. */
export interface WeightDevice {
  readonly major: number;
  readonly minor: number;
  /** Weight, 10..1000. */
  readonly weight?: number;
  /** Weight against the cgroup's own children, 10..1000; cgroup v1 only. */
  readonly leafWeight?: number;
}

/** A device number with a rate limit, of `blockIO.throttle...Device`. */
export interface ThrottleDevice {
  readonly major: number;
  readonly minor: number;
  /** Bytes or operations a second. */
  readonly rate?: number | bigint;
}

/** `linux.resources.blockIO`. */
export interface BlockIO {
  readonly weight?: number;
  readonly leafWeight?: number;
  readonly weightDevice?: readonly WeightDevice[];
  readonly throttleReadBpsDevice?: readonly ThrottleDevice[];
  readonly throttleWriteBpsDevice?: readonly ThrottleDevice[];
  readonly throttleReadIOPSDevice?: readonly ThrottleDevice[];
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
  readonly period?: number | bigint;
  readonly realtimeRuntime?: number | bigint;
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
  readonly limit?: number | bigint;
  readonly reservation?: number | bigint;
  /** Limit of memory and swap together. */
  readonly swap?: number | bigint;
  /** Not recommended by the specification. */
  readonly kernel?: number | bigint;
  readonly kernelTCP?: number | bigint;
  /** 0..100. */
  readonly swappiness?: number | bigint;
  readonly disableOOMKiller?: boolean;
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
  readonly name: string;
  readonly priority: number;
}

/** `linux.resources.network`: tags for net_cls and net_prio. */
export interface Network {
  readonly classID?: number;
  readonly priorities?: readonly InterfacePriority[];
}

/** Limits for one RDMA device, an entry of `linux.resources.rdma`. */
export interface Rdma {
  readonly hcaHandles?: number;
  readonly hcaObjects?: number;
}

/** One rule of `linux.resources.devices`, the device allow list. */
export interface DeviceRule {
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
  readonly devices?: readonly DeviceRule[];
  readonly memory?: Memory;
  readonly cpu?: Cpu;
  readonly pids?: Pids;
  readonly blockIO?: BlockIO;
  readonly hugepageLimits?: readonly HugepageLimit[];
  readonly network?: Network;
  /** By device name. */
  readonly rdma?: Readonly<Record<string, Rdma>>;
  /** cgroup v2 file name to content. */
  readonly unified?: Readonly<Record<string, string>>;
}
