import { readText } from "../ffi/files.ts";
import { attachDeviceRules } from "./device_attach.ts";
import { allowsEverything, deviceRules } from "./devices.ts";
import { CgroupError, osCode } from "./error.ts";
import { ExistingCgroups } from "./existing.ts";
import type { CgroupLayout } from "./layout.ts";
import { writeDeviceRules } from "./legacy_devices.ts";
import type { CgroupManager, CgroupPlan, CgroupResources } from "./types.ts";
import { below, parentOf } from "./place.ts";
import {
  propertyName,
  type ResourceWrite,
  resourceWrites,
} from "./resources.ts";
import {
  cannotCreate,
  isRefused,
  makeCgroup,
  undo,
  writeResource,
} from "./setup.ts";
import { writeFile } from "./tree.ts";

/** The container's cgroup in one hierarchy. */
interface Cgroup {
  readonly directory: string;
  readonly mountPoint: string;
  /** Empty for the v2 hierarchy of a hybrid host. */
  readonly controllers: readonly string[];
}

/** Cgroups on a host that has v1 hierarchies, v2 beside them or not. */
export class LegacyCgroups extends ExistingCgroups implements CgroupManager {
  readonly #plan: CgroupPlan;
  readonly #hybrid: boolean;
  #cgroups: readonly Cgroup[];

  /**
   * Makes nothing yet.
   * @throws {CgroupError} when a controller that the config needs is missing
   */
  constructor(layout: CgroupLayout, plan: CgroupPlan) {
    const hierarchies = [
      ...layout.hierarchies,
      ...layout.unified ? [{ ...layout.unified, controllers: [] }] : [],
    ];
    const cgroups = hierarchies.map(({ mountPoint, controllers }) => ({
      directory: below(mountPoint, plan.place),
      mountPoint,
      controllers,
    }));
    const directories = cgroups.map((cgroup) => cgroup.directory);
    const { systemd } = plan;
    super({
      kind: "v1",
      directories,
      created: [],
      ...systemd !== undefined && { systemd },
    });
    this.#plan = plan;
    this.#hybrid = layout.unified !== undefined;
    this.#cgroups = cgroups;
    this.#requireControllers();
  }

  /** Makes the cgroups; on failure nothing that it made is left. */
  create(): void {
    const made: string[] = [];
    const usable: Cgroup[] = [];
    try {
      for (const cgroup of this.#cgroups) {
        try {
          const { directory, mountPoint } = cgroup;
          makeCgroup(directory, mountPoint, made, this.systemd !== undefined);
          if (cgroup.controllers.includes("cpuset")) {
            inheritCpuset(cgroup, made);
          }
          usable.push(cgroup);
        } catch (error) {
          if (!isRefused(error) || this.#plan.insists) {
            throw cannotCreate(cgroup.directory, error);
          }
          this.#leaveOut(cgroup, error);
        }
      }
    } catch (error) {
      undo(made);
      throw error;
    }
    this.#cgroups = usable;
    this.settle(usable.map((cgroup) => cgroup.directory), made);
  }

  /** Sets limits and device rules; without resources the default rules. */
  applyResources(resources: CgroupResources = {}): void {
    const writes = resourceWrites("v1", resources);
    const late: ResourceWrite[] = [];
    for (const write of writes) {
      try {
        this.#write(write);
      } catch (error) {
        // With a quota in place the kernel takes a period only if both fit
        // the parent's: then the quota has to come first.
        const cause = error instanceof CgroupError ? error.cause : undefined;
        const again = write.file === "cpu.cfs_period_us" &&
          osCode(cause) === "EINVAL" &&
          writes.some(({ file }) => file === "cpu.cfs_quota_us");
        if (!again) throw error;
        late.push(write);
      }
    }
    for (const write of late) this.#write(write);
    this.#applyDevices(resources);
  }

  #write(write: ResourceWrite): void {
    const cgroup = this.#find(write.controller);
    if (cgroup === undefined) throw notMounted(write);
    writeResource(cgroup.directory, write);
  }

  #applyDevices(resources: CgroupResources): void {
    const rules = deviceRules(resources.devices);
    if (!this.#plan.limitsDevices) return;
    const cgroup = this.#find("devices");
    // The v2 hierarchy filters devices where v1 has no such controller.
    const unified = this.#cgroups.find((c) => c.controllers.length === 0);
    if (cgroup !== undefined) writeDeviceRules(cgroup.directory, rules);
    else if (unified !== undefined) attachDeviceRules(unified.directory, rules);
    else if (!allowsEverything(rules)) {
      this.#plan.log.warn("no permission for cgroups: devices are not limited");
    }
  }

  #find(controller: string): Cgroup | undefined {
    return this.#cgroups.find((c) => c.controllers.includes(controller));
  }

  /** What cannot be limited has to be known before anything is made. */
  #requireControllers(): void {
    const { resources } = this.#plan;
    for (const write of resourceWrites("v1", resources)) {
      if (this.#find(write.controller) === undefined) throw notMounted(write);
    }
    if (this.#find("devices") !== undefined || this.#hybrid) return;
    if (allowsEverything(deviceRules(resources.devices))) return;
    throw new CgroupError(
      "system",
      "Cannot limit devices (linux.resources.devices): " +
        'the cgroup controller "devices" is not mounted, mount it',
    );
  }

  #leaveOut({ directory }: Cgroup, error: unknown): void {
    this.#plan.log.debug("cgroup left out", {
      path: directory,
      error: osCode(error),
    });
  }
}

/**
 * A v1 cpuset cgroup starts empty and takes no process until it has processors
 * and memory nodes: it gets those of its parent.
 */
function inheritCpuset(cgroup: Cgroup, made: readonly string[]): void {
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    cpusetValue(cgroup.directory, file, cgroup.mountPoint, made);
  }
}

function cpusetValue(
  directory: string,
  file: string,
  root: string,
  made: readonly string[],
): string {
  const path = `${directory}/${file}`;
  // One that was just made need not be read.
  const own = made.includes(directory) ? "" : readText(path).trim();
  if (own !== "" || directory.length <= root.length) return own;
  const inherited = cpusetValue(parentOf(directory), file, root, made);
  if (inherited !== "") writeFile(path, inherited);
  return inherited;
}

function notMounted(write: ResourceWrite): CgroupError {
  return new CgroupError(
    "system",
    `Cannot set ${propertyName(write.pointer)}: the cgroup controller ` +
      `"${write.controller}" is not mounted, mount it`,
  );
}
