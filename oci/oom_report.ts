/**
 * Saying that a container was killed for memory.
 *
 * @module
 */

import { metMemoryLimit, oomKills } from "../cgroup/oom.ts";
import { parentOf } from "../cgroup/place.ts";
import { lstat, readText } from "../ffi/files.ts";
import type { Ended } from "../ffi/process.ts";
import { LaunchEnded } from "../launch/error.ts";
import { RuntimeError } from "./errors.ts";
import type { Logger } from "./logger.ts";
import { quote } from "./quote.ts";
import type { ContainerRecord } from "./store.ts";

const SIGKILL = 9;
/** What a shell exits with when its command was killed. */
const KILLED_STATUS = 128 + SIGKILL;

/** Whether processes of a container that has stopped were killed for memory. */
export function wasOomKilled(
  { cgroups, cgroupsMade }: ContainerRecord,
): boolean {
  return cgroupsMade && (oomKills(cgroups.directories) ?? 0) > 0;
}

/** ` for memory` and why, where that is how processes of it were killed. */
export function oomReason(record: ContainerRecord): string {
  return wasOomKilled(record)
    ? ` for memory: ${reason(record.cgroups.directories)}`
    : "";
}

/**
 * Tells that a container was killed for memory, if it was. systemd removes
 * cgroups with their last process: then what is above them may still tell it.
 *
 * @param ended how its first process ended
 * @param before what `killsAbove` said before the start
 */
export function tellOom(
  log: Logger,
  record: ContainerRecord,
  ended: Ended,
  before?: number,
): void {
  const why = oomReason(record);
  const name = quote(record.id);
  const killed = ended.signal === SIGKILL || ended.status === KILLED_STATUS;
  if (why !== "" && killed) {
    log.error(`Container ${name} was killed${why}`, { class: "process" });
  } else if (why !== "") {
    log.warn(`processes of container ${name} were killed${why}`);
  } else if (killed && before !== undefined && isGone(record)) {
    const { slice } = record.cgroups.systemd!;
    if (killsAbove(record)! <= before) return;
    log.error(
      `Container ${name} was killed, probably for memory: that has happened ` +
        `in ${slice} meanwhile`,
      { class: "process" },
    );
  }
}

/**
 * How many processes were killed for memory in the slice of a container whose
 * cgroups are systemd's; undefined for others, and where nobody counts.
 */
export function killsAbove({ cgroups }: ContainerRecord): number | undefined {
  if (cgroups.systemd === undefined || cgroups.kind !== "v2") return undefined;
  return oomKills(cgroups.directories.map(parentOf));
}

/** Whether all cgroups of a container are gone. */
function isGone({ cgroups }: ContainerRecord): boolean {
  return cgroups.directories.every((path) => typeof lstat(path) === "number");
}

/**
 * The error of a container that could not be set up: when it was killed for
 * memory, that is said in runc's words.
 *
 * @param directories the container's cgroup in each hierarchy
 */
export function withOom(
  error: unknown,
  directories: readonly string[],
): unknown {
  if (!(error instanceof LaunchEnded)) return error;
  if ((oomKills(directories) ?? 0) === 0) return error;
  // Without the question whether it was that.
  const [what] = error.message.split(";");
  return new RuntimeError(
    "system",
    `${what}: container init was OOM-killed (memory limit too ` +
      `low?): ${reason(directories)}`,
    { cause: error },
  );
}

function reason(directories: readonly string[]): string {
  const limit = memoryLimit(directories);
  return limit !== undefined && metMemoryLimit(directories)
    ? `it needs more than its limit of ${limit} bytes ` +
      "(linux.resources.memory), raise it"
    : "its own limit was not met, but one above it or the host's memory";
}

/** Whichever of the two files there is. */
function memoryLimit(directories: readonly string[]): string | undefined {
  for (const directory of directories) {
    for (const file of ["memory.limit_in_bytes", "memory.max"]) {
      try {
        return readText(`${directory}/${file}`).trim();
      } catch {
        continue;
      }
    }
  }
  return undefined;
}
