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
  /** Processor time. */
  readonly cpu: CpuStatistics;
  /** Processors and memory nodes. */
  readonly cpuset: CpusetStatistics;
  /** Memory. */
  readonly memory: MemoryStatistics;
  /** Tasks. */
  readonly pids: PidsStatistics;
  /** Block devices. */
  readonly blkio: BlkioStatistics;
  /** By page size, such as `2MB`. */
  readonly hugetlb: Readonly<Record<string, HugetlbStatistics>>;
}

/** Processor time and how it was held back. */
export interface CpuStatistics {
  /** What is used. */
  readonly usage: CpuUsage;
  /** How a quota held it back. */
  readonly throttling: Throttling;
  /** How long tasks waited, where the kernel tells it. */
  readonly psi?: Pressure;
}

/** Nanoseconds of processor time; `percpu` fields on v1 only. */
export interface CpuUsage {
  /** All of it. */
  readonly total?: bigint;
  /** By processor. */
  readonly percpu?: readonly bigint[];
  /** The kernel's share, by processor. */
  readonly percpu_kernel?: readonly bigint[];
  /** The programs' share, by processor. */
  readonly percpu_user?: readonly bigint[];
  /** The kernel's share. */
  readonly kernel: bigint;
  /** The programs' share. */
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
  /** The numbers of the processors. */
  readonly cpus?: readonly bigint[];
  /** 1: nobody else has these processors. */
  readonly cpu_exclusive: bigint;
  /** The numbers of the memory nodes. */
  readonly mems?: readonly bigint[];
  /** 1: the kernel's memory is of these nodes as well. */
  readonly mem_hardwall: bigint;
  /** 1: nobody else has these nodes. */
  readonly mem_exclusive: bigint;
  /** 1: memory moves along with the nodes. */
  readonly memory_migrate: bigint;
  /** 1: file pages are spread over the nodes. */
  readonly memory_spread_page: bigint;
  /** 1: the kernel's caches are spread over the nodes. */
  readonly memory_spread_slab: bigint;
  /** How hard memory is sought. */
  readonly memory_pressure: bigint;
  /** 1: load is balanced between the processors. */
  readonly sched_load_balance: bigint;
  /** How far the scheduler looks for idle processors; -1: as the system. */
  readonly sched_relax_domain_level: bigint;
}

/** Memory, in bytes. */
export interface MemoryStatistics {
  /** The page cache. */
  readonly cache?: bigint;
  /** What is used. */
  readonly usage: MemoryUse;
  /** Memory and swap together. */
  readonly swap: MemoryUse;
  /** v1 only, as the next one. */
  readonly kernel: MemoryUse;
  /** Buffers of TCP. */
  readonly kernelTCP: MemoryUse;
  /** memory.stat, by name. */
  readonly raw?: Readonly<Record<string, bigint>>;
  /** How long tasks waited, where the kernel tells it. */
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
  /** The limit. */
  readonly limit: bigint;
  /** What is used. */
  readonly usage?: bigint;
  /** The most that there ever was; on v2 from Linux 5.19 on. */
  readonly max?: bigint;
  /** How often the limit was met, v1 only. */
  readonly failcnt: bigint;
}

/** Processes. */
export interface PidsStatistics {
  /** How many there are. */
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
  /** Nanoseconds that requests waited. */
  readonly ioWaitTimeRecursive?: readonly BlkioEntry[];
  /** Requests. */
  readonly ioMergedRecursive?: readonly BlkioEntry[];
  /** Milliseconds. */
  readonly ioTimeRecursive?: readonly BlkioEntry[];
  /** Of 512 bytes. */
  readonly sectorsRecursive?: readonly BlkioEntry[];
  /** How long tasks waited, where the kernel tells it. */
  readonly psi?: Pressure;
}

/** A counter of a device. */
export interface BlkioEntry {
  /** The device's major number. */
  readonly major?: bigint;
  /** The device's minor number. */
  readonly minor?: bigint;
  /** Such as `Read`; absent in counters that have no kinds. */
  readonly op?: string;
  /** The count. */
  readonly value?: bigint;
}

/** Huge pages of one size, in bytes. */
export interface HugetlbStatistics {
  /** What is used. */
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
  /** Percent of the last 10 seconds. */
  readonly avg10: number;
  /** Percent of the last 60 seconds. */
  readonly avg60: number;
  /** Percent of the last 300 seconds. */
  readonly avg300: number;
  /** Microseconds since the beginning. */
  readonly total: bigint;
}
