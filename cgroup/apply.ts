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
  );
}

/** What the kernel's short words are likely to mean. */
function hint(code: string, path: string, write: ResourceWrite): string {
  const { file } = write;
  if (code === "ENOENT") {
    if (file.startsWith("hugetlb.")) {
      return `, has this host such pages? see /sys/kernel/mm/hugepages`;
    }
    if (/swap|memsw/.test(file)) {
      return ", this kernel does not account for swap";
    }
    return write.instead === undefined
      ? ", this kernel has no such limit"
      : ", this kernel has no weights: they take BFQ or iocost";
  }
  if (code === "EBUSY" && file === "memory.limit_in_bytes") {
    const directory = path.slice(0, -file.length);
    return `, unable to set memory limit to ${write.value} (current usage: ` +
      `${numberIn(`${directory}memory.usage_in_bytes`)}, peak usage: ` +
      `${numberIn(`${directory}memory.max_usage_in_bytes`)})`;
  }
  if (code === "ENODEV" && file === "rdma.max") {
    return ", is there such an RDMA device? see /sys/class/infiniband";
  }
  if (code === "ERANGE" && file.startsWith("cpuset.")) {
    const [what, folder] = file === "cpuset.mems"
      ? ["nodes", "node"]
      : ["processors", "cpu"];
    return `, which ${what} are there? see /sys/devices/system/${folder}/possible`;
  }
  if (code === "ENODEV" && write.line !== undefined) {
    return ", is there such a device, and is it a whole disk?";
  }
  if (code === "EOPNOTSUPP" && /weight/.test(file)) {
    return ", the device's I/O scheduler has no weights, choose bfq";
  }
  if (code !== "EINVAL") return "";
  if (/^cpu\.(weight|shares)$/.test(file)) {
    return ", unable to apply both: a cgroup whose cpu.idle is 1 takes no weight";
  }
  if (/^memory\.(memsw\.)?limit_in_bytes$/.test(file)) {
    return ", memory and swap together cannot be limited to less than memory";
  }
  if (/^cpu\.rt_/.test(file)) {
    return ", cgroups above have to have as much real-time processor time";
  }
  return "";
}

function numberIn(path: string): string {
  try {
    return readText(path).trim();
  } catch {
    return "unknown";
  }
}
