/**
 * Paths of the host that lead into the root file system.
 *
 * Engines know a root file system by its path on the host, and runc takes such
 * a path for one of the container: as the place of a mount, and as the source
 * of a bind mount, which then shows what was mounted there before.
 *
 * @module
 */

import { components } from "../launch/root_paths.ts";

/**
 * The path in the container that a path of the host stands for, cleaned as
 * text; undefined where it does not lead into the root file system.
 *
 * @param rootfs the root file system's absolute path on the host
 */
export function innerPath(path: string, rootfs: string): string | undefined {
  const root = `/${components(rootfs).join("/")}`;
  if (root === "/" || !path.startsWith(root)) return undefined;
  const whole = `/${components(path).join("/")}`;
  if (whole === root) return "/";
  return whole.startsWith(`${root}/`) ? whole.slice(root.length) : undefined;
}

/**
 * Where a bind mount's source is in the container, if it is among what was
 * mounted there before; undefined where the host has it.
 *
 * @param mounted the places of the mounts before it, cleaned as text
 */
export function innerSource(
  source: string,
  rootfs: string,
  mounted: readonly string[],
): string | undefined {
  const path = innerPath(source, rootfs);
  if (path === undefined) return undefined;
  const meets = mounted.some((place) =>
    holds(place, path) || holds(path, place)
  );
  return meets ? path : undefined;
}

function holds(folder: string, path: string): boolean {
  return folder === "/" || path === folder || path.startsWith(`${folder}/`);
}
