/**
 * What a mount of type `cgroup` means: on cgroup v1 a tmpfs with one mount for
 * each hierarchy, on v2 one mount. With a cgroup namespace they are mounts of
 * the hierarchies, without one the container's own cgroups are bound: nothing
 * of the host's other cgroups is seen.
 *
 * @module
 */

import { basename } from "@std/path/posix";
import type { Hierarchy, UnifiedHierarchy } from "../cgroup/layout.ts";
import type { AttributesInput, MountInput } from "../launch/input.ts";
import { ConfigError, RuntimeError } from "./errors.ts";
import type { MountContext } from "./lower_mounts.ts";
import { MOUNT_ATTR_RDONLY, type MountOptions } from "./mount_options.ts";
import { quote } from "./quote.ts";

/** A mount of type cgroup, its options parsed. */
interface CgroupMount {
  readonly destination: string;
  readonly pointer: string;
  readonly options: MountOptions;
}

/**
 * The mounts and links of one mount of type `cgroup`.
 * @throws {RuntimeError} system: the host has no cgroups
 */
export function cgroupMounts(
  mount: CgroupMount,
  context: MountContext,
): MountInput[] {
  const { layout } = context;
  if (layout.hierarchies.length > 0) return legacyMounts(mount, context);
  if (layout.unified) return [unifiedMount(mount, context)];
  throw new RuntimeError(
    "system",
    `Cannot mount cgroup on ${mount.destination}: this host has no cgroup ` +
      "file system mounted",
  );
}

function attributes(options: MountOptions): AttributesInput {
  const { set, clear, recursiveSet, recursiveClear, propagation } = options;
  return { set, clear, recursiveSet, recursiveClear, propagation };
}

/** The container's cgroup below a hierarchy's mount point, if it has one. */
function ownCgroup(
  mountPoint: string,
  { cgroupDirectories }: MountContext,
): string | undefined {
  return cgroupDirectories.find((path) => path.startsWith(`${mountPoint}/`));
}

/**
 * The cgroup that Davit itself is in, of the hierarchy that is mounted with
 * `root` at `mountPoint`: a container without a cgroup of its own stays there.
 */
function sharedCgroup(
  { mountPoint, root }: UnifiedHierarchy,
  controller: string,
  { processCgroups }: MountContext,
): string | undefined {
  // cgroups(7): ID, controllers, path; the controllers of v2 are none.
  const line = processCgroups?.().split("\n").find((line) =>
    line.split(":")[1]?.split(",").includes(controller)
  );
  const path = line?.split(":").slice(2).join(":");
  if (path === undefined || !path.startsWith("/")) return undefined;
  if (path.split("/").includes("..")) return undefined; // of another namespace
  if (root === "/") return path === "/" ? mountPoint : mountPoint + path;
  return path === root || path.startsWith(`${root}/`)
    ? mountPoint + path.slice(root.length)
    : undefined;
}

function unifiedMount(
  { destination, pointer, options }: CgroupMount,
  context: MountContext,
): MountInput {
  const unified = context.layout.unified!;
  const own = ownCgroup(unified.mountPoint, context);
  const common = { destination, pointer, ...attributes(options) };
  const shared = own === undefined && !context.cgroupNamespace
    ? sharedCgroup(unified, "", context)
    : undefined;
  if (shared !== undefined) {
    refuseData(pointer, options);
    // What is not the container's own may be looked at, no more.
    const set = common.set | MOUNT_ATTR_RDONLY;
    return { kind: "bind", ...common, set, source: shared, recursive: true };
  }
  if (context.cgroupNamespace || own === undefined) {
    const set = own === undefined && !context.cgroupNamespace
      ? common.set | MOUNT_ATTR_RDONLY
      : common.set;
    const source = "cgroup";
    const type = "cgroup2";
    const { data } = options;
    return { kind: "filesystem", ...common, set, type, source, data };
  }
  refuseData(pointer, options);
  return { kind: "bind", ...common, source: own, recursive: true };
}

/** What nothing would take is not dropped without a word. */
function refuseData(pointer: string, { data: [option] }: MountOptions): void {
  if (option === undefined) return;
  const found = quote(option);
  const message = `hold ${found}, which is no option of cgroups as they are ` +
    "mounted here";
  throw new ConfigError([{ pointer: `${pointer}/options`, found, message }]);
}

function legacyMounts(
  { destination, pointer, options }: CgroupMount,
  context: MountContext,
): MountInput[] {
  refuseData(pointer, options);
  const wanted = attributes(options);
  const result: MountInput[] = [{
    kind: "filesystem",
    destination,
    pointer,
    type: "tmpfs",
    source: "tmpfs",
    data: ["mode=755"],
    ...wanted,
    // It is made read-only when everything is in it.
    set: wanted.set & ~MOUNT_ATTR_RDONLY,
    recursiveSet: 0,
    recursiveClear: 0,
  }];
  for (const hierarchy of context.layout.hierarchies) {
    const own = ownCgroup(hierarchy.mountPoint, context);
    const shared = own === undefined && !context.cgroupNamespace
      ? sharedCgroup(hierarchy, hierarchy.controllers[0]!, context)
      : undefined;
    const source = own ?? shared;
    if (source === undefined && !context.cgroupNamespace) continue;
    const name = basename(hierarchy.mountPoint);
    const inNew = !context.cgroupNamespace;
    const common = {
      destination: `${destination}/${name}`,
      pointer,
      ...wanted,
      // What is not the container's own may be looked at, no more.
      set: shared === undefined ? wanted.set : wanted.set | MOUNT_ATTR_RDONLY,
    };
    result.push(
      source === undefined || !inNew
        ? {
          kind: "filesystem",
          ...common,
          type: "cgroup",
          source: "cgroup",
          data: hierarchyOptions(hierarchy),
        }
        : {
          kind: "bind",
          ...common,
          source,
          recursive: false,
          inNew,
        },
    );
    // Controllers that are mounted together are found by each name.
    for (const text of hierarchy.controllers) {
      if (text === name || text.startsWith("name=")) continue;
      const link = {
        destination: `${destination}/${text}`,
        text: name,
        pointer,
      };
      result.push({ kind: "link", ...link, ...inNew && { inNew } });
    }
  }
  if (wanted.set & MOUNT_ATTR_RDONLY) {
    result.push({
      kind: "change",
      destination,
      pointer,
      set: MOUNT_ATTR_RDONLY,
      clear: 0,
      recursiveSet: 0,
      recursiveClear: 0,
      propagation: [],
      data: [],
    });
  }
  return result;
}

/** Mount options that name a v1 hierarchy, cgroups(7). */
function hierarchyOptions({ controllers }: Hierarchy): string[] {
  const named = controllers.every((name) => name.startsWith("name="));
  return named ? ["none", ...controllers] : [...controllers];
}
