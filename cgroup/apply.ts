/**
 * Sets limits in the cgroups of a container.
 *
 * @module
 */

import { readText } from "../ffi/files.ts";
import { CgroupError, osCode, osText } from "./error.ts";
import {
  type FileValue,
  propertyName,
  type ResourceWrite,
} from "./resources/write.ts";
import { writeFile } from "./tree.ts";

/** The directory of the container's cgroup that has a write's file. */
export type DirectoryOf = (write: ResourceWrite) => string | undefined;

/**
 * Does the writes. Values depend on each other, such as a quota and its period
 * or the limits of memory and of memory and swap, and what the kernel takes
 * first depends on what is there: what it refuses is tried again after the
 * others.
 *
 * @throws {CgroupError} a controller is not there, or the kernel refuses
 */
export function applyWrites(
  writes: readonly ResourceWrite[],
  directoryOf: DirectoryOf,
): void {
  let pending = writes;
  while (pending.length > 0) {
    const refused: { write: ResourceWrite; error: unknown }[] = [];
    for (const write of pending) {
      const directory = directoryOf(write);
      if (directory === undefined) throw notMounted(write);
      try {
        applyWrite(directory, write);
      } catch (error) {
        const cause = error instanceof CgroupError ? error.cause : undefined;
        if (osCode(cause) !== "EINVAL") throw error;
        refused.push({ write, error });
      }
    }
    // No other write has changed what the kernel has against these.
    if (refused.length === pending.length) throw refused[0]!.error;
    pending = refused.map(({ write }) => write);
  }
}

/** The error for a controller that no hierarchy has. */
export function notMounted(
  { controller, pointer }: ResourceWrite,
): CgroupError {
  return new CgroupError(
    "system",
    `Cannot set ${propertyName(pointer)}: the cgroup controller ` +
      `"${controller}" is not mounted, mount it`,
    undefined,
    pointer,
  );
}

/**
 * Writes one limit.
 * @throws {CgroupError} when the kernel refuses it; `cause` has its error
 */
function applyWrite(directory: string, write: ResourceWrite): void {
  const choices: readonly FileValue[] = [write, ...write.instead ?? []];
  let last: unknown;
  for (const { file, value } of choices) {
    const path = `${directory}/${file}`;
    try {
      return writeFile(path, value);
    } catch (error) {
      // Of several files, the one that is there has the better error.
      if (osCode(error) !== "ENOENT") throw refused(path, value, write, error);
      last ??= refused(path, value, write, error);
    }
  }
  if (write.optional !== true) throw last;
}

function refused(
  path: string,
  value: string,
  write: ResourceWrite,
  error: unknown,
): CgroupError {
  const code = osCode(error);
  return new CgroupError(
    "system",
    `Cannot set ${propertyName(write.pointer)}: write "${value}" to ` +
      `"${path}": ${code}: ${osText(error)}${hint(code, path, write)}`,
    error,
    write.pointer,
  );
}

/** What the kernel's short words are likely to mean, and what to do. */
function hint(code: string, path: string, write: ResourceWrite): string {
  const { file } = write;
  if (code === "EBUSY" && file === "memory.limit_in_bytes") {
    const directory = path.slice(0, -file.length);
    return `, unable to set memory limit to ${write.value} (current usage: ` +
      `${numberIn(`${directory}memory.usage_in_bytes`)}, peak usage: ` +
      `${numberIn(`${directory}memory.max_usage_in_bytes`)})`;
  }
  const found = causes(write).find(([codes, files]) =>
    codes.split(" ").includes(code) && files.test(file)
  );
  return found === undefined ? "" : `, ${found[2]}`;
}

/** Error numbers, files and what is behind; the first that fits counts. */
function causes(
  { instead }: ResourceWrite,
): (readonly [codes: string, files: RegExp, cause: string])[] {
  const possible = "see /sys/devices/system";
  return [
    [
      "ENOENT",
      /^hugetlb\./,
      "has this host such pages? see /sys/kernel/mm/hugepages",
    ],
    ["ENOENT", /swap|memsw/, "this kernel does not account for swap"],
    [
      "ENOENT",
      /^/,
      instead === undefined
        ? "this kernel has no such limit"
        : "this kernel has no weights: they take BFQ or iocost",
    ],
    [
      "ENODEV",
      /^rdma\.max$/,
      "is there such an RDMA device? see /sys/class/infiniband",
    ],
    [
      "ENODEV",
      /^net_prio\./,
      "is there such a network interface? see /sys/class/net",
    ],
    [
      "ENODEV",
      /^(blk)?io\./,
      "is there such a device, and is it a whole disk?",
    ],
    [
      "ERANGE EINVAL",
      /^cpuset\.mems$/,
      `which nodes are there? ${possible}/node/possible`,
    ],
    [
      "ERANGE EINVAL",
      /^cpuset\.cpus$/,
      `which processors are there? ${possible}/cpu/possible`,
    ],
    [
      "EACCES",
      /^cpuset\./,
      "the cgroup above has not all of them, which cgroup v1 wants",
    ],
    [
      "EOPNOTSUPP",
      /weight/,
      "the device's I/O scheduler has no weights, choose bfq",
    ],
    ["EINVAL ERANGE", /^(blk)?io\..*weight/, "want 10 to 1000"],
    ["EBUSY", /^(hugetlb|memory)\./, "more than that is in use"],
    [
      "EINVAL",
      /^cpu\.(weight|shares)$/,
      "unable to apply both: a cgroup whose cpu.idle is 1 takes no weight",
    ],
    [
      "EINVAL",
      /^cpu\.(max|cfs_)/,
      "want a period of 1000 to 1000000, a quota of at least 1000 that the " +
      "cgroups above have as well, and a burst of at most the quota",
    ],
    [
      "EINVAL",
      /^memory\.(memsw\.)?limit_in_bytes$/,
      "memory and swap together cannot be limited to less than memory",
    ],
    [
      "EINVAL",
      /^cpu\.rt_/,
      "cgroups above have to have as much real-time processor time",
    ],
    ["EINVAL", /^pids\.max$/, "want at most 4194304, or -1 for no limit"],
  ];
}

function numberIn(path: string): string {
  try {
    return readText(path).trim();
  } catch {
    return "unknown";
  }
}
