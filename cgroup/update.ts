/**
 * Other limits for a container that exists.
 *
 * @module
 */

import { readText } from "../ffi/files.ts";
import { applyWrites, type DirectoryOf } from "./apply.ts";
import { controllerVersions, handDown } from "./controllers.ts";
import { type DeviceRuleInput, deviceRules } from "./devices.ts";
import { CgroupError } from "./error.ts";
import type { ExistingCgroups } from "./existing.ts";
import type { CgroupLayout } from "./layout.ts";
import { mergeResources, takenBack, withLinked } from "./merge.ts";
import { type RareLowering, resourceWrites } from "./resources/lower.ts";
import type { ResourceWrite } from "./resources/write.ts";
import { putBack, takeSnapshot, writesBack } from "./snapshot.ts";
import type { CgroupResources } from "./types.ts";
import { changeDevices } from "./update_devices.ts";

/** What is to be set, for a manager of units to know. */
export interface UpdateNotice {
  readonly writes: readonly ResourceWrite[];
  /** Absent: those that it has. */
  readonly devices?: ReturnType<typeof deviceRules>;
}

/** An update of a container's resources. */
export interface UpdateRequest {
  readonly cgroups: ExistingCgroups;
  readonly layout: CgroupLayout;
  /** `linux.resources` as they are. */
  readonly current: CgroupResources;
  /** What is to be another; the rest stays. */
  readonly changes: CgroupResources;
  readonly rare: RareLowering;
  /** Whether device rules can be made: only root of the host may. */
  readonly limitsDevices: boolean;
  /** Told first: systemd would undo what it does not know of. */
  readonly inform?: (notice: UpdateNotice) => void;
}

/** What an update has done. */
export interface Updated {
  /** `linux.resources` as they are now. */
  readonly resources: CgroupResources;
  /**
   * Puts back what there was.
   * @throws {CgroupError}
   */
  undo(): void;
}

/**
 * Sets other limits; a failure puts back what it has changed.
 *
 * @throws {CgroupError} config: what no kernel takes; state: more memory is
 * used than allowed by then; system: the kernel refuses
 */
export function updateResources(request: UpdateRequest): Updated {
  const { cgroups, changes, current, inform, layout, rare } = request;
  const { memory } = changes;
  const versionOf = controllerVersions(layout);
  const linked = withLinked(versionOf, current, changes);
  const writes = [
    ...resourceWrites(versionOf, linked, rare),
    ...takenBack(versionOf, current, changes),
  ];
  const newDevices = isGiven(changes.devices) && request.limitsDevices;
  const devices = newDevices ? deviceRules(changes.devices) : undefined;
  const notice = { writes, ...devices !== undefined && { devices } };
  const { devices: _, ...limits } = changes;
  const resources = mergeResources(current, newDevices ? changes : limits);
  if (writes.length === 0 && devices === undefined) {
    return { resources, undo() {} };
  }
  const directoryOf = directories(cgroups, layout);
  if (memory?.checkBeforeUpdate ?? current.memory?.checkBeforeUpdate) {
    checkMemory(linked.memory, writes, directoryOf);
  }
  prepare(writes, directoryOf, layout);
  const snapshot = takeSnapshot(writes, directoryOf);
  const oldDevices = deviceRules(current.devices);
  const undo = () => {
    if (devices !== undefined) {
      changeDevices(cgroups, layout, devices, oldDevices);
    }
    undoWrites();
  };
  const undoWrites = () => {
    const back = writesBack(snapshot);
    inform?.({
      writes: back,
      ...devices !== undefined && { devices: oldDevices },
    });
    putBack(snapshot, directoryOf);
  };
  try {
    inform?.(notice);
    applyWrites(writes, directoryOf);
    if (devices !== undefined) {
      changeDevices(cgroups, layout, oldDevices, devices);
    }
  } catch (error) {
    tryPutBack(undoWrites, error);
    throw error;
  }
  return { resources, undo };
}

/**
 * Whether rules are meant: engines send "deny everything", alone, with every
 * update, and the container is to keep its devices.
 */
function isGiven(devices: readonly DeviceRuleInput[] = []): boolean {
  const [first] = devices;
  const placeholder = devices.length === 1 && first?.allow === false &&
    (first.type ?? "a") === "a" && (first.major ?? -1) === -1 &&
    (first.minor ?? -1) === -1;
  return devices.length > 0 && !placeholder;
}

/** Finds the container's cgroup that has a file. */
function directories(
  { directories, kind }: ExistingCgroups,
  { hierarchies, unified }: CgroupLayout,
): DirectoryOf {
  const below = (mountPoint: string | undefined) =>
    directories.find((path) => path.startsWith(`${mountPoint}/`));
  if (kind === "none" || directories.length === 0) {
    throw new CgroupError(
      "state",
      "cannot set limits without cgroups: the container has none",
    );
  }
  return ({ controller, version }) =>
    below(
      version === "v2"
        ? unified?.mountPoint
        : hierarchies.find((h) => h.controllers.includes(controller))
          ?.mountPoint,
    );
}

/** Controllers of v2 may not be handed down yet. */
function prepare(
  writes: readonly ResourceWrite[],
  directoryOf: DirectoryOf,
  { unified }: CgroupLayout,
): void {
  const own = writes.filter(({ version }) => version === "v2");
  const [first] = own;
  const directory = first && directoryOf(first);
  if (directory === undefined || unified === undefined) return;
  handDown(directory, unified.mountPoint, own);
}

/**
 * On v1 the kernel refuses a limit below what is used; on v2 it would kill.
 * @throws {CgroupError} state
 */
function checkMemory(
  { limit = 0, swap = 0 }: NonNullable<CgroupResources["memory"]> = {},
  writes: readonly ResourceWrite[],
  directoryOf: DirectoryOf,
): void {
  const write = writes.find(({ controller, version }) =>
    controller === "memory" && version === "v2"
  );
  const directory = write && directoryOf(write);
  if (directory === undefined) return;
  const usage = numberIn(`${directory}/memory.current`);
  const both = usage + numberIn(`${directory}/memory.swap.current`);
  if (swap > 0 && BigInt(swap) <= both) {
    throw rejected("memory+swap limit", swap, both);
  }
  if (limit > 0 && BigInt(limit) <= usage) {
    throw rejected("memory limit", limit, usage);
  }
}

function rejected(
  what: string,
  limit: number | bigint,
  usage: bigint,
): CgroupError {
  return new CgroupError(
    "state",
    `rejecting ${what} ${limit} <= usage ${usage} (checkBeforeUpdate)`,
  );
}

function numberIn(path: string): bigint {
  try {
    return BigInt(readText(path).trim());
  } catch {
    return 0n; // a kernel without swap, say: then nobody knows better
  }
}

function tryPutBack(putBack: () => void, error: unknown): void {
  try {
    putBack();
  } catch (second) {
    if (!(error instanceof CgroupError)) throw error;
    throw new CgroupError(
      error.code,
      `${error.message}; and what was changed before cannot be put back: ` +
        (second as Error).message,
      error.cause,
    );
  }
}
