/**
 * The cgroups of a bundle's plan: where, and every file with its value.
 *
 * @module
 */

import { deviceRules, ruleText } from "../cgroup/devices.ts";
import type { CgroupManager } from "../cgroup/types.ts";
import type { PlanEntry } from "./bundle_plan.ts";
import type { Spec } from "./spec.ts";

/** An entry for each cgroup, then for each file that is written in it. */
export function cgroupEntries(
  { linux = {} }: Spec,
  manager: CgroupManager,
): PlanEntry[] {
  const { kind, directories, systemd } = manager;
  if (kind === "none") return [];
  const entries: PlanEntry[] = directories.map((directory) => ({
    subject: directory,
    detail: systemd === undefined
      ? "made if missing, joined by init"
      : `made by systemd: the unit ${systemd.unit}, in ${systemd.slice}`,
    reason: "",
    pointer: linux.cgroupsPath ? "/linux/cgroupsPath" : "",
  }));
  for (const write of manager.writes(linux.resources)) {
    const { file, pointer, value, why } = write;
    entries.push({ subject: file, detail: value, reason: why, pointer });
  }
  for (const rule of deviceRules(linux.resources?.devices)) {
    entries.push({
      subject: `devices ${ruleText(rule)}`,
      detail: rule.allow ? "allowed" : "denied",
      reason: rule.pointer === "" ? "Davit's own rule" : "",
      pointer: rule.pointer,
    });
  }
  return entries;
}
