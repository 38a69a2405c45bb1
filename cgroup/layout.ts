import { readText } from "../ffi/files.ts";
import { parseMountinfo } from "./mountinfo.ts";

/** A cgroup v1 hierarchy and where it is mounted. */
export interface Hierarchy {
  /** Absolute path. */
  readonly mountPoint: string;
  /** The cgroup that is mounted there, `/` for the hierarchy's root. */
  readonly root: string;
  /** Controllers, such as `cpu`, or `name=systemd` for one that has none. */
  readonly controllers: readonly string[];
}

/** The cgroup v2 hierarchy and where it is mounted. */
export interface UnifiedHierarchy {
  /** Absolute path. */
  readonly mountPoint: string;
  /** The cgroup that is mounted there, `/` for the hierarchy's root. */
  readonly root: string;
}

/** How a host has its cgroups mounted, see cgroups(7). */
export interface CgroupLayout {
  /** Only v1, v1 beside v2, only v2, or nothing at all. */
  readonly kind: "legacy" | "hybrid" | "unified" | "none";
  /** The v1 hierarchies, in the order of their mounts. */
  readonly hierarchies: readonly Hierarchy[];
  /** The v2 hierarchy, where it is mounted. */
  readonly unified: UnifiedHierarchy | undefined;
}

/** What mount options name a v1 controller, from the kernel's subsystem list. */
const CONTROLLERS = /* @__PURE__ */ new Set([
  "blkio",
  "cpu",
  "cpuacct",
  "cpuset",
  "debug",
  "devices",
  "freezer",
  "hugetlb",
  "memory",
  "misc",
  "net_cls",
  "net_prio",
  "perf_event",
  "pids",
  "rdma",
]);

/**
 * Reads the cgroup layout from the text of `/proc/PID/mountinfo`. Of a
 * hierarchy that is mounted more than once the first mount counts.
 */
export function cgroupLayout(mountinfo: string): CgroupLayout {
  // Hosts of many containers have long tables: parse only what matters.
  const lines = mountinfo.split("\n").filter((l) => l.includes(" - cgroup"));
  const hierarchies: Hierarchy[] = [];
  const seen = new Set<string>();
  let unified: UnifiedHierarchy | undefined;
  for (const mount of parseMountinfo(lines.join("\n"))) {
    const { mountPoint, root } = mount;
    if (mount.type === "cgroup2") unified ??= { mountPoint, root };
    if (mount.type !== "cgroup") continue;
    const controllers = mount.superOptions.filter((option) =>
      CONTROLLERS.has(option) || option.startsWith("name=")
    );
    const key = controllers.join();
    if (key === "" || seen.has(key)) continue;
    seen.add(key);
    hierarchies.push({ mountPoint, root, controllers });
  }
  const kind = hierarchies.length > 0
    ? unified === undefined ? "legacy" : "hybrid"
    : unified === undefined
    ? "none"
    : "unified";
  return { kind, hierarchies, unified };
}

/**
 * All hierarchies, that of v2, which has no controllers of v1, behind the
 * others; without it that of the controller `devices`, whose files are for
 * locks as well. See `lockedOf`.
 */
export function hierarchiesOf(
  { hierarchies, unified }: CgroupLayout,
): Hierarchy[] {
  if (unified) return [...hierarchies, { ...unified, controllers: [] }];
  const isLast = ({ controllers }: Hierarchy) =>
    controllers.includes("devices");
  return [
    ...hierarchies.filter((one) => !isLast(one)),
    ...hierarchies.filter(isLast),
  ];
}

let remembered: CgroupLayout | undefined;

/** The layout of this host, read once and remembered. */
export function hostLayout(): CgroupLayout {
  remembered ??= cgroupLayout(readText("/proc/self/mountinfo"));
  return remembered;
}
