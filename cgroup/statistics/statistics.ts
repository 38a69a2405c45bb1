/**
 * What the processes of a container use: see types.ts.
 *
 * @module
 */

import { readDirectory } from "../../ffi/files.ts";
import { blkioStatistics } from "./blkio.ts";
import { cpusetStatistics, cpuStatistics } from "./cpu.ts";
import { CgroupFiles, filled, UNLIMITED } from "./files.ts";
import { memoryStatistics } from "./memory.ts";
import type { HugetlbStatistics, PidsStatistics, Statistics } from "./types.ts";

const HUGE_PAGES = "/sys/kernel/mm/hugepages";

/**
 * Reads the counters of a container. What no hierarchy counts is 0 or left
 * out, as in runc.
 *
 * @param directories the container's cgroup in each hierarchy
 * @param hugePages the folder of which each entry is a size of huge pages
 */
export function statistics(
  directories: readonly string[],
  hugePages: string = HUGE_PAGES,
): Statistics {
  const files = new CgroupFiles(directories);
  return {
    cpu: cpuStatistics(files),
    cpuset: cpusetStatistics(files),
    memory: memoryStatistics(files, directories),
    pids: pidsStatistics(files),
    blkio: blkioStatistics(files),
    hugetlb: Object.fromEntries(
      pageSizes(hugePages).flatMap((size) => {
        const found = hugetlbStatistics(files, size);
        return found === undefined ? [] : [[size, found]];
      }),
    ),
  };
}

function pidsStatistics(files: CgroupFiles): PidsStatistics {
  const limit = files.number("pids.max");
  return filled<PidsStatistics>({
    current: files.number("pids.current") ??
      BigInt(files.text("cgroup.procs")?.match(/\n/g)?.length ?? 0),
    limit: limit === UNLIMITED ? 0n : limit,
  });
}

/** What was reserved counts, where the kernel tells it; else what is used. */
function hugetlbStatistics(
  files: CgroupFiles,
  size: string,
): HugetlbStatistics | undefined {
  const legacy = [`hugetlb.${size}.rsvd`, `hugetlb.${size}`]
    .find((name) => files.has(`${name}.usage_in_bytes`));
  if (legacy !== undefined) {
    return {
      ...filled<HugetlbStatistics>({
        usage: files.number(`${legacy}.usage_in_bytes`),
        max: files.number(`${legacy}.max_usage_in_bytes`),
      }),
      failcnt: files.number(`${legacy}.failcnt`) ?? 0n,
    };
  }
  const unified = [`hugetlb.${size}.rsvd`, `hugetlb.${size}`]
    .find((name) => files.has(`${name}.current`));
  if (unified === undefined) return undefined;
  return {
    ...filled<HugetlbStatistics>({ usage: files.number(`${unified}.current`) }),
    failcnt: files.table(`hugetlb.${size}.events`).get("max") ?? 0n,
  };
}

/** The sizes of huge pages, as cgroup files name them: `2MB`, `1GB`. */
function pageSizes(folder: string): string[] {
  const entries = readDirectory(folder);
  if (typeof entries === "number") return [];
  return entries.flatMap(({ name }) => {
    const [, digits] = /^hugepages-(\d+)kB$/.exec(name) ?? [];
    if (digits === undefined) return [];
    const size = Number(digits);
    if (size >= 1 << 20) return [`${size >> 20}GB`];
    return [size >= 1 << 10 ? `${size >> 10}MB` : `${size}KB`];
  }).sort();
}
