/**
 * How many processes were killed for memory: memory.oom_control of v1,
 * memory.events of v2.
 *
 * @module
 */

import { lstat, readText } from "../ffi/files.ts";
import { cgroupTree } from "./tree.ts";

/**
 * How many processes of a container the kernel has killed for memory, those
 * of its sub-cgroups included; undefined where nobody counts. A limit above
 * the container's own, or the host's memory, may have been the reason.
 *
 * @param directories the container's cgroup in each hierarchy
 */
export function oomKills(directories: readonly string[]): number | undefined {
  const having = (file: string) =>
    directories.find((path) => typeof lstat(`${path}/${file}`) === "object");
  const legacy = having("memory.oom_control");
  if (legacy !== undefined) {
    let sum = 0;
    // v1 counts each cgroup for itself.
    for (const path of cgroupTree(legacy)) {
      sum += count(`${path}/memory.oom_control`);
    }
    return sum;
  }
  const unified = having("memory.events");
  return unified === undefined ? undefined : count(`${unified}/memory.events`);
}

/** More than what is still asked for when memory is said to run out, in bytes. */
const LARGEST_REQUEST = 512 << 10;

/**
 * Whether the container has met its own memory limit, rather than one above
 * it. v1 does not always count that, but knows the most that there was: at
 * most the smallest request below the limit, 8 pages.
 */
export function metMemoryLimit(directories: readonly string[]): boolean {
  return directories.some((path) => {
    const number = (file: string) => value(`${path}/${file}`, /^(\d+)$/m);
    const limit = number("memory.limit_in_bytes");
    return value(`${path}/memory.events`, /^max (\d+)$/m) > 0 ||
      number("memory.failcnt") > 0 || number("memory.memsw.failcnt") > 0 ||
      limit > 0 &&
        number("memory.max_usage_in_bytes") > limit - LARGEST_REQUEST;
  });
}

function count(file: string): number {
  return value(file, /^oom_kill (\d+)$/m);
}

function value(file: string, pattern: RegExp): number {
  try {
    return Number(pattern.exec(readText(file))?.[1] ?? 0);
  } catch {
    return 0; // another hierarchy's, or the cgroup is gone
  }
}
