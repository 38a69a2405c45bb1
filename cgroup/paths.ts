/**
 * Where the config puts a container's cgroups: one full path for each
 * resource. Names and rules are those of kata-runtime's OCI layer.
 *
 * @module
 */

import { readText } from "../ffi/files.ts";
import { MAGIC, statfs as hostStatfs } from "../ffi/statfs.ts";
import { CgroupError } from "./error.ts";
import { cgroupLayout } from "./layout.ts";
import { below, parentOf } from "./place.ts";

/** What these functions read of a config. */
export interface CgroupPathsSpec {
  /** The config's mounts. */
  readonly mounts?: readonly {
    readonly type?: string;
    readonly destination: string;
  }[];
  /** The path, and which resources are set. */
  readonly linux?: {
    readonly cgroupsPath?: string;
    readonly resources?: {
      readonly memory?: unknown;
      readonly cpu?: unknown;
      readonly pids?: unknown;
      readonly blockIO?: unknown;
    };
  };
}

/** How to resolve, and what to ask in place of the host. */
export interface CgroupPathsOptions {
  /** Whether the container is its sandbox; the paths of both are the same. */
  readonly isSandbox?: boolean;
  /** mountinfo: its text, or an absolute path to read it from. */
  readonly mountinfo?: string;
  /** In place of statfs(2). */
  readonly statfs?: (path: string) => { readonly type: number };
  /** Told of resources that are left out. */
  readonly log?: {
    info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  };
}

/** The system's cgroup root. */
interface CgroupRoot {
  readonly path: string;
  /** Whether all controllers share one tree, without a folder each. */
  readonly unified: boolean;
}

const PROC_MOUNTINFO = "/proc/self/mountinfo";

let remembered: CgroupRoot | undefined;

/**
 * The full path of the cgroup of each resource that the config sets, in the
 * order memory, cpu, pids, blkio. Empty where the config has no `cgroupsPath`
 * or no `resources`; a resource whose cgroup is not mounted is left out.
 *
 * @throws {CgroupError} as processCgroupsPathForResource()
 */
export function processCgroupsPath(
  spec: CgroupPathsSpec,
  options: CgroupPathsOptions = {},
): string[] {
  const { cgroupsPath = "", resources } = spec.linux ?? {};
  if (cgroupsPath === "" || resources === undefined) return [];
  const asked: [string, unknown][] = [
    ["memory", resources.memory],
    ["cpu", resources.cpu],
    ["pids", resources.pids],
    ["blkio", resources.blockIO],
  ];
  return asked
    .filter(([, value]) => value !== undefined)
    .map(([name]) => processCgroupsPathForResource(spec, name, options))
    .filter((path) => path !== "");
}

/**
 * The full path of the cgroup of one resource, such as `memory`; empty when no
 * cgroup file system is mounted where the config says.
 *
 * @throws {CgroupError} "Missing linux resource"; a cgroup mount without a
 * destination; a host without cgroup mounts
 */
export function processCgroupsPathForResource(
  spec: CgroupPathsSpec,
  resource: string,
  options: CgroupPathsOptions = {},
): string {
  if (resource === "") {
    throw new CgroupError("config", "Missing linux resource");
  }
  const root = cgroupRoot(options.mountinfo ?? PROC_MOUNTINFO);
  const folder = root.unified ? "" : resource;
  const cgroupsPath = spec.linux?.cgroupsPath ?? "";
  const mount = cgroupsPath.startsWith("/")
    ? spec.mounts?.find(({ type }) => type === "cgroup")
    : undefined;
  if (mount === undefined) return below(root.path, folder, cgroupsPath);
  if (mount.destination === "") {
    throw new CgroupError(
      "config",
      "Cannot use an absolute linux.cgroupsPath: the destination of the " +
        "cgroup mount is empty, give a path",
    );
  }
  const mounted = below(mount.destination, folder);
  if (!isCgroupMounted(mounted, options.statfs)) {
    options.log?.info("path not mounted", { path: mounted, type: "cgroup" });
    return "";
  }
  return below(mounted, cgroupsPath);
}

/** Whether a cgroup file system, v1 or v2, is mounted at `path`. */
export function isCgroupMounted(
  path: string,
  statfs: (path: string) => { readonly type: number } = hostStatfs,
): boolean {
  try {
    const { type } = statfs(path);
    return type === MAGIC.CGROUP || type === MAGIC.CGROUP2;
  } catch {
    return false;
  }
}

/**
 * The system's cgroup root: the parent of the first cgroup v1 mount's mount
 * point, or the cgroup2 mount itself where there is no v1 mount. It is
 * remembered once found.
 *
 * @param mountinfo the text of a mountinfo, or an absolute path to read it from
 * @throws {CgroupError} when no cgroup file system is mounted
 */
export function getCgroupsDirPath(mountinfo: string = PROC_MOUNTINFO): string {
  return cgroupRoot(mountinfo).path;
}

/** Forgets the root that getCgroupsDirPath() remembers, for tests. */
export function forgetCgroupsDirPath(): void {
  remembered = undefined;
}

function cgroupRoot(mountinfo: string): CgroupRoot {
  return remembered ??= findCgroupRoot(
    mountinfo.startsWith("/") ? readText(mountinfo) : mountinfo,
  );
}

function findCgroupRoot(mountinfo: string): CgroupRoot {
  const { hierarchies, unified } = cgroupLayout(mountinfo);
  const [first] = hierarchies;
  if (first !== undefined) {
    return { path: parentOf(first.mountPoint), unified: false };
  }
  if (unified !== undefined) return { path: unified.mountPoint, unified: true };
  throw new CgroupError(
    "system",
    "Cannot find the system's cgroup root: no cgroup file system is mounted, " +
      "mount cgroup2 on /sys/fs/cgroup",
  );
}
