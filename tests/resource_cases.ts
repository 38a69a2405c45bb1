import type { Disk, ResourceCase } from "./resource_case.ts";
import { cpuCases } from "./resource_cpu_cases.ts";
import { legacyCases } from "./resource_legacy_cases.ts";
import { memoryCases } from "./resource_memory_cases.ts";
import { blockIOCases, otherCases } from "./resource_other_cases.ts";

/** The table of resources, on a host that has this block device. */
export function resourceCases(disk: Disk): ResourceCase[] {
  return [
    ...memoryCases(),
    ...cpuCases(),
    ...blockIOCases(disk),
    ...otherCases(),
    ...legacyCases(),
  ];
}
