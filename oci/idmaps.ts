/**
 * ID-mapped mounts: whose files get other owners in the container, config.md
 * ("idmap", "ridmap").
 *
 * @module
 */

import { close, type Fd, O, open } from "../ffi/fd.ts";
import type { Privileges } from "../launch/input.ts";
import { makeUserNamespace, type Starter } from "../launch/user_namespaces.ts";
import { writeIdMaps } from "./id_maps.ts";
import type { IdMapping, Spec } from "./spec.ts";

/** Maps that a mount takes: some of its own, or the container's. */
export interface MountIdMaps {
  readonly uidMappings: readonly IdMapping[];
  readonly gidMappings: readonly IdMapping[];
  /** The user namespace that has them, if it is there already. */
  readonly path?: string;
  /** Where they are in config.json. */
  readonly pointer: string;
}

/** The maps of all mounts, each once, and which of them a mount has. */
export interface IdMapTable {
  readonly maps: readonly MountIdMaps[];
  /** By the mount's index; a mount that is not mapped is not in it. */
  readonly indexes: ReadonlyMap<number, number>;
}

/** The maps of a configuration's mounts, which has been checked. */
export function idMapTable({ mounts = [], linux = {} }: Spec): IdMapTable {
  const maps: MountIdMaps[] = [];
  const indexes = new Map<number, number>();
  const known = new Map<string, number>();
  for (const [i, mount] of mounts.entries()) {
    const { uidMappings = [], gidMappings = [], options = [] } = mount;
    const own = uidMappings.length > 0;
    if (!own && !options.includes("idmap") && !options.includes("ridmap")) {
      continue;
    }
    const key = own ? JSON.stringify([uidMappings, gidMappings]) : "";
    let index = known.get(key);
    if (index === undefined) {
      const user = linux.namespaces?.find(({ type }) => type === "user");
      index = maps.length;
      known.set(key, index);
      maps.push(
        own ? { uidMappings, gidMappings, pointer: `/mounts/${i}` } : {
          uidMappings: linux.uidMappings ?? [],
          gidMappings: linux.gidMappings ?? [],
          ...(user?.path && { path: user.path }),
          pointer: "/linux",
        },
      );
    }
    indexes.set(i, index);
  }
  return { maps, indexes };
}

/**
 * Opens a user namespace for each of the maps; the caller closes them.
 * @throws {LaunchError | RuntimeError | SyscallError}
 */
export function openIdMaps(
  { maps }: IdMapTable,
  start: Starter,
  privileges: Privileges,
): Fd[] {
  const fds: Fd[] = [];
  try {
    for (const map of maps) {
      const { path, pointer } = map;
      fds.push(
        path === undefined
          ? makeUserNamespace(
            start,
            pointer,
            (pid) => writeIdMaps(pid, map, privileges, pointer),
          )
          : open(path, O.RDONLY | O.NONBLOCK | O.NOCTTY),
      );
    }
    return fds;
  } catch (error) {
    fds.forEach(close);
    throw error;
  }
}
