/**
 * The cgroups of a standalone launcher.
 *
 * @module
 */

import { WELCOME } from "../cgroup/controllers.ts";
import { deviceProgram, encodeProgram } from "../cgroup/device_program.ts";
import { allowsEverything, deviceRules } from "../cgroup/devices.ts";
import { type CgroupLayout, hierarchiesOf } from "../cgroup/layout.ts";
import { legacyDeviceWrites } from "../cgroup/legacy_devices.ts";
import { lockFile } from "../cgroup/lock.ts";
import { below, cgroupPlace, parentOf } from "../cgroup/place.ts";
import {
  type RareLowering,
  resourceWrites,
} from "../cgroup/resources/lower.ts";
import {
  propertyName,
  type ResourceWrite,
  type VersionOf,
} from "../cgroup/resources/write.ts";
import { MAGIC } from "../ffi/statfs.ts";
import type {
  LauncherCgroup,
  LauncherInput,
  LauncherLock,
  LauncherMount,
  LauncherWrite,
} from "../launch/standalone/input.ts";
import { cgroupOwner } from "./cgroup_owner.ts";
import { RuntimeError } from "./errors.ts";
import type { Spec } from "./spec.ts";

/** Where cgroups are mounted by convention. */
const ROOT = "/sys/fs/cgroup";
const V1 = "cpu cpuacct cpuset memory devices freezer blkio pids".split(" ");
/** The layout that hosts of a kind have by convention. */
export function conventionalLayout(
  kind: "v1" | "hybrid" | "v2" | "none",
): CgroupLayout {
  const unified = (mountPoint: string) => ({ mountPoint, root: "/" });
  const hierarchies = V1.map((name) => ({
    mountPoint: `${ROOT}/${name}`,
    root: "/",
    controllers: [name],
  }));
  switch (kind) {
    case "v1":
      return { kind: "legacy", hierarchies, unified: undefined };
    case "hybrid":
      return {
        kind,
        hierarchies,
        unified: unified(`${ROOT}/unified`),
      };
    case "v2":
      return { kind: "unified", hierarchies: [], unified: unified(ROOT) };
    case "none":
      return { kind, hierarchies: [], unified: undefined };
  }
}

/** All controllers are where hosts of a kind have them by convention. */
export function conventionalVersions({ kind }: CgroupLayout): VersionOf {
  return () => kind === "unified" ? "v2" : "v1";
}

/** What a launcher does about cgroups. */
export interface LauncherCgroups {
  /** The container's cgroup in each hierarchy. */
  readonly directories: readonly string[];
  readonly input: Omit<LauncherInput, "launch" | "idMaps">;
}

/** A place where a hierarchy is mounted, with its controllers. */
interface Mounted {
  readonly mountPoint: string;
  /** Empty for the v2 hierarchy. */
  readonly controllers: readonly string[];
}

/**
 * The cgroups of a container on hosts of this layout.
 *
 * @param versionOf which interface each controller has there
 * @param rare needed where `needsRare`
 * @throws {CgroupError | RuntimeError} for what cannot be applied there
 */
export function launcherCgroups(
  spec: Spec,
  id: string,
  layout: CgroupLayout,
  versionOf: VersionOf,
  rare?: RareLowering,
): LauncherCgroups {
  const { linux = {} } = spec;
  const { resources = {} } = linux;
  const owner = cgroupOwner(spec);
  const place = cgroupPlace(id, linux.cgroupsPath);
  const { unified } = layout;
  const mounted: Mounted[] = hierarchiesOf(layout);
  const v2 = layout.kind === "unified";
  const at = ({ mountPoint }: Mounted) => below(mountPoint, place);
  const find = (controller: string) =>
    v2
      ? mounted[0]
      : mounted.find(({ controllers }) => controllers.includes(controller));
  const asked = resourceWrites(versionOf, resources, rare);
  const limits = asked.map((write) =>
    limitWrite(write, find(write.controller), at)
  );
  const rules = deviceRules(resources.devices);
  const devices = find("devices");
  const legacy = devices !== undefined && !v2
    ? legacyDeviceWrites(rules).map(({ file, value, pointer }) => ({
      path: `${at(devices)}/${file}`,
      value,
      why: "limit devices",
      pointer,
      // What every container may do is left out where the host forbids it.
      optional: pointer === "" && file === "devices.allow",
    }))
    : [];
  const leaf = unified && at({ ...unified, controllers: [] });
  // The one with the lock is made first, and removed last.
  const cgroups = mounted.toReversed().flatMap((one) => levels(one, at(one)));
  const lock = launcherLock(cgroups, mounted.at(-1));
  return {
    directories: mounted.map(at),
    input: {
      mounts: mounted.map(({ mountPoint, controllers }): LauncherMount => ({
        path: mountPoint,
        type: controllers.length === 0 ? MAGIC.CGROUP2 : MAGIC.CGROUP,
        name: controllers.length === 0
          ? "cgroup v2"
          : `cgroup v1 (${controllers.join()})`,
      })),
      cgroups,
      ...lock !== undefined && { lock },
      writes: [
        ...(v2 ? handDown(mounted[0]!.mountPoint, at(mounted[0]!), asked) : []),
        ...limits,
        ...legacy,
      ],
      ...(leaf !== undefined && legacy.length === 0 &&
        !allowsEverything(rules) && {
        devices: { path: leaf, code: encodeProgram(deviceProgram(rules)) },
      }),
      // It is made by root.
      ...(v2 && owner && { owner: { path: at(mounted[0]!), uid: owner } }),
      ...(leaf !== undefined && { killFile: `${leaf}/cgroup.kill` }),
    },
  };
}

/** The lock of the last hierarchy, whose cgroups come first. */
function launcherLock(
  cgroups: readonly LauncherCgroup[],
  last: Mounted | undefined,
): LauncherLock | undefined {
  const index = cgroups.findIndex(({ leaf }) => leaf);
  if (last === undefined || index < 0) return undefined;
  return { index, file: lockFile(cgroups[index]!.path, last.controllers) };
}

/** The cgroups from below a mount point down to the container's own. */
function levels(
  { mountPoint, controllers }: Mounted,
  directory: string,
): LauncherCgroup[] {
  const cpuset = controllers.includes("cpuset");
  const all: LauncherCgroup[] = [];
  let path = directory;
  for (; path.length > mountPoint.length; path = parentOf(path)) {
    all.unshift({ path, leaf: path === directory, cpuset });
  }
  return all;
}

/** Controllers of v2 are named in every cgroup on the way. */
function handDown(
  root: string,
  directory: string,
  asked: readonly ResourceWrite[],
): LauncherWrite[] {
  const names = new Set([...WELCOME, ...asked.map((w) => w.controller)]);
  names.delete("cgroup");
  const writes: LauncherWrite[] = [];
  const parents: string[] = [];
  let path = parentOf(directory);
  for (; path.length >= root.length; path = parentOf(path)) {
    parents.unshift(path);
    if (path === root) break;
  }
  for (const parent of parents) {
    for (const name of names) {
      writes.push({
        path: `${parent}/cgroup.subtree_control`,
        value: `+${name}`,
        why: `hand the controller ${name} down`,
        pointer: "",
        optional: true,
      });
    }
  }
  return writes;
}

function limitWrite(
  write: ResourceWrite,
  mounted: Mounted | undefined,
  at: (mounted: Mounted) => string,
): LauncherWrite {
  const { controller, file, instead, optional, pointer, value, why } = write;
  const refuse = (text: string) =>
    new RuntimeError(
      "config",
      `Cannot build ${propertyName(pointer)}: ${text}`,
    );
  if (mounted === undefined) {
    throw refuse(
      `the cgroups that the launcher is built for have no controller ` +
        `"${controller}"`,
    );
  }
  if (instead !== undefined) {
    const others = instead.map((other) => `"${other.file}"`).join(", ");
    throw refuse(
      `whether the file is "${file}" or ${others} depends on the kernel, and ` +
        "a launcher cannot tell",
    );
  }
  return {
    path: `${at(mounted)}/${file}`,
    value,
    why,
    pointer,
    optional: optional === true,
  };
}
