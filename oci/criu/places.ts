/**
 * The places that a container's mounts need in its root file system, and in
 * what is bound into it. Where a file system of its own is mounted, criu makes
 * them as they were.
 *
 * @module
 */

import { isDirectory, stat } from "../../ffi/files.ts";
import type { LaunchInput, MountInput } from "../../launch/input.ts";
import type { Place } from "../../launch/criu.ts";

/** The places of all mounts, those in the root file system first. */
export function mountPlaces({ mounts }: LaunchInput): Place[] {
  return mounts.flatMap((mount, index): Place[] => {
    if (mount.kind !== "bind" && mount.kind !== "filesystem") return [];
    const path = placeOf(mount);
    const around = mounts.slice(0, index).filter((other) =>
      isMount(other) && path.startsWith(`${placeOf(other)}/`)
    ).at(-1);
    const { pointer } = mount;
    const kind = mount.kind === "filesystem" || isDirectory(stat(mount.source))
      ? "directory"
      : "file";
    if (around === undefined) return [{ path, kind, pointer }];
    if (around.kind !== "bind") return [];
    const inner = path.slice(placeOf(around).length);
    return [{ folder: around.source, path: inner, kind, pointer }];
  });
}

function isMount({ kind }: MountInput): boolean {
  return kind === "bind" || kind === "filesystem";
}

function placeOf(mount: MountInput): string {
  return mount.mountPoint ?? mount.destination;
}
