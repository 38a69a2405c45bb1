/**
 * The mounts of a bundle's plan, with their options as they were resolved.
 *
 * @module
 */

import {
  MS_PRIVATE,
  MS_SHARED,
  MS_SLAVE,
  MS_UNBINDABLE,
} from "../ffi/mount.ts";
import type {
  AttributesInput,
  LaunchInput,
  MountInput,
} from "../launch/input.ts";
import type { PlanEntry } from "./bundle_plan.ts";
import {
  MOUNT_ATTR__ATIME,
  MOUNT_ATTR_NOATIME,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NODIRATIME,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_NOSYMFOLLOW,
  MOUNT_ATTR_RDONLY,
  MOUNT_ATTR_STRICTATIME,
} from "./mount_options.ts";

const FLAGS: readonly (readonly [number, set: string, clear: string])[] = [
  [MOUNT_ATTR_RDONLY, "ro", "rw"],
  [MOUNT_ATTR_NOSUID, "nosuid", "suid"],
  [MOUNT_ATTR_NODEV, "nodev", "dev"],
  [MOUNT_ATTR_NOEXEC, "noexec", "exec"],
  [MOUNT_ATTR_NODIRATIME, "nodiratime", "diratime"],
  [MOUNT_ATTR_NOSYMFOLLOW, "nosymfollow", "symfollow"],
];
const PROPAGATION: Readonly<Record<number, string>> = {
  [MS_PRIVATE]: "private",
  [MS_SHARED]: "shared",
  [MS_SLAVE]: "slave",
  [MS_UNBINDABLE]: "unbindable",
};

/** An entry for each thing that is mounted, linked or changed, in order. */
export function mountEntries({ mounts }: LaunchInput): PlanEntry[] {
  return mounts.map((mount) => ({
    subject: mount.destination,
    detail: [what(mount), ...options(mount)].join(" "),
    reason: mount.mountPoint === undefined
      ? ""
      : `a link leads to ${mount.mountPoint}`,
    pointer: mount.pointer,
  }));
}

function what(mount: MountInput): string {
  switch (mount.kind) {
    case "filesystem":
      return mount.source === "" || mount.source === mount.type
        ? mount.type
        : `${mount.type} of ${mount.source}`;
    case "bind":
      return `${mount.recursive ? "rbind" : "bind"} of ${mount.source}`;
    case "link":
      return `link to ${mount.text}`;
    case "change":
      return "remount";
  }
}

function options(mount: MountInput): string[] {
  if (mount.kind === "link") return [];
  const idmap = mount.kind === "change" ? undefined : mount.idmap;
  const all = [
    ...attributes(mount),
    ...(mount.kind === "bind" ? [] : mount.data),
    ...(mount.kind === "filesystem" && mount.copyUp ? ["tmpcopyup"] : []),
    ...(idmap ? [idmap.recursive ? "ridmap" : "idmap"] : []),
  ];
  return all.length === 0 ? [] : [all.join(",")];
}

function attributes(mount: AttributesInput): string[] {
  return [
    // A setting of access times takes the place of all others, unsaid.
    ...flags(mount.set, mount.clear & ~MOUNT_ATTR_NODIRATIME, ""),
    ...flags(mount.recursiveSet, mount.recursiveClear, "r"),
    ...mount.propagation.map(({ flag, recursive }) =>
      (recursive ? "r" : "") + (PROPAGATION[flag] ?? flag)
    ),
  ];
}

function flags(set: number, clear: number, prefix: string): string[] {
  const names = FLAGS.flatMap(([flag, on, off]) =>
    set & flag ? [on] : clear & flag ? [off] : []
  );
  const atime = set & MOUNT_ATTR__ATIME;
  if (atime === MOUNT_ATTR_NOATIME) names.push("noatime");
  else if (atime === MOUNT_ATTR_STRICTATIME) names.push("strictatime");
  else if (clear & MOUNT_ATTR__ATIME) names.push("relatime");
  return names.map((name) => prefix + name);
}
