/**
 * The processes of a container.
 *
 * @module
 */

import { cgroupManagerFromState } from "../cgroup/existing.ts";
import { close, type Fd, Handle, O, open, pipe } from "../ffi/fd.ts";
import { readToEnd, stat } from "../ffi/files.ts";
import { waitChild } from "../ffi/process.ts";
import { spawn } from "../ffi/spawn.ts";
import { getExistingContainerInfo } from "./container_info.ts";
import { variable, variables } from "./variables.ts";
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
  const { pid, output, complaints } = startPs(args);
  const table = text(output);
  // It is short: a pipe holds it meanwhile.
  const [complaint] = text(complaints).trim().split("\n");
  const { status } = waitChild(pid)!;
  if (status === 0) return table;
  throw new RuntimeError(
    "system",
    `Cannot list processes: ps ${args.join(" ")} fails with status ` +
      `${status}: ${complaint}`,
  );
}

/** Starts ps; its stdout and its stderr are to be read. */
function startPs(args: readonly string[]) {
  const [output, stdout] = pipe();
  const [complaints, stderr] = pipe();
  const input = open("/dev/null", O.RDONLY);
  try {
    const pid = spawnPs(args, [input, stdout, stderr]);
    return { pid, output, complaints };
  } catch (error) {
    for (const fd of [output, complaints]) close(fd);
    throw error;
  } finally {
    for (const fd of [input, stdout, stderr]) close(fd);
  }
}

function text(fd: Fd): string {
  using handle = new Handle(fd);
  return new TextDecoder().decode(readToEnd(handle.fd));
}

function spawnPs(args: readonly string[], standard: readonly Fd[]): number {
  return spawn({
    path: findProgram("ps"),
    args: ["ps", ...args],
    env: variables(),
    descriptors: standard.map((fd, number) => [number, fd]),
  });
}

/** The path of a program of the host. */
function findProgram(name: string): string {
  const path = variable("PATH") || USUAL_PATH;
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
