/**
 * A container whose record is damaged, found again by its cgroups.
 *
 * Compiled, this is a file of its own with all that it needs.
 *
 * @module
 */

import { hierarchiesOf, hostLayout } from "../cgroup/layout.ts";
import { below, cgroupPlace } from "../cgroup/place.ts";
import { isDirectory, lstat, readBytes } from "../ffi/files.ts";
import { parseJson } from "./json_text.ts";
import { savedConfig } from "./store.ts";
import type { CgroupRecord } from "../cgroup/existing.ts";

/**
 * The cgroups that a container of this ID has, where its kept configuration
 * says, or where Davit puts them without one; undefined when there are none.
 */
export function orphanCgroups(
  root: string,
  id: string,
): CgroupRecord | undefined {
  const layout = hostLayout();
  const place = cgroupPlace(id, keptPath(savedConfig(root, id)));
  const directories = hierarchiesOf(layout)
    .map(({ mountPoint }) => below(mountPoint, place))
    .filter((path) => isDirectory(lstat(path)));
  if (directories.length === 0) return undefined;
  return {
    kind: layout.kind === "unified" ? "v2" : "v1",
    directories,
    created: directories,
  };
}

/** `linux.cgroupsPath` of a kept configuration, if that can be read. */
function keptPath(path: string): string | undefined {
  try {
    const config = parseJson(readBytes(path)) as {
      linux?: { cgroupsPath?: string };
    };
    const found = config.linux?.cgroupsPath;
    // systemd's form names a unit, which ends with its last process.
    return typeof found === "string" && !found.includes(":")
      ? found
      : undefined;
  } catch {
    return undefined;
  }
}
