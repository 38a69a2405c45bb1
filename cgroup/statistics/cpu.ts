import { type CgroupFiles, filled, parseNumber } from "./files.ts";
import { pressure } from "./pressure.ts";
import type {
  CpusetStatistics,
  CpuStatistics,
  CpuUsage,
  Throttling,
} from "./types.ts";

/** Nanoseconds of a microsecond, and of a clock tick (sysconf, always 100 Hz). */
const MICROSECOND = 1000n, TICK = 10_000_000n;

/** Processor time: cpuacct and cpu of v1, cpu of v2. */
export function cpuStatistics(files: CgroupFiles): CpuStatistics {
  const psi = pressure(files, "cpu");
  const stat = files.table("cpu.stat");
  const [usage, throttledTime] = files.has("cpuacct.usage")
    ? [legacyUsage(files), stat.get("throttled_time")]
    : [unifiedUsage(stat), times(stat.get("throttled_usec"), MICROSECOND)];
  return {
    usage,
    throttling: filled<Throttling>({
      periods: stat.get("nr_periods"),
      throttledPeriods: stat.get("nr_throttled"),
      throttledTime,
    }),
    ...(psi && { psi }),
  };
}

function legacyUsage(files: CgroupFiles): CpuUsage {
  const stat = files.table("cpuacct.stat");
  // The header, `cpu user system`, then a line for each processor.
  const rows = (files.text("cpuacct.usage_all") ?? "").trim().split("\n")
    .slice(1).map((line) => numbers(line));
  const column = (index: number) => rows.map((row) => row[index] ?? 0n);
  return {
    ...filled<CpuUsage>({
      total: files.number("cpuacct.usage"),
      percpu: numbers(files.text("cpuacct.usage_percpu") ?? ""),
      percpu_kernel: column(2),
      percpu_user: column(1),
    }),
    kernel: times(stat.get("system"), TICK),
    user: times(stat.get("user"), TICK),
  };
}

function unifiedUsage(stat: ReadonlyMap<string, bigint>): CpuUsage {
  return {
    ...filled<CpuUsage>({ total: times(stat.get("usage_usec"), MICROSECOND) }),
    kernel: times(stat.get("system_usec"), MICROSECOND),
    user: times(stat.get("user_usec"), MICROSECOND),
  };
}

/** Settings of cgroup v1's cpuset, which runc tells among the statistics. */
export function cpusetStatistics(files: CgroupFiles): CpusetStatistics {
  const legacy = files.has("cpuset.sched_load_balance");
  const list = (name: string) =>
    legacy ? ranges(files.text(`cpuset.${name}`) ?? "") : [];
  const flag = (name: string) => files.number(`cpuset.${name}`) ?? 0n;
  const { cpus, mems } = filled<CpusetStatistics>({
    cpus: list("cpus"),
    mems: list("mems"),
  });
  const level = files.text("cpuset.sched_relax_domain_level")?.trim();
  return {
    ...(cpus && { cpus }),
    cpu_exclusive: flag("cpu_exclusive"),
    ...(mems && { mems }),
    mem_hardwall: flag("mem_hardwall"),
    mem_exclusive: flag("mem_exclusive"),
    memory_migrate: flag("memory_migrate"),
    memory_spread_page: flag("memory_spread_page"),
    memory_spread_slab: flag("memory_spread_slab"),
    memory_pressure: flag("memory_pressure"),
    sched_load_balance: flag("sched_load_balance"),
    // -1: the system's own.
    sched_relax_domain_level: /^-?\d+$/.test(level ?? "") ? BigInt(level!) : 0n,
  };
}

function times(value: bigint | undefined, unit: bigint): bigint {
  return (value ?? 0n) * unit;
}

function numbers(text: string): bigint[] {
  return text.split(/\s+/).map(parseNumber)
    .filter((number) => number !== undefined);
}

/** The members of a list such as `0-2,5`. */
function ranges(text: string): bigint[] {
  return text.trim().split(",").flatMap((part) => {
    const [first, last = first] = part.split("-").map(parseNumber);
    if (first === undefined || last === undefined || last < first) return [];
    return Array.from(
      { length: Number(last - first) + 1 },
      (_, i) => first + BigInt(i),
    );
  });
}
