/**
 * The cgroups above a container's that were made for it.
 *
 * @module
 */

import { lockedOf, tryLockCgroup } from "./lock.ts";
import { parentOf } from "./place.ts";
import { removeDirectory } from "./tree.ts";

/** Cgroups at the same height above a container's own. */
export interface Level {
  /** What is locked while they are removed: they may be a container's, too. */
  readonly locked: string;
  /** Those that were made for the container. */
  readonly directories: readonly string[];
}

/**
 * What was made above a container's cgroups, the nearest first.
 *
 * @param directories the container's cgroup in each hierarchy
 * @param created what was made for it, parents included
 */
export function levelsAbove(
  directories: readonly string[],
  created: readonly string[],
): Level[] {
  const levels: Level[] = [];
  const left = new Set(created);
  directories.forEach((directory) => left.delete(directory));
  let above = directories;
  while (left.size > 0 && above.length > 0) {
    above = above.map(parentOf);
    if (above.every((path) => path.lastIndexOf("/") <= 0)) break;
    const made = [...new Set(above)].filter((path) => left.delete(path));
    const locked = lockedOf(above)!;
    if (made.length > 0) levels.push({ locked, directories: made });
  }
  return levels;
}

/**
 * What was made in hierarchies that the container was then left out of, the
 * nearest first.
 */
export function leftOut(
  directories: readonly string[],
  created: readonly string[],
): string[] {
  const levels = levelsAbove(directories, created);
  const known = new Set(directories);
  for (const { directories } of levels) {
    directories.forEach((d) => known.add(d));
  }
  return created.filter((path) => !known.has(path)).toReversed();
}

/**
 * Removes what was made above a container's cgroups and nobody uses.
 *
 * @param directories the container's cgroup in each hierarchy
 * @param created what was made for it, parents included
 * @throws {SyscallError}
 */
export function removeAbove(
  directories: readonly string[],
  created: readonly string[],
): void {
  for (
    const { locked, directories: level } of levelsAbove(directories, created)
  ) {
    const lock = tryLockCgroup(locked);
    // A container is just being made there.
    if (lock === "taken") return;
    try {
      for (const directory of level) removeDirectory(directory);
    } finally {
      lock?.[Symbol.dispose]();
    }
  }
  for (const directory of leftOut(directories, created)) {
    removeDirectory(directory);
  }
}
