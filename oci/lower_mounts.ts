/**
 * Lowers `mounts` of config.json to what a launch does.
 *
 * @module
 */

import { join } from "@std/path/posix";
import type { CgroupLayout } from "../cgroup/layout.ts";
import { byteLength } from "../ffi/text.ts";
import type {
  FilesystemMount,
  IdmapInput,
  MountInput,
} from "../launch/input.ts";
import { components } from "../launch/root_paths.ts";
import { ORDINARY } from "../launch/mounts.ts";
import { cgroupMounts } from "./cgroup_mounts.ts";
import { ConfigError } from "./errors.ts";
import { innerPath, innerSource } from "./inner_paths.ts";
import { MountPoints } from "./mount_points.ts";
import {
  BIND_ATTRIBUTES,
  MOUNT_ATTR_NOSYMFOLLOW,
  type MountOptions,
  parseMountOptions,
} from "./mount_options.ts";
import type { Mount } from "./spec.ts";

/** Longest value that fsconfig(2) takes, in bytes. */
const FSCONFIG_MAX = 255;

/**
 * File systems whose superblock other mounts may share: read-only is for them
 * a matter of the mount alone.
 */
const SHARED = new Set([
  "cgroup",
  "cgroup2",
  "devpts",
  "mqueue",
  "proc",
  "sysfs",
  "tmpfs",
]);

/** What lowering needs to know of the host and of the container. */
export interface MountContext {
  readonly bundle: string;
  readonly layout: CgroupLayout;
  /** The container's cgroup in each hierarchy. */
  readonly cgroupDirectories: readonly string[];
  /** The text of /proc/self/cgroup; absent: nobody knows. */
  readonly processCgroups?: () => string;
  /** Whether the container has a cgroup namespace of its own. */
  readonly cgroupNamespace: boolean;
  /** The root file system's path on the host; absent: links stay unread. */
  readonly rootfs?: string;
  /** The maps of ID-mapped mounts, by the mount's index. */
  readonly idMaps?: ReadonlyMap<number, number>;
  /**
   * Whether attributes of the host's mounts are locked, as they are in a user
   * namespace; absent: no.
   */
  readonly locked?: boolean;
  /** The SELinux label of new file systems; absent without SELinux. */
  readonly mountLabel?: string;
}

/** Kernel file systems label their files themselves. */
const SELF_LABELLED = ["proc", "sysfs", "mqueue"];

/**
 * What a launch does for `mounts`.
 * @throws {ConfigError} an option is longer than the kernel takes
 */
export function lowerMounts(
  mounts: readonly Mount[],
  context: MountContext,
): MountInput[] {
  using points = new MountPoints(context.rootfs ?? "");
  const places = mounts.map(({ destination }) =>
    mountPlace(destination, context.rootfs)
  );
  return mounts.flatMap((mount, index) => {
    const pointer = `/mounts/${index}`;
    const options = parseMountOptions(mount.options ?? []);
    const destination = places[index]!;
    if (isCgroup(mount, options)) {
      return cgroupMounts({ destination, pointer, options }, context);
    }
    const map = context.idMaps?.get(index);
    const input = lowerMount(
      { ...mount, destination },
      options,
      pointer,
      { ...context, mounted: places.slice(0, index) },
      map === undefined
        ? {}
        : { idmap: { index: map, recursive: options.idmap === "ridmap" } },
    );
    // What has to be a procfs or a sysfs may not be reached by a link.
    if (ORDINARY.has(mount.type ?? "") || context.rootfs === undefined) {
      return [input];
    }
    if (input.kind === "change") return [input];
    const inherits = inheritsMode(input);
    const mode = inherits ? points.mode(destination) : undefined;
    const mountPoint = points.next(destination);
    return [{
      ...input,
      ...mountPoint !== undefined && { mountPoint },
      ...mode !== undefined && inherits && {
        data: [...input.data, `mode=${mode.toString(8)}`],
      },
    }];
  });
}

/**
 * Whether its root gets the permissions of the directory that it covers: those
 * of a tmpfs that says nothing of them. With tmpcopyup it is copied.
 */
function inheritsMode(mount: MountInput): mount is FilesystemMount {
  return mount.kind === "filesystem" && mount.type === "tmpfs" &&
    mount.copyUp !== true &&
    !mount.data.some((option) => option.startsWith("mode="));
}

/** Whether it is a mount of cgroups; a bind mount may say any type. */
function isCgroup({ type }: Mount, { bind }: MountOptions): boolean {
  return bind === "" && (type === "cgroup" || type === "cgroup2");
}

/** Whether a mount of config.json is a bind mount. */
export function isBind(mount: Mount): boolean {
  return mount.type === "bind" ||
    parseMountOptions(mount.options ?? []).bind !== "";
}

/** The host's path of a bind mount's source. */
export function bindSource(mount: Mount, bundle: string): string {
  const source = mount.source ?? "";
  return source.startsWith("/") ? source : join(bundle, source);
}

/** The place of a mount in the container, cleaned as text. */
export function mountPlace(destination: string, rootfs?: string): string {
  const inner = rootfs === undefined
    ? undefined
    : innerPath(destination, rootfs);
  return inner ?? `/${components(destination).join("/")}`;
}

function lowerMount(
  mount: Mount,
  options: MountOptions,
  pointer: string,
  { bundle, rootfs, mounted, locked = false, mountLabel }: MountContext & {
    /** The places of the mounts before this one. */
    readonly mounted: readonly string[];
  },
  idmap: { idmap?: IdmapInput },
): MountInput {
  const { destination, type = "", source = "" } = mount;
  const { set, clear, recursiveSet, recursiveClear, propagation } = options;
  const common = {
    destination,
    pointer,
    set,
    clear,
    recursiveSet,
    recursiveClear,
    propagation,
  };
  if (options.remount) {
    // Of a bind mount only the mount is changed, mount(8).
    const data = isBind(mount) ? [] : [...options.superblock, ...options.data];
    return { ...common, kind: "change", data };
  }
  if (destination === "/") {
    throw problem(pointer, "destination", "is /, which is root.path's place");
  }
  if (isBind(mount)) {
    if (source === "") {
      throw problem(
        pointer,
        "source",
        "is missing: a bind mount has to have one",
      );
    }
    const recursive = options.bind === "rbind";
    const host = bindSource(mount, bundle);
    const inside = rootfs === undefined
      ? undefined
      : innerSource(host, rootfs, mounted);
    return {
      ...common,
      clear: clear | implied(options, locked),
      kind: "bind",
      source: host,
      ...inside !== undefined && { inside },
      recursive,
      ...idmap,
    };
  }
  if (type === "") {
    throw problem(
      pointer,
      "type",
      'is missing: wanted a file system or "bind"',
    );
  }
  const superblock = options.readonly && !SHARED.has(type)
    ? [...options.superblock, "ro"]
    : options.superblock;
  const data = [...superblock, ...options.data];
  for (const option of data) {
    const value = option.slice(option.indexOf("=") + 1);
    if (byteLength(value) > FSCONFIG_MAX) {
      throw problem(
        pointer,
        "options",
        `hold a value of more than ${FSCONFIG_MAX} bytes, the kernel takes none`,
      );
    }
  }
  const labels = mountLabel === undefined || SELF_LABELLED.includes(type)
    ? []
    : [`context=${mountLabel}`];
  const all = [...data, ...labels];
  const kind = "filesystem";
  const copyUp = options.tmpcopyup ? { copyUp: true } : {};
  return { ...common, kind, type, source, data: all, ...idmap, ...copyUp };
}

/**
 * What a bind mount loses of its source's attributes: with options it has
 * those and no others, as mount(2) does it and runc has it. Without any it is
 * as its source, and what a user namespace may not change stays as well.
 */
function implied(
  { set, hasAttributes }: MountOptions,
  locked: boolean,
): number {
  if (!hasAttributes) return 0;
  return (locked ? MOUNT_ATTR_NOSYMFOLLOW : BIND_ATTRIBUTES) & ~set;
}

function problem(pointer: string, name: string, message: string): ConfigError {
  return new ConfigError([
    { pointer: `${pointer}/${name}`, found: "nothing usable", message },
  ]);
}
