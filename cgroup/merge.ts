/**
 * The resources of a container after an update.
 *
 * @module
 */

import type { CgroupLimits } from "./resources/lower.ts";
import { oomKillerWrite } from "./resources/memory.ts";
import type {
  CgroupVersion,
  ResourceWrite,
  VersionOf,
} from "./resources/write.ts";
import type { CgroupResources } from "./types.ts";

/**
 * The resources of a container that had `current` and was given `changes`.
 * What is not given stays; a number of 0 gives nothing where it means unset.
 */
export function mergeResources(
  current: CgroupResources,
  changes: CgroupResources,
): CgroupResources {
  const { blockIO, cpu, devices, hugepageLimits, memory, network } = changes;
  const { pids, rdma, unified } = changes;
  return {
    ...current,
    ...memory && { memory: mergeMemory(current.memory, memory) },
    ...cpu && { cpu: { ...current.cpu, ...withoutUnset(cpu, CPU_ZEROS) } },
    ...pids && { pids: { ...current.pids, ...pids } },
    ...blockIO && { blockIO: mergeBlockIO(current.blockIO, blockIO) },
    ...hugepageLimits && {
      hugepageLimits: upsert(
        current.hugepageLimits,
        hugepageLimits,
        ({ pageSize }) => pageSize,
      ),
    },
    ...network && {
      network: {
        ...current.network,
        ...withoutUnset(network),
        ...network.priorities && {
          priorities: upsert(
            current.network?.priorities,
            network.priorities,
            ({ name }) => name,
          ),
        },
      },
    },
    ...rdma && { rdma: mergeEach(current.rdma, rdma) },
    ...unified && { unified: { ...current.unified, ...unified } },
    ...devices && { devices },
  };
}

/**
 * Changes, with what is taken only together: a quota and its period are one
 * file of v2, and one of systemd's properties; the limit of swap on v2 is that
 * of memory and swap together, less that of memory. BFQ forgets the weights of
 * single devices with a new one of all, and what is idle forgets its own.
 */
export function withLinked(
  versionOf: VersionOf,
  current: CgroupLimits,
  changes: CgroupLimits,
): CgroupLimits {
  const { blockIO, cpu, memory } = changes;
  const merged = mergeResources(current, changes);
  return {
    ...changes,
    ...blockIO?.weight && {
      blockIO: {
        ...blockIO,
        ...merged.blockIO?.weightDevice && {
          weightDevice: merged.blockIO.weightDevice,
        },
      },
    },
    ...cpu && { cpu: { ...cpu, ...linkedCpu(merged, cpu) } },
    ...memory && {
      memory: {
        ...memory,
        ...linkedMemory(versionOf("memory"), merged, memory),
      },
    },
  };
}

function linkedCpu(
  { cpu: { quota, period, shares } = {} }: CgroupLimits,
  changes: NonNullable<CgroupLimits["cpu"]>,
) {
  const limits = changes.quota || changes.period;
  const wakes = changes.idle !== undefined && Number(changes.idle) === 0;
  return {
    ...limits && quota !== undefined && { quota },
    ...limits && period !== undefined && { period },
    ...wakes && shares !== undefined && { shares },
  };
}

function linkedMemory(
  version: CgroupVersion,
  { memory: { limit, swap } = {} }: CgroupLimits,
  changes: NonNullable<CgroupLimits["memory"]>,
) {
  if (version === "v1" || !(changes.limit || changes.swap)) return {};
  return {
    ...limit !== undefined && { limit },
    ...swap !== undefined && { swap },
  };
}

/** What takes back a flag, of which resources tell only that it is set. */
export function takenBack(
  versionOf: VersionOf,
  { memory: current }: CgroupLimits,
  { memory: changes }: CgroupLimits,
): ResourceWrite[] {
  const wanted = changes?.disableOOMKiller === false &&
    current?.disableOOMKiller === true;
  return wanted && versionOf("memory") === "v1"
    ? [oomKillerWrite("v1", false)]
    : [];
}

/** Numbers of `cpu` for which 0 is a value. */
const CPU_ZEROS = ["burst", "idle"];

function mergeMemory(
  current: CgroupLimits["memory"],
  changes: NonNullable<CgroupLimits["memory"]>,
): NonNullable<CgroupLimits["memory"]> {
  const given = withoutUnset(changes, ["swappiness"]);
  // The limit of swap went with that of memory, see memoryWrites().
  const lifted = Number(changes.limit) < 0 && !changes.swap;
  return { ...current, ...given, ...lifted && { swap: -1 } };
}

function mergeBlockIO(
  current: CgroupLimits["blockIO"] = {},
  changes: NonNullable<CgroupLimits["blockIO"]>,
): NonNullable<CgroupLimits["blockIO"]> {
  const merged: Record<string, unknown> = { ...current };
  for (const [name, value] of Object.entries(withoutUnset(changes))) {
    const old = (current as Record<string, unknown>)[name];
    merged[name] = Array.isArray(value)
      ? upsert(
        old as readonly { major: number; minor: number }[] | undefined,
        value,
        ({ major, minor }) => `${major}:${minor}`,
      )
      : value;
  }
  return merged;
}

/** Entries, of which later ones change earlier ones of the same key. */
function upsert<T extends object>(
  current: readonly T[] = [],
  changes: readonly T[],
  keyOf: (entry: T) => string,
): T[] {
  const found = new Map<string, T>();
  for (const entry of [...current, ...changes]) {
    const key = keyOf(entry);
    found.set(key, { ...found.get(key), ...entry });
  }
  return [...found.values()];
}

function mergeEach<T extends object>(
  current: Readonly<Record<string, T>> = {},
  changes: Readonly<Record<string, T>>,
): Record<string, T> {
  // A device may be called __proto__.
  const merged = new Map(Object.entries(current));
  for (const [name, value] of Object.entries(changes)) {
    merged.set(name, { ...merged.get(name), ...value });
  }
  return Object.fromEntries(merged);
}

/** An object without the numbers of 0 and the texts of "" that it has. */
function withoutUnset<T extends object>(
  object: T,
  zeros: readonly string[] = [],
): T {
  return Object.fromEntries(
    Object.entries(object).filter(([name, value]) =>
      value !== "" && (zeros.includes(name) || value !== 0 && value !== 0n)
    ),
  ) as T;
}
