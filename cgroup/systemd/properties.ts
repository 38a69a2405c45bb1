/**
 * Limits as properties of a unit: what systemd would otherwise undo when it
 * next looks at its units.
 *
 * A limit is the write of a file of a cgroup; where systemd has a property for
 * the file, the property is set, and the file is written as well: systemd
 * rounds some values, and has no property for others.
 *
 * Sources: systemd.resource-control(5); runc's docs/systemd.md.
 *
 * @module
 */

import type { ResourceWrite } from "../resources/write.ts";
import type { Value, Variant } from "./wire.ts";

/** A property of a unit. */
export interface Property extends Variant {
  /** Its name on the bus, such as `MemoryMax`. */
  readonly name: string;
}

/** `max` and -1 of the files, UINT64_MAX on the bus. */
const INFINITY = 2n ** 64n - 1n;

/** The kernel's period where a limit of processor time names none, in µs. */
const DEFAULT_PERIOD = 100_000n;

/** systemd counts processor time in hundredths of a processor, in µs. */
const QUOTA_STEP = 10_000n;

/** Which version of systemd first had a property. */
const SINCE: Readonly<Record<string, number>> = {
  AllowedCPUs: 244,
  AllowedMemoryNodes: 244,
  CPUQuotaPeriodUSec: 242,
  MemoryZSwapMax: 253,
};
/** The version in which a weight of 0 came to mean `cpu.idle`. */
const IDLE_SINCE = 252;

/** Files that hold one number, of cgroup v2 and of v1. */
const NUMBERS: Readonly<Record<string, string>> = {
  "memory.high": "MemoryHigh",
  "memory.low": "MemoryLow",
  "memory.max": "MemoryMax",
  "memory.min": "MemoryMin",
  "memory.swap.max": "MemorySwapMax",
  "memory.zswap.max": "MemoryZSwapMax",
  "pids.max": "TasksMax",
  "cpu.weight": "CPUWeight",
  "memory.limit_in_bytes": "MemoryLimit",
  "cpu.shares": "CPUShares",
  "blkio.weight": "BlockIOWeight",
};

const SETS: Readonly<Record<string, string>> = {
  "cpuset.cpus": "AllowedCPUs",
  "cpuset.mems": "AllowedMemoryNodes",
};

/** A write, as far as this module looks at it. */
type Write = Pick<ResourceWrite, "file" | "value">;

/**
 * The properties for writes of a cgroup's files. What systemd of this version
 * has none for gives none.
 */
export function limitProperties(
  writes: readonly Write[],
  version: number,
): Property[] {
  const idle = version < IDLE_SINCE
    ? undefined
    : writes.find(({ file }) => file === "cpu.idle")?.value.trim();
  const found = new Map<string, Property>();
  for (const write of writes) {
    for (const property of propertiesOf(write)) {
      if ((SINCE[property.name] ?? 0) > version) continue;
      found.set(property.name, property);
    }
  }
  for (const property of quotaOfV1(writes)) {
    if ((SINCE[property.name] ?? 0) > version) continue;
    found.set(property.name, property);
  }
  if (idle === "1") found.set("CPUWeight", number("CPUWeight", 0n));
  // What is idle no longer has the weight of everybody.
  else if (idle === "0" && !found.has("CPUWeight")) {
    found.set("CPUWeight", number("CPUWeight", INFINITY));
  }
  return [...found.values()];
}

function number(name: string, value: bigint): Property {
  return { name, type: "t", value };
}

function propertiesOf({ file, value }: Write): Property[] {
  const text = value.trim();
  const name = NUMBERS[file];
  if (name !== undefined) {
    const amount = parseAmount(text);
    return amount === undefined ? [] : [number(name, amount)];
  }
  const set = SETS[file];
  if (set !== undefined) {
    const bits = parseList(text);
    return bits === undefined ? [] : [{ name: set, type: "ay", value: bits }];
  }
  if (file === "io.weight") {
    const amount = /^(?:default\s+)?([0-9]+)$/.exec(text)?.[1];
    return amount === undefined ? [] : [number("IOWeight", BigInt(amount))];
  }
  if (file !== "cpu.max") return [];
  const [quota = "", period] = text.split(/\s+/);
  const limit = parseAmount(quota);
  const every = period === undefined ? DEFAULT_PERIOD : parseAmount(period);
  return limit === undefined || every === undefined
    ? []
    : quotaProperties(limit, every);
}

/** On v1 the two numbers of `cpu.max` are two files. */
function quotaOfV1(writes: readonly Write[]): Property[] {
  const text = (file: string) =>
    writes.find((write) => write.file === file)?.value;
  const quota = text("cpu.cfs_quota_us");
  const period = text("cpu.cfs_period_us");
  if (quota === undefined && period === undefined) return [];
  const limit = quota === undefined ? INFINITY : parseAmount(quota);
  const every = period === undefined ? DEFAULT_PERIOD : parseAmount(period);
  return limit === undefined || every === undefined
    ? []
    : quotaProperties(limit, every);
}

function quotaProperties(quota: bigint, period: bigint): Property[] {
  const periods = number("CPUQuotaPeriodUSec", period);
  if (quota === INFINITY || period === 0n) {
    return [periods, number("CPUQuotaPerSecUSec", INFINITY)];
  }
  // Rounded up: what is below could not have what it asks for otherwise.
  const exact = quota * 1_000_000n / period;
  const rounded = (exact + QUOTA_STEP - 1n) / QUOTA_STEP * QUOTA_STEP;
  return [periods, number("CPUQuotaPerSecUSec", rounded)];
}

/** A number of a cgroup's file; undefined: the kernel is to complain of it. */
function parseAmount(text: string): bigint | undefined {
  if (text === "max" || text === "-1") return INFINITY;
  if (!/^[0-9]{1,20}$/.test(text)) return undefined;
  const amount = BigInt(text);
  return amount > INFINITY ? undefined : amount;
}

/** The highest processor or memory node that is looked at. */
const MAX_MEMBER = 65535;

/** A list such as `0-3,7` as a bit mask; undefined where it is none. */
function parseList(text: string): Value | undefined {
  const mask: number[] = [];
  for (const part of text.split(",")) {
    const ends = /^\s*([0-9]{1,9})(?:-([0-9]{1,9}))?\s*$/.exec(part);
    if (ends === null) return undefined;
    const first = Number(ends[1]), last = Number(ends[2] ?? ends[1]);
    if (last < first || last > MAX_MEMBER) return undefined;
    for (let member = first; member <= last; member++) {
      const at = member >> 3;
      while (mask.length <= at) mask.push(0);
      mask[at]! |= 1 << (member & 7);
    }
  }
  return new Uint8Array(mask);
}
