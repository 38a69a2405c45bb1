/**
 * Where controllers are: on v1 hierarchies, or on the v2 hierarchy, which has
 * those that no v1 hierarchy has taken.
 *
 * @module
 */

import { readText } from "../ffi/files.ts";
import { CgroupError, osCode, osText } from "./error.ts";
import type { CgroupLayout } from "./layout.ts";
import { parentOf } from "./place.ts";
import {
  propertyName,
  type ResourceWrite,
  type VersionOf,
} from "./resources/write.ts";
import { writeFile } from "./tree.ts";

/**
 * Controllers that engines expect in a container's cgroup on v2, for statistics
 * and OOM events, whether or not the config limits anything.
 */
export const WELCOME: readonly string[] = [
  "cpu",
  "cpuset",
  "io",
  "memory",
  "pids",
  "hugetlb",
  "rdma",
  "misc",
];

/** What controllers are called on v2, if otherwise than on v1. */
const V2_NAME: Readonly<Record<string, string>> = { blkio: "io" };

/**
 * Which interface each controller has on a host; v1 for one that it has not.
 * An empty name stands for cgroups themselves.
 */
export function controllerVersions(layout: CgroupLayout): VersionOf {
  const { hierarchies, unified } = layout;
  if (unified === undefined) return () => "v1";
  if (hierarchies.length === 0) return () => "v2";
  let names: readonly string[] | undefined;
  return (controller) => {
    if (controller === "") return "v2";
    if (hierarchies.some((h) => h.controllers.includes(controller))) {
      return "v1";
    }
    names ??= controllersOf(unified.mountPoint);
    return names.includes(V2_NAME[controller] ?? controller) ? "v2" : "v1";
  };
}

/**
 * The controllers that a cgroup v2 may use.
 * @throws {SyscallError}
 */
export function controllersOf(directory: string): string[] {
  return readWords(`${directory}/cgroup.controllers`);
}

/** What else there is to say of controllers that are handed down. */
export interface HandDown {
  /** Those that are handed down where that is possible. */
  readonly welcome?: readonly string[];
  /** What to do where one that is needed may not be handed down. */
  readonly mend?: string;
}

/**
 * Hands down to a cgroup v2 the controllers that writes need, and others that
 * are welcome.
 *
 * @param root where the hierarchy is mounted
 * @throws {CgroupError} one that is needed is not there
 * @throws {SyscallError}
 */
export function handDown(
  directory: string,
  root: string,
  writes: readonly ResourceWrite[],
  { welcome = [], mend = "" }: HandDown = {},
): void {
  const needed = writes.filter((write) => write.controller !== "cgroup");
  const names = needed.map(({ controller }) => controller);
  const wanted = [...welcome, ...names];
  const refusals = enableControllers(directory, root, wanted);
  if (needed.length === 0) return;
  const available = controllersOf(directory);
  const missing = needed.find((w) => !available.includes(w.controller));
  if (missing === undefined) return;
  const { controller, pointer } = missing;
  const why = refusals.find((refusal) => refusal.includes(`"+${controller}"`));
  throw new CgroupError(
    "system",
    `Cannot set ${propertyName(pointer)}: the cgroup controller ` +
      `"${controller}" is not available in "${directory}": ` +
      (why ?? `it is not in "${root}/cgroup.controllers"`) +
      (why?.includes(": EBUSY") ? "" : mend),
    undefined,
    pointer,
  );
}

/**
 * Hands controllers down from `root` to `directory`, as far as the kernel
 * allows: each cgroup on the way names them in cgroup.subtree_control.
 *
 * @param wanted those to hand down, if `root` has them
 * @returns what was refused and why, one line each
 */
function enableControllers(
  directory: string,
  root: string,
  wanted: readonly string[],
): string[] {
  const available = controllersOf(root);
  const names = [...new Set(wanted)].filter((name) => available.includes(name));
  const refusals: string[] = [];
  for (const level of levels(parentOf(directory), root)) {
    const file = `${level}/cgroup.subtree_control`;
    const enabled = readWords(file);
    const missing = names.filter((name) => !enabled.includes(name));
    if (missing.length === 0) continue;
    if (isOccupied(level)) {
      for (const name of missing) refusals.push(refused(file, name, "EBUSY"));
      continue;
    }
    // One write for all: each costs the kernel a walk over the subtree. It
    // fails as a whole, so that then each one is tried.
    if (tryEnable(file, missing) === "") continue;
    for (const name of missing) {
      const refusal = tryEnable(file, [name]);
      if (refusal !== "") refusals.push(refusal);
    }
  }
  return refusals;
}

/**
 * Whether a cgroup has processes, which are not to be with controllers for
 * those below it. Some controllers the kernel would turn on all the same, and
 * what is below could have no processes then, cgroups(7) ("domain invalid").
 * Only the root of the hierarchy may have both; it has no type.
 */
function isOccupied(directory: string): boolean {
  try {
    if (readText(`${directory}/cgroup.type`).trim() !== "domain") return false;
  } catch {
    return false;
  }
  return readText(`${directory}/cgroup.procs`) !== "";
}

/** "" when the controllers are on, else what was refused. */
function tryEnable(file: string, names: readonly string[]): string {
  const value = names.map((name) => `+${name}`).join(" ");
  try {
    writeFile(file, value);
    return "";
  } catch (error) {
    return refused(file, value.slice(1), `${osCode(error)}: ${osText(error)}`);
  }
}

function refused(file: string, name: string, why: string): string {
  const mend = why.startsWith("EBUSY")
    ? ", that cgroup has processes of its own, which a parent may not have"
    : "";
  return `write "+${name}" to "${file}": ${why}${mend}`;
}

/** The cgroups from `root` down to `directory`, both included. */
function levels(directory: string, root: string): string[] {
  if (directory.length <= root.length) return [root];
  return [...levels(parentOf(directory), root), directory];
}

function readWords(path: string): string[] {
  return readText(path).split(/\s+/).filter((word) => word !== "");
}
