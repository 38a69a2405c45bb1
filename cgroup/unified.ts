import { applyWrites } from "./apply.ts";
import { handDown, WELCOME } from "./controllers.ts";
import { attachDeviceRules } from "./device_attach.ts";
import { deviceRules } from "./devices.ts";
import { osCode } from "./error.ts";
import { ExistingCgroups } from "./existing.ts";
import type { UnifiedHierarchy } from "./layout.ts";
import type { CgroupLock } from "./lock.ts";
import { below } from "./place.ts";
import { resourceWrites } from "./resources/lower.ts";
import type { ResourceWrite } from "./resources/write.ts";
import {
  cannotCreate,
  claimed,
  isRefused,
  makeFirst,
  type Making,
  undo,
} from "./setup.ts";
import type {
  CgroupClaim,
  CgroupManager,
  CgroupPlan,
  CgroupResources,
} from "./types.ts";

/** What an ordinary user may do who has no cgroup. */
const NOT_DELEGATED = ", no cgroup that this process is in is delegated to " +
  'its user: start it with "systemd-run --user --scope -p Delegate=yes", or ' +
  "give --systemd-cgroup";

/** What he may do who has one without the controllers that he needs. */
const NOT_HANDED_DOWN = ", have root delegate it, for systemd with " +
  '"Delegate=cpu cpuset io memory pids" in user@.service';

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
  create({ mark, ...occupied }: CgroupClaim = {}): void {
    const making: Making = { made: [], ...occupied };
    for (const directory of this.directories) {
      let lock: CgroupLock | undefined;
      try {
        lock = makeFirst(directory, this.#root, making);
        const writes = this.writes(this.#plan.resources);
        const mend = this.#plan.privileged ? "" : NOT_HANDED_DOWN;
        handDown(directory, this.#root, writes, { welcome: WELCOME, mend });
        this.settle([directory], making.made, claimed(lock, mark));
      } catch (error) {
        undo(making, [directory], error);
        lock?.[Symbol.dispose]();
        if (!isRefused(error) || this.#plan.insists) {
          const mend = this.#plan.privileged ? "" : NOT_DELEGATED;
          throw cannotCreate(directory, error, mend);
        }
        this.settle([], []);
        this.#plan.log.debug("cgroup left out", {
          path: directory,
          error: osCode(error),
        });
      }
    }
  }

  /** What sets the limits of `resources`. */
  writes(resources: CgroupResources = {}): ResourceWrite[] {
    return resourceWrites("v2", resources, this.#plan.rare);
  }

  /** Sets limits and device rules; without resources the default rules. */
  applyResources(resources: CgroupResources = {}): void {
    const rules = deviceRules(resources.devices);
    for (const directory of this.directories) {
      applyWrites(this.writes(resources), () => directory);
      if (this.#plan.privileged) attachDeviceRules(directory, rules);
    }
    if (this.directories.length === 0 && this.#plan.privileged) {
      this.#plan.log.warn("no permission for cgroups: devices are not limited");
    }
  }
}
