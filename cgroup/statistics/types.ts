/**
 * What a container uses, as runc's `events` tells it (types/events.go), key by
 * key and in its order. What runc has not is marked.
 *
 * Counters are 64 bits wide, more than a JavaScript number holds. A field that
 * may be absent is 0 then.
 *
 * @module
 */

/** The `data` of an event of type `stats`. */
export interface Statistics {
  readonly cpu: CpuStatistics;
  readonly cpuset: CpusetStatistics;
  readonly memory: MemoryStatistics;
  readonly pids: PidsStatistics;
  readonly blkio: BlkioStatistics;
  /** By page size, such as `2MB`. */
  readonly hugetlb: Readonly<Record<string, HugetlbStatistics>>;
}

/** Processor time and how it was held back. */
export interface CpuStatistics {
  readonly usage: CpuUsage;
  readonly throttling: Throttling;
  readonly psi?: Pressure;
}

/** Nanoseconds of processor time; `percpu` fields on v1 only. */
export interface CpuUsage {
  readonly total?: bigint;
  readonly percpu?: readonly bigint[];
  readonly percpu_kernel?: readonly bigint[];
  readonly percpu_user?: readonly bigint[];
  readonly kernel: bigint;
  readonly user: bigint;
}

/** What a quota did. */
export interface Throttling {
  /** Periods in which there was something to run. */
  readonly periods?: bigint;
  /** Those in which the quota was used up. */
  readonly throttledPeriods?: bigint;
  /** Nanoseconds. */
  readonly throttledTime?: bigint;
}

/** Settings of cgroup v1's cpuset; zeros on v2. */
export interface CpusetStatistics {
  readonly cpus?: readonly bigint[];
  readonly cpu_exclusive: bigint;
  readonly mems?: readonly bigint[];
  readonly mem_hardwall: bigint;
  readonly mem_exclusive: bigint;
  readonly memory_migrate: bigint;
  readonly memory_spread_page: bigint;
  readonly memory_spread_slab: bigint;
  readonly memory_pressure: bigint;
  readonly sched_load_balance: bigint;
  readonly sched_relax_domain_level: bigint;
}

/** Memory, in bytes. */
export interface MemoryStatistics {
  /** The page cache. */
  readonly cache?: bigint;
  readonly usage: MemoryUse;
  /** Memory and swap together. */
  readonly swap: MemoryUse;
  /** v1 only, as the next one. */
  readonly kernel: MemoryUse;
  readonly kernelTCP: MemoryUse;
  /** memory.stat, by name. */
  readonly raw?: Readonly<Record<string, bigint>>;
  readonly psi?: Pressure;
  /**
   * How often what happened, not in runc. v2 has `low`, `high`, `max` (the
   * limit was met), `out_of_memory` (in vain), `kill` (a process was killed
   * for it) and `group_kill`; v1 has `kill` alone.
   */
  readonly events?: Readonly<Record<string, bigint>>;
}

/** How much there is of one kind of memory, in bytes. */
export interface MemoryUse {
  readonly limit: bigint;
  readonly usage?: bigint;
  /** The most that there ever was; on v2 from Linux 5.19 on. */
  readonly max?: bigint;
  /** How often the limit was met, v1 only. */
  readonly failcnt: bigint;
}

/** Processes. */
export interface PidsStatistics {
  readonly current?: bigint;
  /** 0: none. */
  readonly limit?: bigint;
}

/** What was read and written, by device. */
export interface BlkioStatistics {
  /** Bytes. */
  readonly ioServiceBytesRecursive?: readonly BlkioEntry[];
  /** Requests. */
  readonly ioServicedRecursive?: readonly BlkioEntry[];
  /** Requests that wait; this and the next ones on v1 with CFQ or BFQ. */
  readonly ioQueueRecursive?: readonly BlkioEntry[];
  /** Nanoseconds, as the next one. */
  readonly ioServiceTimeRecursive?: readonly BlkioEntry[];
  readonly ioWaitTimeRecursive?: readonly BlkioEntry[];
  /** Requests. */
  readonly ioMergedRecursive?: readonly BlkioEntry[];
  /** Milliseconds. */
  readonly ioTimeRecursive?: readonly BlkioEntry[];
  /** Of 512 bytes. */
  readonly sectorsRecursive?: readonly BlkioEntry[];
  readonly psi?: Pressure;
}

/** A counter of a device. */
export interface BlkioEntry {
  readonly major?: bigint;
  readonly minor?: bigint;
  /** Such as `Read`; absent in counters that have no kinds. */
  readonly op?: string;
  readonly value?: bigint;
}

/** Huge pages of one size, in bytes. */
export interface HugetlbStatistics {
  readonly usage?: bigint;
  /** The most that there ever was, v1 only. */
  readonly max?: bigint;
  /** How often the limit was met. */
  readonly failcnt: bigint;
}

/** Pressure stall information, Documentation/accounting/psi.rst. */
export interface Pressure {
  /** Some processes waited. */
  readonly some: PressureShare;
  /** All of them waited. */
  readonly full: PressureShare;
}

/** Shares of the last 10, 60 and 300 seconds, in percent. */
export interface PressureShare {
  readonly avg10: number;
  readonly avg60: number;
  readonly avg300: number;
  /** Microseconds since the beginning. */
  readonly total: bigint;
}
