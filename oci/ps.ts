/**
 * The processes of a container.
 *
 * @module
 */

import { cgroupManagerFromState } from "../cgroup/existing.ts";
import { close, type Fd, O, open, pipe } from "../ffi/fd.ts";
import { readToEnd, stat } from "../ffi/files.ts";
import { waitChild } from "../ffi/process.ts";
import { spawn } from "../ffi/spawn.ts";
import { getExistingContainerInfo } from "./container_info.ts";
import { RuntimeError } from "./errors.ts";
import { explained } from "./explain.ts";
import { initLives } from "./init_process.ts";
import { quote } from "./quote.ts";
import type { Runtime } from "./runtime.ts";

/** Where programs are where nothing says it. */
const USUAL_PATH =
  "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * The IDs of a container's processes on the host, in ascending order; none
 * when it has stopped.
 *
 * @throws {RuntimeError} not-found
 */
export function processes(runtime: Runtime, id: string): number[] {
  return explained(`list processes of container ${quote(id)}`, () => {
    const { record } = getExistingContainerInfo(runtime, id);
    const { cgroups, cgroupsMade, init } = record;
    const pids = cgroupsMade ? cgroupManagerFromState(cgroups).pids() : [];
    // An ordinary user's container may have no cgroup.
    if (pids.length === 0 && init !== undefined && initLives(record)) {
      return [init.pid];
    }
    return pids.sort((a, b) => a - b);
  });
}

/**
 * What the host's ps prints of some processes.
 *
 * @param options what it is called with; "-ef" when empty
 * @throws {RuntimeError} system: it fails, or prints no column PID
 */
export function processTable(
  pids: readonly number[],
  options: readonly string[],
): string {
  const args = options.length === 0 ? ["-ef"] : options;
  return explained("list processes", () => ofProcesses(runPs(args), pids));
}

/**
 * The lines of a table that are of some processes, and its header.
 *
 * Numbers stand below the end of their header. That finds them also behind a
 * column of several words; one that is shifted is found by counting words.
 *
 * @throws {RuntimeError} system: it has no column PID
 */
export function ofProcesses(table: string, pids: readonly number[]): string {
  const [header = "", ...lines] = table.split("\n");
  const found = /(?<=^|\s)PID(?=\s|$)/.exec(header);
  if (found === null) {
    throw new RuntimeError(
      "system",
      "Cannot list processes: couldn't find PID field in ps output",
      { hint: 'let ps print the column PID, as with "-o pid,args"' },
    );
  }
  const end = found.index + "PID".length;
  const column = words(header.slice(0, end)).length - 1;
  const wanted = new Set(pids);
  const kept = lines.filter((line) => {
    const below = /\S$/.test(line.slice(0, end)) && !/^\S/.test(line.slice(end))
      ? words(line.slice(0, end)).at(-1)
      : undefined;
    const isPid = below !== undefined && /^\d+$/.test(below);
    return wanted.has(Number(isPid ? below : words(line)[column]));
  });
  return [header, ...kept].map((line) => `${line}\n`).join("");
}

function words(line: string): string[] {
  return line.split(/\s+/).filter((word) => word !== "");
}

function runPs(args: readonly string[]): string {
  const [reader, writer] = pipe();
  const input = open("/dev/null", O.RDONLY);
  let pid: number;
  try {
    pid = spawnPs(args, input, writer);
  } catch (error) {
    close(reader);
    throw error;
  } finally {
    close(input);
    close(writer);
  }
  const output = new TextDecoder().decode(readToEnd(reader));
  close(reader);
  const { status } = waitChild(pid)!;
  if (status === 0) return output;
  throw new RuntimeError(
    "system",
    `Cannot list processes: ps ${
      args.join(" ")
    } fails with status ${status}: ` +
      output.trim().split("\n").slice(0, 1).join(""),
  );
}

function spawnPs(args: readonly string[], input: Fd, output: Fd): number {
  const env = Object.entries(Deno.env.toObject());
  return spawn({
    path: findProgram("ps"),
    args: ["ps", ...args],
    env: env.map(([name, value]) => `${name}=${value}`),
    descriptors: [[0, input], [1, output], [2, output]],
  });
}

/** The path of a program of the host. */
function findProgram(name: string): string {
  const path = Deno.env.get("PATH") || USUAL_PATH;
  const found = path.split(":").map((folder) => `${folder || "."}/${name}`)
    .find((file) => {
      const status = stat(file);
      return typeof status === "object" && (status.mode & 0o111) !== 0;
    });
  if (found !== undefined) return found;
  throw new RuntimeError(
    "system",
    `Cannot list processes: there is no program "${name}" in PATH`,
    { hint: "install procps, or ask for --format json" },
  );
}
