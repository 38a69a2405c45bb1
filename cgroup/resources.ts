/**
 * Lowers `linux.resources` to writes of cgroup files.
 *
 * Sources: config-linux.md of the runtime specification 1.3; the kernel's
 * admin-guide/cgroup-v1 and cgroup-v2.
 *
 * @module
 */

import { CgroupError } from "./error.ts";

/** A number of the config; those beyond 2^53 are bigints. */
export type Integer = number | bigint;

/** What this module reads of `linux.resources`. */
export interface CgroupLimits {
  /** In bytes; -1 for no limit. `swap` is memory and swap together. */
  readonly memory?: {
    readonly limit?: Integer;
    readonly reservation?: Integer;
    readonly swap?: Integer;
    /** 0 to 100. */
    readonly swappiness?: Integer;
    readonly disableOOMKiller?: boolean;
  };
  /** Relative shares; times in microseconds. */
  readonly cpu?: {
    readonly shares?: Integer;
    readonly quota?: Integer;
    readonly period?: Integer;
    readonly burst?: Integer;
    readonly realtimeRuntime?: Integer;
    readonly realtimePeriod?: Integer;
    /** Lists like "0-3,7". */
    readonly cpus?: string;
    readonly mems?: string;
    /** 1: only what others leave, SCHED_IDLE. */
    readonly idle?: Integer;
  };
  /** Most tasks; -1 for no limit. */
  readonly pids?: { readonly limit?: Integer };
}

/** One write of a cgroup file. */
export interface ResourceWrite {
  /** The controller that has the file, such as `memory`. */
  readonly controller: string;
  /** The file's name in the cgroup's directory. */
  readonly file: string;
  /** What to write, without a line break. */
  readonly value: string;
  /** JSON pointer of the property that asks for it. */
  readonly pointer: string;
  /** What it is for, in a few words. */
  readonly why: string;
}

/** `cpu.cfs_period_us` of a new cgroup, in microseconds. */
const DEFAULT_PERIOD = 100_000;

const MEMORY = "/linux/resources/memory/limit";
const SWAP = "/linux/resources/memory/swap";
const SHARES = "/linux/resources/cpu/shares";
const QUOTA = "/linux/resources/cpu/quota";
const PERIOD = "/linux/resources/cpu/period";
const PIDS = "/linux/resources/pids/limit";

/**
 * The writes that set the limits of `resources`, in the order in which a new
 * cgroup accepts them. A property that is absent, or 0 where 0 means unset,
 * gives none.
 *
 * @throws {CgroupError} for numbers that no kernel takes
 */
export function resourceWrites(
  kind: "v1" | "v2",
  resources: CgroupLimits = {},
): ResourceWrite[] {
  const v2 = kind === "v2";
  return [
    ...memoryWrites(v2, resources.memory),
    ...cpuWrites(v2, resources.cpu),
    ...pidsWrites(resources.pids),
  ];
}

function memoryWrites(
  v2: boolean,
  memory: CgroupLimits["memory"] = {},
): ResourceWrite[] {
  const at = (name: string) => `/linux/resources/memory/${name}`;
  const limit = integer(MEMORY, memory.limit, -1n);
  const reservation = integer(at("reservation"), memory.reservation, -1n);
  const { disableOOMKiller = false, swappiness } = memory;
  const controller = "memory";
  const writes: ResourceWrite[] = [];
  if (limit !== 0n) {
    writes.push({
      controller,
      file: v2 ? "memory.max" : "memory.limit_in_bytes",
      value: v2 && limit < 0n ? "max" : `${limit}`,
      pointer: MEMORY,
      why: limit < 0n ? "no memory limit" : "limit memory",
    });
  }
  if (reservation !== 0n) {
    writes.push({
      controller,
      file: v2 ? "memory.low" : "memory.soft_limit_in_bytes",
      value: v2 && reservation < 0n ? "max" : `${reservation}`,
      pointer: at("reservation"),
      why: "reserve memory",
    });
  }
  const swap = integer(SWAP, memory.swap, -1n);
  if (swap !== 0n) writes.push(swapWrite(v2, limit, swap));
  if (swappiness !== undefined) {
    const value = integer(at("swappiness"), swappiness, 0n);
    if (v2) throw onlyV1(at("swappiness"), value, "memory.swappiness");
    writes.push({
      controller,
      file: "memory.swappiness",
      value: `${value}`,
      pointer: at("swappiness"),
      why: "say how readily to swap",
    });
  }
  if (disableOOMKiller) {
    if (v2) throw onlyV1(at("disableOOMKiller"), true, "memory.oom_control");
    writes.push({
      controller,
      file: "memory.oom_control",
      value: "1",
      pointer: at("disableOOMKiller"),
      why: "let processes wait for memory",
    });
  }
  return writes;
}

/** On v1 the limit is of memory and swap together, on v2 of swap alone. */
function swapWrite(v2: boolean, limit: bigint, swap: bigint): ResourceWrite {
  const write = (file: string, value: string) => ({
    controller: "memory",
    file,
    value,
    pointer: SWAP,
    why: swap < 0n ? "no limit of swap" : "limit memory and swap",
  });
  if (!v2) return write("memory.memsw.limit_in_bytes", `${swap}`);
  if (swap < 0n) return write("memory.swap.max", "max");
  const refuse = (why: string) =>
    new CgroupError(
      "config",
      `Cannot set ${propertyName(SWAP)} to ${swap}: ${why}`,
    );
  if (limit <= 0n) {
    throw refuse(
      "it is memory and swap together, and there is no memory limit",
    );
  }
  if (swap < limit) throw refuse(`it is less than the memory limit, ${limit}`);
  return write("memory.swap.max", `${swap - limit}`);
}

/** The error for what cgroup v2 has no file for. */
function onlyV1(pointer: string, value: unknown, file: string): CgroupError {
  return new CgroupError(
    "config",
    `Cannot set ${propertyName(pointer)} to ${value}: only cgroup v1 has ` +
      `"${file}", this host has cgroup v2`,
  );
}

function cpuWrites(
  v2: boolean,
  cpu: CgroupLimits["cpu"] = {},
): ResourceWrite[] {
  const shares = integer(SHARES, cpu.shares, 0n);
  const quota = integer(QUOTA, cpu.quota);
  const period = integer(PERIOD, cpu.period, 0n);
  const controller = "cpu";
  const writes: ResourceWrite[] = [];
  if (shares !== 0n) {
    const why = "weigh processor time";
    writes.push(
      v2
        ? {
          controller,
          file: "cpu.weight",
          value: `${cpuWeight(Number(shares))}`,
          pointer: SHARES,
          why,
        }
        : {
          controller,
          file: "cpu.shares",
          value: `${shares}`,
          pointer: SHARES,
          why,
        },
    );
  }
  if (v2 && (quota !== 0n || period !== 0n)) {
    writes.push({
      controller,
      file: "cpu.max",
      value: `${quota > 0n ? quota : "max"} ${period || DEFAULT_PERIOD}`,
      pointer: quota === 0n ? PERIOD : QUOTA,
      why: "limit processor time",
    });
  }
  if (!v2 && period !== 0n) {
    writes.push({
      controller,
      file: "cpu.cfs_period_us",
      value: `${period}`,
      pointer: PERIOD,
      why: "set the period of the processor time limit",
    });
  }
  if (!v2 && quota !== 0n) {
    writes.push({
      controller,
      file: "cpu.cfs_quota_us",
      value: `${quota < 0n ? -1n : quota}`,
      pointer: QUOTA,
      why: "limit processor time",
    });
  }
  return [...writes, ...otherCpuWrites(v2, cpu)];
}

function otherCpuWrites(
  v2: boolean,
  cpu: NonNullable<CgroupLimits["cpu"]>,
): ResourceWrite[] {
  const at = (name: string) => `/linux/resources/cpu/${name}`;
  const writes: ResourceWrite[] = [];
  const add = (
    [controller, file]: readonly [string, string],
    name: string,
    value: string,
    why: string,
  ) => writes.push({ controller, file, value, pointer: at(name), why });
  const burst = integer(at("burst"), cpu.burst, 0n);
  if (burst !== 0n) {
    const file = v2 ? "cpu.max.burst" : "cpu.cfs_burst_us";
    add(["cpu", file], "burst", `${burst}`, "allow bursts of processor time");
  }
  for (
    const [name, file] of [
      ["realtimePeriod", "cpu.rt_period_us"],
      ["realtimeRuntime", "cpu.rt_runtime_us"],
    ] as const
  ) {
    const value = integer(at(name), cpu[name]);
    if (value === 0n) continue;
    if (v2) throw onlyV1(at(name), value, file);
    add(["cpu", file], name, `${value}`, "give real-time processor time");
  }
  const idle = integer(at("idle"), cpu.idle, 0n);
  // A cgroup that is idle takes no weight: this comes after the shares.
  if (idle !== 0n) {
    add(["cpu", "cpu.idle"], "idle", `${idle}`, "run when nobody else does");
  }
  for (const name of ["cpus", "mems"] as const) {
    const value = cpu[name] ?? "";
    if (value === "") continue;
    const why = name === "cpus" ? "choose processors" : "choose memory nodes";
    add(["cpuset", `cpuset.${name}`], name, value, why);
  }
  return writes;
}

/**
 * Since specification 1.3 a limit is a limit, 0 included, and only -1 lifts
 * it (before, 0 read like "no limit"). 0 is written as 1, as runc does since
 * 1.4 because systemd cannot be told 0: the first process is moved in, which
 * pids.max does not stop, and neither value lets it fork.
 */
function pidsWrites(pids: CgroupLimits["pids"] = {}): ResourceWrite[] {
  if (pids.limit === undefined) return [];
  const limit = integer(PIDS, pids.limit);
  return [{
    controller: "pids",
    file: "pids.max",
    value: limit < 0n ? "max" : `${limit || 1n}`,
    pointer: PIDS,
    why: limit < 0n ? "no limit of tasks" : "limit the number of tasks",
  }];
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

/** Limits that are given but that resourceWrites() does not lower, by name. */
export function unsupportedLimits(resources: object = {}): string[] {
  const known: Record<string, readonly string[]> = {
    // useHierarchy is what kernels do anyway; checkBeforeUpdate is for updates;
    // the limits of kernel memory are warned of when the config is read.
    memory: [
      "limit",
      "reservation",
      "swap",
      "swappiness",
      "disableOOMKiller",
      "useHierarchy",
      "checkBeforeUpdate",
      "kernel",
      "kernelTCP",
    ],
    cpu: [
      "shares",
      "quota",
      "period",
      "burst",
      "realtimeRuntime",
      "realtimePeriod",
      "cpus",
      "mems",
      "idle",
    ],
    pids: ["limit"],
  };
  const found: string[] = [];
  for (const [name, value] of Object.entries(resources)) {
    if (name === "devices" || !isGiven(value)) continue;
    const below = known[name];
    const unknown = below === undefined || typeof value !== "object"
      ? [`linux.resources.${name}`]
      : Object.entries(value as object)
        .filter(([key, v]) => !below.includes(key) && isGiven(v, key))
        .map(([key]) => `linux.resources.${name}.${key}`);
    found.push(...unknown);
  }
  return found;
}

/** Engines write properties that they do not use as 0, "", [] or {}. */
function isGiven(value: unknown, key = ""): boolean {
  if (value === undefined || value === null || value === false) return false;
  // 0 is a wish only here: no swapping at all.
  if (value === 0 || value === 0n) return key === "swappiness";
  if (value === "") return false;
  if (typeof value !== "object") return true;
  return Array.isArray(value)
    ? value.length > 0
    : Object.values(value).some((v) => isGiven(v));
}

/** The property as a bigint; 0 when it is absent. */
function integer(pointer: string, value?: Integer, least?: bigint): bigint {
  if (value === undefined) return 0n;
  if (typeof value === "bigint" || Number.isSafeInteger(value)) {
    const number = BigInt(value);
    if (least === undefined || number >= least) return number;
  }
  throw new CgroupError(
    "config",
    `Cannot set ${propertyName(pointer)} to ${value}: want an integer` +
      (least === undefined ? "" : ` of at least ${least}`),
  );
}

/** `/linux/resources/pids/limit` as people write it, with dots. */
export function propertyName(pointer: string): string {
  return pointer.slice(1).replaceAll("/", ".");
}
