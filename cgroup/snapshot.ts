/**
 * What the files of limits hold before an update, and how to put it back.
 *
 * @module
 */

import { readText } from "../ffi/files.ts";
import { applyWrites, type DirectoryOf } from "./apply.ts";
import type { ResourceWrite } from "./resources/write.ts";

/** A file before it was written. */
interface Before {
  readonly write: ResourceWrite;
  readonly path: string;
  readonly file: string;
  readonly text: string;
}

/** Files before they were written. */
export type Snapshot = readonly Before[];

/** Reads the files of writes that are to be done. */
export function takeSnapshot(
  writes: readonly ResourceWrite[],
  directoryOf: DirectoryOf,
): Snapshot {
  return writes.flatMap((write) => {
    const directory = directoryOf(write);
    if (directory === undefined) return [];
    for (const { file } of [write, ...write.instead ?? []]) {
      const path = `${directory}/${file}`;
      const text = tryRead(path);
      if (text !== undefined) return [{ write, path, file, text }];
    }
    return [];
  });
}

/** The writes that put back what has changed since. */
export function writesBack(snapshot: Snapshot): ResourceWrite[] {
  return snapshot.flatMap(({ write, path, file, text }) => {
    const before = valuesBack(write, file, text);
    const now = valuesBack(write, file, tryRead(path) ?? text);
    if (now.join("\n") === before.join("\n")) return [];
    const { instead: _, ...one } = write;
    const optional = true as const;
    return before.map((value) => ({ ...one, file, value, optional }));
  });
}

/**
 * Puts back what has changed since, as far as that goes. What is there is
 * looked at each time: some writes change more than one file, such as BFQ's
 * weight of all devices, which takes the place of those of each.
 *
 * @throws {CgroupError} what the kernel refuses
 */
export function putBack(snapshot: Snapshot, directoryOf: DirectoryOf): void {
  let failures: unknown[] = [];
  for (const _pass of snapshot) {
    failures = [];
    let changed = false;
    for (const one of snapshot) {
      try {
        const writes = writesBack([one]);
        applyWrites(writes, directoryOf);
        changed ||= writes.length > 0;
      } catch (error) {
        failures.push(error);
      }
    }
    // Values depend on each other: once more, where one has changed.
    if (failures.length === 0 || !changed) break;
  }
  if (failures.length > 0) throw failures[0];
}

/** What to write to a file for it to hold again what it held. */
function valuesBack(
  { line }: ResourceWrite,
  file: string,
  text: string,
): string[] {
  const lines = text.split("\n").map((l) => l.trim()).filter((l) => l !== "");
  if (line !== undefined) {
    const own = lines.find((l) => l.split(" ")[0] === line.key);
    return [own ?? line.unset];
  }
  if (file === "memory.oom_control") {
    return [/^oom_kill_disable ([01])/.exec(text)?.[1] ?? "0"];
  }
  // Beside the lines of devices, which are not this write's.
  const standard = lines.find((l) => l.startsWith("default "));
  if (standard !== undefined) return [standard];
  // An empty set of processors is written as an empty line.
  return lines.length === 0 ? ["\n"] : lines;
}

function tryRead(path: string): string | undefined {
  try {
    return readText(path);
  } catch {
    return undefined; // it is not there, or is only written to
  }
}
