/**
 * Stopping and waking all processes of a cgroup: `freezer.state` of v1,
 * `cgroup.freeze` of v2. What is below the cgroup stops with it.
 *
 * @module
 */

import { lstat, readText } from "../ffi/files.ts";
import { CgroupError, osCode, osText } from "./error.ts";
import { cgroupTree, sleep, writeFile } from "./tree.ts";

/** The cgroup by which a container's processes are stopped. */
export interface Freezer {
  /** Absolute path. */
  readonly directory: string;
  /** Whose files it has. */
  readonly kind: "v1" | "v2";
}

/** How long processes may take to stop, in milliseconds. */
const PATIENCE = 10_000;
/** After how many looks a v1 cgroup is let go on for a moment. */
const LOOKS = 50;
/** How long that moment is, in milliseconds. */
const MOMENT = 10;

/**
 * The freezer among a container's cgroups. A hybrid host has both kinds: v1's
 * is the one that engines and other runtimes use. Undefined when there is none.
 *
 * @param directories the container's cgroup in each hierarchy
 */
export function findFreezer(
  directories: readonly string[],
): Freezer | undefined {
  const having = (file: string, among = directories) =>
    among.find((path) => typeof lstat(`${path}/${file}`) === "object");
  // Where it most often is, first: each command that asks for the status looks.
  const likely = directories.filter((path) => path.includes("/freezer/"));
  const legacy = having("freezer.state", likely) ?? having("freezer.state");
  if (legacy !== undefined) return { directory: legacy, kind: "v1" };
  const unified = having("cgroup.freeze");
  return unified === undefined ? undefined : { directory: unified, kind: "v2" };
}

/**
 * Stops every process, and returns when they have stopped. What cannot be
 * stopped is let go on again.
 *
 * @param patience how long they may take, in milliseconds
 * @throws {CgroupError}
 */
export function freeze(freezer: Freezer, patience: number = PATIENCE): void {
  try {
    if (freezer.kind === "v1") freezeLegacy(freezer.directory, patience);
    else freezeUnified(freezer.directory, patience);
  } catch (error) {
    tryThaw(freezer);
    throw failure("freeze", freezer, error);
  }
}

/**
 * Lets every process go on.
 * @throws {CgroupError}
 */
export function thaw(freezer: Freezer): void {
  try {
    writeThawed(freezer);
  } catch (error) {
    throw failure("thaw", freezer, error);
  }
}

/** Whether the cgroup itself, not one above it, is frozen or about to be. */
export function isFrozen({ directory, kind }: Freezer): boolean {
  const file = kind === "v1" ? "freezer.self_freezing" : "cgroup.freeze";
  try {
    return readText(`${directory}/${file}`).trim() === "1";
  } catch {
    return false; // the cgroup is gone
  }
}

/**
 * Wakes what was killed: SIGKILL does not reach what a v1 cgroup holds, be it
 * one that a process of the container made. On v2 it does.
 */
export function releaseKilled(freezer: Freezer): void {
  if (freezer.kind === "v2") return;
  for (const directory of cgroupTree(freezer.directory)) {
    tryThaw({ directory, kind: "v1" });
  }
}

/**
 * The kernel may stay at FREEZING when processes come or are made meanwhile,
 * and has to be asked again; to let them go on for a moment helps
 * (cgroup-v1/freezer-subsystem.rst as of Linux 3.2; runc does the same).
 */
function freezeLegacy(directory: string, patience: number): void {
  const file = `${directory}/freezer.state`;
  const deadline = performance.now() + patience;
  for (let look = 1;; look++) {
    writeFile(file, "FROZEN");
    if (readText(file).trim() === "FROZEN") return;
    if (performance.now() > deadline) throw unable(patience);
    if (look % LOOKS === 0) {
      writeFile(file, "THAWED");
      sleep(MOMENT);
    } else sleep(Math.min(look / 100, 1));
  }
}

function freezeUnified(directory: string, patience: number): void {
  const deadline = performance.now() + patience;
  writeFile(`${directory}/cgroup.freeze`, "1");
  for (let pause = 0.05;; pause = Math.min(pause * 2, 10)) {
    if (/^frozen 1$/m.test(readText(`${directory}/cgroup.events`))) return;
    if (performance.now() > deadline) throw unable(patience);
    sleep(pause);
  }
}

function unable(patience: number): Error {
  return new Error(
    `unable to freeze: a process does not stop within ${
      patience / 1000
    } s, is it blocked in the kernel?`,
  );
}

function writeThawed({ directory, kind }: Freezer): void {
  if (kind === "v1") writeFile(`${directory}/freezer.state`, "THAWED");
  else writeFile(`${directory}/cgroup.freeze`, "0");
}

function tryThaw(freezer: Freezer): void {
  try {
    writeThawed(freezer);
  } catch {
    // It is gone, or the error that led here says why.
  }
}

function failure(
  verb: "freeze" | "thaw",
  { directory }: Freezer,
  error: unknown,
): CgroupError {
  const code = osCode(error);
  const found = code === "" ? osText(error) : `${code}: ${osText(error)}`;
  return new CgroupError(
    "system",
    `Cannot ${verb} cgroup "${directory}": ${found}`,
    error,
  );
}
