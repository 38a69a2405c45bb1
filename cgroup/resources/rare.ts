/**
 * The resources that few configurations have.
 *
 * A part that is loaded on demand: it imports only what nobody else does.
 *
 * @module
 */

import { type BlockIOLimits, blockIOWrites } from "./block_io.ts";
import { type HugepageLimit, hugetlbWrites } from "./hugetlb.ts";
import { type NetworkTags, networkWrites } from "./network.ts";
import { type RdmaLimits, rdmaWrites } from "./rdma.ts";
import { unifiedWrites } from "./unified.ts";
import type { LoweringTools, ResourceWrite, VersionOf } from "./write.ts";

/** What `rareWrites` reads of `linux.resources`. */
export interface RareLimits {
  readonly blockIO?: BlockIOLimits;
  readonly hugepageLimits?: readonly HugepageLimit[];
  readonly network?: NetworkTags;
  readonly rdma?: Readonly<Record<string, RdmaLimits>>;
  readonly unified?: Readonly<Record<string, string>>;
}

/**
 * The writes for the resources that few configurations have; those of
 * `unified` come last, they have the last word.
 *
 * @throws {CgroupError} config
 */
export function rareWrites(
  tools: LoweringTools,
  versionOf: VersionOf,
  { blockIO, hugepageLimits, network, rdma, unified }: RareLimits,
): ResourceWrite[] {
  return [
    ...(blockIO ? blockIOWrites(tools, versionOf("blkio"), blockIO) : []),
    ...(hugepageLimits
      ? hugetlbWrites(tools, versionOf("hugetlb"), hugepageLimits)
      : []),
    ...(network ? networkWrites(tools, versionOf, network) : []),
    ...(rdma ? rdmaWrites(tools, versionOf("rdma"), rdma) : []),
    ...(unified ? unifiedWrites(tools, versionOf, unified) : []),
  ];
}
