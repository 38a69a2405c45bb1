/**
 * The mark by which a container's cgroups are told from those that another one
 * has got since, at the same place.
 *
 * @module
 */

import type { Whose } from "../cgroup/existing.ts";
import { AT_FDCWD } from "../ffi/fd.ts";
import { identity } from "../ffi/files.ts";
import { containerFolder, type ContainerRecord } from "./store.ts";

/**
 * A container's mark: no other one has its folder as long as it is there, be
 * its ID and its state root of the same name. Undefined: it has no folder.
 */
export function ownMark(root: string, id: string): string | undefined {
  const folder = identity(AT_FDCWD, containerFolder(root, id));
  return typeof folder === "string" ? `${folder} ${id}` : undefined;
}

/**
 * Whose the processes are in a container's cgroups.
 * @param mayHaveLeft asked whether its own may still be there
 */
export function whose(
  root: string,
  { cgroups, cgroupsMade, id }: ContainerRecord,
  mayHaveLeft: () => boolean,
): Whose {
  return (mark) => {
    // Where marks are not to be had, what Davit made is taken for its own.
    const unknown = cgroupsMade && cgroups.marked !== true;
    const own = unknown || mark !== undefined && mark === ownMark(root, id);
    if (!own) return "others";
    return mayHaveLeft() ? "own" : "ended";
  };
}
