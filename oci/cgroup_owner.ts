import { hostId } from "./id_maps.ts";
import type { Mount, Spec } from "./spec.ts";

/**
 * The host's user who is to own the container's cgroup on v2: the one that its
 * process runs as, where it sees that cgroup as the root of a tree that it may
 * write to. Undefined: it stays whoever made it.
 *
 * Source: the runtime specification's config-linux.md, "Cgroup ownership".
 */
export function cgroupOwner(
  { linux = {}, mounts = [], process }: Spec,
): number | undefined {
  const namespace = linux.namespaces?.find(({ type }) => type === "cgroup");
  if (namespace === undefined || namespace.path) return undefined;
  if (!mounts.some(isWritableTree)) return undefined;
  return hostId(process?.user?.uid ?? 0, linux);
}

function isWritableTree({ destination, options = [], source }: Mount): boolean {
  return source === "cgroup" &&
    destination.replace(/\/+$/, "") === "/sys/fs/cgroup" &&
    !options.includes("ro");
}
