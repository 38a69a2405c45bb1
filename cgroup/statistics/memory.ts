import { oomKills } from "../oom.ts";
import { type CgroupFiles, filled, UNLIMITED } from "./files.ts";
import { pressure } from "./pressure.ts";
import type { MemoryStatistics, MemoryUse } from "./types.ts";

const NOTHING: MemoryUse = { limit: 0n, failcnt: 0n };

/**
 * Memory, on v1 and on v2.
 * @param directories the container's cgroup in each hierarchy
 */
export function memoryStatistics(
  files: CgroupFiles,
  directories: readonly string[],
): MemoryStatistics {
  const psi = pressure(files, "memory");
  const stat = files.table("memory.stat");
  const legacy = files.has("memory.usage_in_bytes");
  const cache = stat.get(legacy ? "cache" : "file");
  return {
    ...filled<MemoryStatistics>({ cache }),
    ...(legacy ? legacyUses(files) : unifiedUses(files)),
    ...(stat.size > 0 && { raw: byName(stat) }),
    ...(psi && { psi }),
    ...events(files, legacy, directories),
  };
}

type Uses = Pick<
  MemoryStatistics,
  "usage" | "swap" | "kernel" | "kernelTCP"
>;

function legacyUses(files: CgroupFiles): Uses {
  return {
    usage: legacyUse(files, "memory"),
    // Counts memory and swap together.
    swap: legacyUse(files, "memory.memsw"),
    kernel: legacyUse(files, "memory.kmem"),
    kernelTCP: legacyUse(files, "memory.kmem.tcp"),
  };
}

function legacyUse(files: CgroupFiles, name: string): MemoryUse {
  // Swap and kernel memory may not be counted.
  if (!files.has(`${name}.usage_in_bytes`)) return NOTHING;
  return use({
    limit: files.number(`${name}.limit_in_bytes`),
    usage: files.number(`${name}.usage_in_bytes`),
    max: files.number(`${name}.max_usage_in_bytes`),
    failcnt: files.number(`${name}.failcnt`),
  });
}

/** v2 counts swap alone: what is told is what v1 would, as in runc. */
function unifiedUses(files: CgroupFiles): Uses {
  const usage = unifiedUse(files, "memory");
  const swap = unifiedUse(files, "memory.swap");
  const limit = swap.limit === UNLIMITED
    ? UNLIMITED
    : sum(swap.limit, usage.limit);
  return {
    usage,
    swap: use({ limit, usage: sum(swap.usage ?? 0n, usage.usage ?? 0n) }),
    kernel: NOTHING,
    kernelTCP: NOTHING,
  };
}

function unifiedUse(files: CgroupFiles, name: string): MemoryUse {
  if (!files.has(`${name}.current`)) return NOTHING;
  return use({
    limit: files.number(`${name}.max`),
    usage: files.number(`${name}.current`),
    max: files.number(`${name}.peak`),
  });
}

function use(
  { limit, usage, max, failcnt }: {
    readonly [K in keyof MemoryUse]?: bigint | undefined;
  },
): MemoryUse {
  return {
    limit: limit ?? 0n,
    ...filled<MemoryUse>({ usage, max }),
    failcnt: failcnt ?? 0n,
  };
}

/** At most what 64 bits hold. */
function sum(a: bigint, b: bigint): bigint {
  return a + b < UNLIMITED ? a + b : UNLIMITED;
}

/**
 * v2's names, and what they are called here: who waits for an event of type
 * `oom` may look for no more than that word, as runc's own tests do.
 */
const EVENTS: Readonly<Record<string, string>> = {
  oom: "out_of_memory",
  oom_kill: "kill",
  oom_group_kill: "group_kill",
};

function events(
  files: CgroupFiles,
  legacy: boolean,
  directories: readonly string[],
): Pick<MemoryStatistics, "events"> {
  if (legacy) {
    const kill = oomKills(directories);
    return kill === undefined ? {} : { events: { kill: BigInt(kill) } };
  }
  const table = [...files.table("memory.events")].map(([name, count]) =>
    [EVENTS[name] ?? name, count] as const
  );
  return table.length > 0 ? { events: byName(new Map(table)) } : {};
}

/** In the order of their names, as Go writes a map. */
function byName(table: ReadonlyMap<string, bigint>): Record<string, bigint> {
  const entries = [...table].sort(([a], [b]) => a < b ? -1 : 1);
  return Object.fromEntries(entries);
}
