/**
 * File systems that containers mount, and ID-mapped mounts, each tried.
 *
 * @module
 */

import { E } from "../../ffi/errno.ts";
import { AT_FDCWD, AT_RECURSIVE, close } from "../../ffi/fd.ts";
import {
  FSOPEN_CLOEXEC,
  MOUNT_ATTR_IDMAP,
  OPEN_TREE_CLONE,
} from "../../ffi/mount.ts";
import { CLONE_NEW } from "../../ffi/namespace.ts";
import { setAttributes } from "../../launch/attributes.ts";
import { makeFilesystem } from "../../launch/filesystems.ts";
import { type PlanBuilder, reg } from "../../launch/plan.ts";
import { probe, PROBE_FD } from "../../launch/probe.ts";
import { makeUserNamespace } from "../../launch/user_namespaces.ts";
import { writeIdMaps } from "../id_maps.ts";
import { type CheckRow, lacks, type Prober, works } from "./row.ts";

const GROUP = "file systems";
/** Types that the default configuration mounts. */
const NEEDED = ["proc", "sysfs", "tmpfs", "devpts", "mqueue"] as const;

/** A row for each type, for bind mounts and for ID-mapped ones. */
export function filesystemRows(prober: Prober): CheckRow[] {
  return [
    ...NEEDED.map((type) => typeRow(type, prober)),
    overlayRow(prober),
    bindRow(prober),
    idmapRow("/", prober),
  ];
}

/** What root of a user namespace may mount where it is his own as well. */
const NEEDS: Readonly<Record<string, number>> = {
  mqueue: CLONE_NEW.IPC,
  sysfs: CLONE_NEW.NET,
};

function tried(
  prober: Prober,
  steps: (plan: PlanBuilder) => void,
  more = 0,
) {
  const { start, privileges, writeMaps } = prober;
  return probe(start, (plan) => {
    plan.because("make a mount namespace")
      .call("unshare", [CLONE_NEW.MOUNT | more]);
    steps(plan);
  }, privileges === "user" && writeMaps ? { writeMaps } : {});
}

function typeRow(type: string, prober: Prober): CheckRow {
  // An ordinary user may mount these two in namespaces of theirs alone, which
  // a process gets by being born in them.
  const borrowed = prober.privileges !== "host" &&
    (type === "proc" || type === "sysfs");
  const { errno } = tried(prober, (plan) => {
    plan.because(`mount ${type}`);
    if (borrowed) plan.call("fsopen", [type, FSOPEN_CLOEXEC]);
    else {
      makeFilesystem(plan, "mount", {
        type,
        source: "",
        data: [],
        attributes: 0,
      });
    }
  }, NEEDS[type]);
  if (errno === 0) return works(GROUP, type, "mounted one");
  return lacks(GROUP, type, errno, {
    verdict: "fails",
    means: `containers that mount ${type} do not run`,
    change: errno === E.ENODEV
      ? `the kernel is built without ${type}`
      : errno === E.EPERM
      ? "run Davit as root with CAP_SYS_ADMIN"
      : "",
  });
}

/** Engines make root file systems of layers with it. */
function overlayRow(prober: Prober): CheckRow {
  const { errno } = tried(prober, (plan) => {
    plan.because("make an overlay").call("fsopen", ["overlay", FSOPEN_CLOEXEC]);
  });
  return errno === 0
    ? works(GROUP, "overlay", "the kernel has it")
    : lacks(GROUP, "overlay", errno, {
      means: "engines have to copy images instead of layering them",
      change: errno === E.ENODEV ? "modprobe overlay" : "",
    });
}

function bindRow(prober: Prober): CheckRow {
  const { errno } = tried(prober, (plan) => {
    plan.because("bind a folder").call("open_tree", [
      AT_FDCWD,
      "/",
      // Parts of the host's tree must not be uncovered in a user namespace.
      OPEN_TREE_CLONE | AT_RECURSIVE,
    ]);
  });
  return errno === 0
    ? works(GROUP, "bind mounts", "made one of /")
    : lacks(GROUP, "bind mounts", errno, {
      verdict: "fails",
      means: "no container can be launched: its root file system is bound",
      change: errno === E.EPERM ? "run Davit as root with CAP_SYS_ADMIN" : "",
    });
}

/** Whether the files at `path` can be shown with other owners. */
export function idmapRow(path: string, prober: Prober): CheckRow {
  const what = `ID-mapped mounts of ${path}`;
  const { start, privileges } = prober;
  if (privileges !== "host") {
    return lacks(GROUP, what, "not tried: only root can make them", {
      means: "mounts with the option idmap do not work",
      change: "run Davit as root",
    });
  }
  const one = [{ containerID: 0, hostID: 100000, size: 1 }];
  const maps = { uidMappings: one, gidMappings: one };
  const users = makeUserNamespace(
    start,
    "",
    (pid) => writeIdMaps(pid, maps, privileges),
  );
  try {
    const { errno, failed } = probe(start, (plan) => {
      plan.because("bind it").call("open_tree", [
        AT_FDCWD,
        path,
        OPEN_TREE_CLONE,
      ], { to: "mount" });
      plan.because("map it");
      setAttributes(plan, reg("mount"), {
        recursive: false,
        set: MOUNT_ATTR_IDMAP,
        users: PROBE_FD,
      });
    }, { fds: [users] });
    if (errno === 0) return works(GROUP, what, "made one");
    return lacks(GROUP, what, errno, {
      means: "mounts of it with the option idmap do not work",
      change: failed?.why === "map it" && errno === E.EINVAL
        ? "keep the files on a file system that supports them, such as ext4, " +
          "xfs or btrfs"
        : "",
    });
  } finally {
    close(users);
  }
}
