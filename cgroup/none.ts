/**
 * Containers without cgroups.
 *
 * @module
 */

import { ExistingCgroups } from "./existing.ts";
import type { ResourceWrite } from "./resources/write.ts";
import type { CgroupLog, CgroupManager, CgroupResources } from "./types.ts";

/** Makes no cgroups, and says what that leaves undone. */
export class NoCgroups extends ExistingCgroups implements CgroupManager {
  readonly #why: string;
  readonly #log: CgroupLog;

  /**
   * @param why there are none
   * @param log told of what is not limited
   */
  constructor(why: string, log: CgroupLog) {
    super({ kind: "none", directories: [], created: [] });
    this.#why = why;
    this.#log = log;
  }

  /** There is nothing to make. */
  create(): void {}

  /** There are no files to write. */
  writes(): ResourceWrite[] {
    return [];
  }

  /** Applies nothing, and says so. */
  applyResources(resources: CgroupResources = {}): void {
    const limits = limitNames(resources);
    const set = limits.length === 0
      ? ""
      : `${limits.join(", ")} ${limits.length === 1 ? "is" : "are"} not set, `;
    this.#log.warn(`${this.#why}: ${set}devices are not limited`);
  }
}

/** The limits that are asked for, such as `linux.resources.pids.limit`. */
function limitNames(resources: CgroupResources): string[] {
  const { devices: _, ...limits } = resources;
  return Object.entries(limits).flatMap(([group, value]) => {
    if (!isGiven(value)) return [];
    const name = `linux.resources.${group}`;
    // Their keys are not the specification's.
    if (Array.isArray(value) || group === "unified" || group === "rdma") {
      return [name];
    }
    return Object.entries(value as object).filter(([, part]) => isGiven(part))
      .map(([part]) => `${name}.${part}`);
  });
}

function isGiven(value: unknown): boolean {
  if (typeof value !== "object" || value === null) {
    return value !== undefined && value !== null && value !== "";
  }
  return Object.keys(value).length > 0;
}
