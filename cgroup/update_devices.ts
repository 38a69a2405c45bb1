import { replaceDeviceRules } from "./device_attach.ts";
import { allowsEverything, type DeviceRule } from "./devices.ts";
import { CgroupError } from "./error.ts";
import type { ExistingCgroups } from "./existing.ts";
import type { CgroupLayout } from "./layout.ts";
import {
  legacyDeviceChanges,
  writeDeviceRules,
  writeDevices,
} from "./legacy_devices.ts";

/**
 * Gives a container other device rules, at no moment more or less than the old
 * ones or the new ones allow.
 *
 * @throws {CgroupError} the kernel refuses
 */
export function changeDevices(
  cgroups: ExistingCgroups,
  layout: CgroupLayout,
  before: readonly DeviceRule[],
  after: readonly DeviceRule[],
): void {
  const hierarchy = layout.hierarchies.find(({ controllers }) =>
    controllers.includes("devices")
  );
  const below = (mountPoint: string | undefined) =>
    cgroups.directories.find((path) => path.startsWith(`${mountPoint}/`));
  const legacy = below(hierarchy?.mountPoint);
  const unified = below(layout.unified?.mountPoint);
  if (legacy !== undefined) changeLegacy(cgroups, legacy, before, after);
  else if (unified !== undefined) replaceDeviceRules(unified, after);
  else if (!allowsEverything(after)) {
    throw new CgroupError(
      "system",
      "Cannot limit devices (linux.resources.devices): the container has no " +
        "cgroup that could",
    );
  }
}

/**
 * v1 takes rules one by one. Where its default has to change, everything is
 * allowed or denied for a moment, in which nobody may run.
 */
function changeLegacy(
  cgroups: ExistingCgroups,
  directory: string,
  before: readonly DeviceRule[],
  after: readonly DeviceRule[],
): void {
  const changes = legacyDeviceChanges(before, after);
  const asleep = changes !== undefined || cgroups.frozen();
  if (!asleep) cgroups.freeze();
  try {
    if (changes === undefined) writeDeviceRules(directory, after);
    else writeDevices(directory, changes);
  } catch (error) {
    const back = legacyDeviceChanges(after, before);
    if (back === undefined) writeDeviceRules(directory, before);
    else writeDevices(directory, back);
    throw error;
  } finally {
    if (!asleep) cgroups.thaw();
  }
}
