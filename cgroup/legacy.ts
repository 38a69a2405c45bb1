import { readText } from "../ffi/files.ts";
import { applyWrites, notMounted } from "./apply.ts";
import { controllerVersions, handDown } from "./controllers.ts";
import { attachDeviceRules } from "./device_attach.ts";
import { allowsEverything, deviceRules } from "./devices.ts";
import { CgroupError, osCode } from "./error.ts";
import { ExistingCgroups } from "./existing.ts";
import { type CgroupLayout, hierarchiesOf } from "./layout.ts";
import { writeDeviceRules } from "./legacy_devices.ts";
import type { CgroupLock } from "./lock.ts";
import { below, parentOf } from "./place.ts";
import { resourceWrites } from "./resources/lower.ts";
import type { ResourceWrite, VersionOf } from "./resources/write.ts";
import {
  cannotCreate,
  claimed,
  isRefused,
  makeCgroup,
  makeFirst,
  type Making,
  undo,
} from "./setup.ts";
import { writeFile } from "./tree.ts";
import type {
  CgroupClaim,
  CgroupManager,
  CgroupPlan,
  CgroupResources,
} from "./types.ts";

/** The file of the device rules is of this controller. */
const DEVICES = { controller: "devices", version: "v1" } as const;

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
  readonly #versionOf: VersionOf;
  #cgroups: readonly Cgroup[];

  /**
   * Makes nothing yet.
   * @throws {CgroupError} when a controller that the config needs is missing
   */
  constructor(layout: CgroupLayout, plan: CgroupPlan) {
    const cgroups = hierarchiesOf(layout).map((
      { mountPoint, controllers },
    ) => ({
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
    this.#versionOf = controllerVersions(layout);
    this.#cgroups = cgroups;
    this.#requireControllers();
  }

  /** Makes the cgroups; on failure nothing that it made is left. */
  create({ mark, ...occupied }: CgroupClaim = {}): void {
    const making: Making = { made: [], ...occupied };
    const usable: Cgroup[] = [];
    const writes = this.writes(this.#plan.resources);
    let refusal: CgroupError | undefined;
    let lock: CgroupLock | undefined;
    try {
      // The last one has the lock; see `lockedOf`.
      for (const cgroup of this.#cgroups.toReversed()) {
        const asked = writes.filter((write) => hasFile(cgroup, write));
        const { directory, mountPoint } = cgroup;
        try {
          if (lock !== undefined) makeCgroup(directory, mountPoint, making);
          else lock = makeFirst(directory, mountPoint, making);
          setUp(cgroup, asked, making);
          usable.unshift(cgroup);
        } catch (error) {
          const failure = cannotCreate(cgroup.directory, error);
          if (!isRefused(error) || asked.length > 0) throw failure;
          refusal ??= failure;
          this.#leaveOut(cgroup, error);
        }
      }
      // With a path or with limits somewhere else: none at all will not do.
      if (usable.length === 0 && this.#plan.insists && refusal) throw refusal;
    } catch (error) {
      undo(making, this.directories, error);
      lock?.[Symbol.dispose]();
      throw error;
    }
    this.#cgroups = usable;
    const directories = usable.map((cgroup) => cgroup.directory);
    this.settle(directories, making.made, claimed(lock, mark));
  }

  /** What sets the limits of `resources`. */
  writes(resources: CgroupResources = {}): ResourceWrite[] {
    return resourceWrites(this.#versionOf, resources, this.#plan.rare);
  }

  /** Sets limits and device rules; without resources the default rules. */
  applyResources(resources: CgroupResources = {}): void {
    applyWrites(
      this.writes(resources),
      (write) => this.#find(write)?.directory,
    );
    this.#applyDevices(resources);
  }

  #applyDevices(resources: CgroupResources): void {
    const rules = deviceRules(resources.devices);
    if (!this.#plan.privileged) return;
    const cgroup = this.#find(DEVICES);
    // The v2 hierarchy filters devices where v1 has no such controller.
    const unified = this.#cgroups.find((c) => c.controllers.length === 0);
    if (cgroup !== undefined) writeDeviceRules(cgroup.directory, rules);
    else if (unified !== undefined) attachDeviceRules(unified.directory, rules);
    else if (!allowsEverything(rules)) {
      this.#plan.log.warn("no permission for cgroups: devices are not limited");
    }
  }

  #find(write: Pick<ResourceWrite, "controller" | "version">) {
    return this.#cgroups.find((cgroup) => hasFile(cgroup, write));
  }

  /** What cannot be limited has to be known before anything is made. */
  #requireControllers(): void {
    const { resources } = this.#plan;
    const writes = this.writes(resources);
    const missing = writes.find((write) => this.#find(write) === undefined);
    if (missing !== undefined) throw notMounted(missing);
    if (this.#find(DEVICES) !== undefined || this.#hybrid) return;
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

/** Makes a cgroup fit for processes. */
function setUp(
  cgroup: Cgroup,
  asked: readonly ResourceWrite[],
  { made }: Making,
): void {
  const { controllers, directory, mountPoint } = cgroup;
  if (controllers.includes("cpuset")) inheritCpuset(cgroup, made);
  // Beside v1 only what is asked for is taken: it is the host's to divide.
  if (controllers.length === 0 && asked.length > 0) {
    handDown(directory, mountPoint, asked);
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

/** Whether a cgroup has the file of a write. */
function hasFile(
  { controllers }: Cgroup,
  { controller, version }: Pick<ResourceWrite, "controller" | "version">,
): boolean {
  return version === "v2"
    ? controllers.length === 0
    : controllers.includes(controller);
}
