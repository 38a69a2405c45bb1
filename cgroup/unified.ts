import { readText } from "../ffi/files.ts";
import { attachDeviceRules } from "./device_attach.ts";
import { deviceRules } from "./devices.ts";
import { CgroupError, osCode, osText } from "./error.ts";
import { ExistingCgroups } from "./existing.ts";
import type { UnifiedHierarchy } from "./layout.ts";
import type { CgroupManager, CgroupPlan, CgroupResources } from "./types.ts";
import { below, parentOf } from "./place.ts";
import { propertyName, resourceWrites } from "./resources.ts";
import {
  cannotCreate,
  isRefused,
  makeCgroup,
  undo,
  writeResource,
} from "./setup.ts";
import { writeFile } from "./tree.ts";

/**
 * Controllers that engines expect in a container's cgroup, for statistics and
 * OOM events, whether or not the config limits anything.
 */
const WELCOME = ["cpu", "cpuset", "io", "memory", "pids", "hugetlb", "rdma"];

/** A cgroup on a host that has only v2. */
export class UnifiedCgroups extends ExistingCgroups implements CgroupManager {
  readonly #plan: CgroupPlan;
  readonly #root: string;

  /** Makes nothing yet. */
  constructor(unified: UnifiedHierarchy, plan: CgroupPlan) {
    const directory = below(unified.mountPoint, plan.place);
    const { systemd } = plan;
    super({
      kind: "v2",
      directories: [directory],
      created: [],
      ...systemd !== undefined && { systemd },
    });
    this.#plan = plan;
    this.#root = unified.mountPoint;
  }

  /** Makes the cgroups; on failure nothing that it made is left. */
  create(): void {
    const made: string[] = [];
    for (const directory of this.directories) {
      try {
        makeCgroup(directory, this.#root, made, this.systemd !== undefined);
        const refusals = enableControllers(directory, this.#root);
        this.#requireControllers(directory, refusals);
        this.settle([directory], made);
      } catch (error) {
        undo(made);
        if (!isRefused(error) || this.#plan.insists) {
          throw cannotCreate(directory, error);
        }
        this.settle([], []);
        this.#plan.log.debug("cgroup left out", {
          path: directory,
          error: osCode(error),
        });
      }
    }
  }

  /** Sets limits and device rules; without resources the default rules. */
  applyResources(resources: CgroupResources = {}): void {
    const rules = deviceRules(resources.devices);
    for (const directory of this.directories) {
      for (const write of resourceWrites("v2", resources)) {
        writeResource(directory, write);
      }
      if (this.#plan.limitsDevices) attachDeviceRules(directory, rules);
    }
    if (this.directories.length === 0) {
      this.#plan.log.warn("no permission for cgroups: devices are not limited");
    }
  }

  /** A limit whose controller is not there is an error, never left out. */
  #requireControllers(directory: string, refusals: readonly string[]): void {
    const writes = resourceWrites("v2", this.#plan.resources);
    if (writes.length === 0) return;
    const available = readWords(`${directory}/cgroup.controllers`);
    const missing = writes.find((w) => !available.includes(w.controller));
    if (missing === undefined) return;
    const { controller, pointer } = missing;
    const [why] = refusals.filter((r) => r.includes(`"+${controller}"`));
    throw new CgroupError(
      "system",
      `Cannot set ${propertyName(pointer)}: the cgroup controller ` +
        `"${controller}" is not available in "${directory}": ` +
        (why ?? `it is not in "${this.#root}/cgroup.controllers"`),
    );
  }
}

/**
 * Hands controllers down from `root` to `directory`, as far as the kernel
 * allows: each cgroup on the way names them in cgroup.subtree_control.
 *
 * @returns what was refused and why, one line each
 */
function enableControllers(directory: string, root: string): string[] {
  const available = readWords(`${root}/cgroup.controllers`);
  const wanted = WELCOME.filter((name) => available.includes(name));
  const refusals: string[] = [];
  for (const level of levels(parentOf(directory), root)) {
    const file = `${level}/cgroup.subtree_control`;
    const enabled = readWords(file);
    const missing = wanted.filter((name) => !enabled.includes(name));
    if (missing.length === 0) continue;
    // One write for all: each costs the kernel a walk over the subtree. It
    // fails as a whole, so that then each one is tried.
    if (tryEnable(file, missing) === "") continue;
    for (const name of missing) {
      const refusal = tryEnable(file, [name]);
      if (refusal !== "") refusals.push(refusal);
    }
  }
  return refusals;
}

/** "" when the controllers are on, else what was refused. */
function tryEnable(file: string, names: readonly string[]): string {
  const value = names.map((name) => `+${name}`).join(" ");
  try {
    writeFile(file, value);
    return "";
  } catch (error) {
    const code = osCode(error);
    const mend = code === "EBUSY"
      ? ", that cgroup has processes of its own, which a parent may not have"
      : "";
    return `write "${value}" to "${file}": ${code}: ${osText(error)}${mend}`;
  }
}

/** The cgroups from `root` down to `directory`, both included. */
function levels(directory: string, root: string): string[] {
  if (directory.length <= root.length) return [root];
  return [...levels(parentOf(directory), root), directory];
}

function readWords(path: string): string[] {
  return readText(path).split(/\s+/).filter((word) => word !== "");
}
