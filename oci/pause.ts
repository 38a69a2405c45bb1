/**
 * Stopping a container's processes for a while.
 *
 * @module
 */

import { cgroupManagerFromState } from "../cgroup/existing.ts";
import { getExistingContainerInfo } from "./container_info.ts";
import { RuntimeError } from "./errors.ts";
import { explained } from "./explain.ts";
import { statusOf } from "./init_process.ts";
import { quote } from "./quote.ts";
import type { Runtime } from "./runtime.ts";

/**
 * Stops all processes of a created or running container.
 *
 * @throws {RuntimeError} not-found; state: `container not running`; system: a
 * process does not stop, or the container has no freezer
 */
export function pause(runtime: Runtime, id: string): void {
  explained(`pause container ${quote(id)}`, () => {
    const { record } = getExistingContainerInfo(runtime, id);
    const status = statusOf(runtime.root, record);
    if (status !== "running" && status !== "created") {
      throw new RuntimeError(
        "state",
        `Cannot pause container ${quote(id)}: container not running: it is ` +
          status,
      );
    }
    cgroupManagerFromState(record.cgroups).freeze();
    runtime.log.debug("container paused");
  });
}

/**
 * Lets all processes of a paused container go on.
 *
 * @throws {RuntimeError} not-found; state: `container not paused`
 */
export function resume(runtime: Runtime, id: string): void {
  explained(`resume container ${quote(id)}`, () => {
    const { record } = getExistingContainerInfo(runtime, id);
    const status = statusOf(runtime.root, record);
    if (status !== "paused") {
      throw new RuntimeError(
        "state",
        `Cannot resume container ${quote(id)}: container not paused: it is ` +
          status,
      );
    }
    cgroupManagerFromState(record.cgroups).thaw();
    runtime.log.debug("container resumed");
  });
}
