/**
 * Where a further process of a container goes: its cgroups, or cgroups below.
 *
 * @module
 */

import { readText } from "../ffi/files.ts";
import { CgroupError } from "./error.ts";
import type { CgroupLayout } from "./layout.ts";
import { below, leaves } from "./place.ts";

/** Paths below the container's cgroups by controller; "" stands for all. */
export type SubCgroups = ReadonlyMap<string, string>;

/**
 * The container's cgroups as a further process is to join them.
 *
 * @param directories the container's cgroup in each hierarchy
 * @throws {CgroupError} config: a path that leads out of the container's
 * cgroup, or a controller that is not there
 */
export function subCgroups(
  layout: CgroupLayout,
  directories: readonly string[],
  paths: SubCgroups,
): string[] {
  for (const path of paths.values()) {
    if (!leaves(path)) continue;
    // The words of runc on v2 and on v1.
    throw new CgroupError(
      "config",
      `bad sub cgroup path: ${path} is not a sub cgroup path, it leads out of ` +
        "the container's cgroup",
    );
  }
  const found = new Set(directories.length > 0 ? [""] : []);
  const joined = directories.map((directory) => {
    const hierarchy = layout.hierarchies.find(({ mountPoint }) =>
      directory.startsWith(`${mountPoint}/`)
    );
    let path = paths.get("") ?? "";
    for (const controller of hierarchy?.controllers ?? []) {
      const own = paths.get(controller);
      if (own === undefined) continue;
      found.add(controller);
      path = own;
    }
    return below(directory, path);
  });
  const unknown = [...paths.keys()].find((name) => !found.has(name));
  if (unknown === undefined) return joined;
  throw new CgroupError(
    "config",
    unknown === ""
      ? "bad sub cgroup path: the container has no cgroup"
      : `unknown controller ${JSON.stringify(unknown)}: the container has no ` +
        "cgroup v1 with it",
  );
}

/**
 * The cgroup of v2 that a process is in, as a directory.
 * @param pid the process, of which there is a /proc/PID/cgroup
 * @throws {SyscallError}
 */
export function unifiedCgroupOf(
  { unified }: CgroupLayout,
  pid: number,
): string | undefined {
  if (unified === undefined) return undefined;
  const line = readText(`/proc/${pid}/cgroup`).split("\n")
    .find((line) => line.startsWith("0::"));
  const path = line?.slice("0::".length);
  const root = unified.root === "/" ? "" : unified.root;
  if (path === undefined || !path.startsWith(`${root}/`)) return undefined;
  return below(unified.mountPoint, path.slice(root.length));
}
