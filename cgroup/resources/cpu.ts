import {
  type CgroupVersion,
  type Integer,
  integer,
  onlyV1,
  type ResourceWrite,
} from "./write.ts";

/** `linux.resources.cpu`; times in microseconds. */
export interface CpuLimits {
  /** Relative to other cgroups. */
  readonly shares?: Integer;
  /** Negative: no limit. */
  readonly quota?: Integer;
  readonly period?: Integer;
  readonly burst?: Integer;
  readonly realtimeRuntime?: Integer;
  readonly realtimePeriod?: Integer;
  /** 1: only what others leave, SCHED_IDLE. */
  readonly idle?: Integer;
  /** Lists like "0-3,7". */
  readonly cpus?: string;
  readonly mems?: string;
}

/** `cpu.cfs_period_us` of a new cgroup, in microseconds. */
const DEFAULT_PERIOD = 100_000;

const PATH = "/linux/resources/cpu";

/** The writes for what `linux.resources.cpu` says of processor time. */
export function cpuWrites(
  version: CgroupVersion,
  cpu: CpuLimits,
): ResourceWrite[] {
  const v2 = version === "v2";
  const writes: ResourceWrite[] = [];
  const add = (name: string, file: string, value: string, why: string) => {
    const pointer = `${PATH}/${name}`;
    writes.push({ controller: "cpu", version, file, value, pointer, why });
  };
  const number = (name: keyof CpuLimits, least?: bigint) =>
    integer(`${PATH}/${name}`, cpu[name] as Integer | undefined, least);
  const shares = number("shares", 0n);
  if (shares !== 0n) {
    const value = v2 ? cpuWeight(Number(shares)) : shares;
    const file = v2 ? "cpu.weight" : "cpu.shares";
    add("shares", file, `${value}`, "weigh processor time");
  }
  const quota = number("quota");
  const period = number("period", 0n);
  const why = "limit processor time";
  if (v2 && (quota !== 0n || period !== 0n)) {
    const name = quota === 0n ? "period" : "quota";
    const value = `${quota > 0n ? quota : "max"} ${period || DEFAULT_PERIOD}`;
    add(name, "cpu.max", value, why);
  }
  if (!v2 && period !== 0n) {
    const why = "set the period of the processor time limit";
    add("period", "cpu.cfs_period_us", `${period}`, why);
  }
  if (!v2 && quota !== 0n) {
    add("quota", "cpu.cfs_quota_us", `${quota < 0n ? -1n : quota}`, why);
  }
  for (
    const [name, file] of [
      ["realtimePeriod", "cpu.rt_period_us"],
      ["realtimeRuntime", "cpu.rt_runtime_us"],
    ] as const
  ) {
    const value = number(name);
    if (value === 0n) continue;
    if (v2) throw onlyV1(`${PATH}/${name}`, value, file);
    add(name, file, `${value}`, "give real-time processor time");
  }
  // These take 0 for an answer: an update takes them back with it.
  const burst = number("burst", 0n);
  if (cpu.burst !== undefined) {
    const file = v2 ? "cpu.max.burst" : "cpu.cfs_burst_us";
    add("burst", file, `${burst}`, "allow bursts of processor time");
  }
  const idle = number("idle");
  if (cpu.idle !== undefined) {
    // A cgroup that is idle takes no weight: this comes after the shares.
    add("idle", "cpu.idle", `${idle}`, "run when nobody else does");
  }
  return writes.map((write) =>
    // Older kernels have neither the file nor what 0 would take back.
    /burst|idle/.test(write.file) && write.value === "0"
      ? { ...write, optional: true }
      : write
  );
}

/** The writes for what `linux.resources.cpu` says of processors and nodes. */
export function cpusetWrites(
  version: CgroupVersion,
  { cpus = "", mems = "" }: CpuLimits,
): ResourceWrite[] {
  const write = (name: string, value: string, why: string): ResourceWrite => ({
    controller: "cpuset",
    version,
    file: `cpuset.${name}`,
    value,
    pointer: `${PATH}/${name}`,
    why,
  });
  return [
    ...(cpus === "" ? [] : [write("cpus", cpus, "choose processors")]),
    ...(mems === "" ? [] : [write("mems", mems, "choose memory nodes")]),
  ];
}

/**
 * `cpu.weight` (1..10000, 100 by default) for `cpu.shares` (2..262144, 1024 by
 * default): a quadratic function of the logarithm that meets both ranges' ends
 * and both defaults. runc since 1.3.2 and crun since 1.23 compute the same.
 * 0 stays 0, which means unset.
 */
export function cpuWeight(shares: number): number {
  if (shares === 0) return 0;
  if (shares <= 2) return 1;
  if (shares >= 262144) return 10000;
  const l = Math.log2(shares);
  return Math.ceil(Math.pow(10, (l * l + 125 * l) / 612 - 7 / 34));
}
