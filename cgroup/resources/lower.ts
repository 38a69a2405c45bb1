/**
 * Lowers `linux.resources` to writes of cgroup files.
 *
 * Sources: config-linux.md of the runtime specification 1.3; the kernel's
 * admin-guide/cgroup-v1 and cgroup-v2.
 *
 * @module
 */

import { type CpuLimits, cpusetWrites, cpuWrites } from "./cpu.ts";
import { type MemoryLimits, memoryWrites } from "./memory.ts";
import { type PidsLimits, pidsWrites } from "./pids.ts";
import type { RareLimits } from "./rare.ts";
import {
  type CgroupVersion,
  integer,
  refusal,
  type ResourceWrite,
  type VersionOf,
} from "./write.ts";

/** What is read of `linux.resources`, besides the devices. */
export interface CgroupLimits extends RareLimits {
  readonly memory?: MemoryLimits;
  readonly cpu?: CpuLimits;
  readonly pids?: PidsLimits;
}

/** What lowers the resources that few configurations have. */
export type RareLowering = (
  versionOf: VersionOf,
  resources: CgroupLimits,
) => ResourceWrite[];

/**
 * The writes that set the limits of `resources`, in the order in which a new
 * cgroup accepts them. A property that is absent, or 0 where 0 means unset,
 * gives none.
 *
 * @param version the interface of all controllers, or of each
 * @param rare needed where `needsRare`, see `loadRareLowering`
 * @throws {CgroupError} for what no kernel takes, or this version cannot do
 */
export function resourceWrites(
  version: CgroupVersion | VersionOf,
  resources: CgroupLimits = {},
  rare?: RareLowering,
): ResourceWrite[] {
  const versionOf = typeof version === "string" ? () => version : version;
  const { cpu, memory, pids } = resources;
  if (rare === undefined && needsRare(resources)) {
    throw new Error("resources that few have are lowered by a part");
  }
  return [
    ...(memory ? memoryWrites(versionOf("memory"), memory) : []),
    ...(cpu ? cpuWrites(versionOf("cpu"), cpu) : []),
    ...(cpu ? cpusetWrites(versionOf("cpuset"), cpu) : []),
    ...(pids ? pidsWrites(versionOf("pids"), pids) : []),
    ...(rare?.(versionOf, resources) ?? []),
  ];
}

/** Whether there are resources that few configurations have. */
export function needsRare(resources: CgroupLimits = {}): boolean {
  const { blockIO, hugepageLimits, network, rdma, unified } = resources;
  return [blockIO, hugepageLimits, network, rdma, unified].some((value) =>
    value !== undefined && Object.keys(value).length > 0
  );
}

/** Loads what lowers the resources that few configurations have. */
export async function loadRareLowering(): Promise<RareLowering> {
  const { rareWrites } = await import("./rare.ts");
  return (versionOf, resources) =>
    rareWrites({ integer, refusal }, versionOf, resources);
}
