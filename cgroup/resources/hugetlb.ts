/**
 * A part that is loaded on demand: it imports nothing at run time.
 *
 * @module
 */

import type {
  CgroupVersion,
  Integer,
  LoweringTools,
  ResourceWrite,
} from "./write.ts";

/** One entry of `linux.resources.hugepageLimits`. */
export interface HugepageLimit {
  /** Such as `2MB`. */
  readonly pageSize: string;
  /** In bytes; 0 is a limit. */
  readonly limit: Integer;
}

const PATH = "/linux/resources/hugepageLimits";

/**
 * The writes for `linux.resources.hugepageLimits`: what processes may reserve,
 * and, for pages that nobody has reserved, what they may use. Kernels before
 * 5.7 know no limit of reservations.
 */
export function hugetlbWrites(
  { integer, refusal }: LoweringTools,
  version: CgroupVersion,
  limits: readonly HugepageLimit[],
): ResourceWrite[] {
  const end = version === "v1" ? "limit_in_bytes" : "max";
  return limits.flatMap(({ pageSize, limit }, index): ResourceWrite[] => {
    if (!/^[1-9][0-9]*[KMG]B$/.test(pageSize)) {
      const at = `${PATH}/${index}/pageSize`;
      throw refusal(at, JSON.stringify(pageSize), 'want a size like "2MB"');
    }
    const pointer = `${PATH}/${index}/limit`;
    const value = `${integer(pointer, limit, 0n)}`;
    const common = { controller: "hugetlb", version, value, pointer };
    return [
      {
        ...common,
        file: `hugetlb.${pageSize}.${end}`,
        why: `limit huge pages of ${pageSize}`,
      },
      {
        ...common,
        file: `hugetlb.${pageSize}.rsvd.${end}`,
        optional: true,
        why: `limit reservations of huge pages of ${pageSize}`,
      },
    ];
  });
}
