/**
 * newuidmap(1) and newgidmap(1): they map for an ordinary user the IDs that
 * subuid(5) and subgid(5) give him.
 *
 * @module
 */

import { close, pipe } from "../ffi/fd.ts";
import { readToEnd, S, stat } from "../ffi/files.ts";
import { waitChild } from "../ffi/process.ts";
import { spawn } from "../ffi/spawn.ts";
import { RuntimeError } from "./errors.ts";
import type { IdMapping } from "./spec.ts";

/**
 * Where the tools are looked for: folders of the host's root, never what a
 * bundle or an environment says (CVE-2026-84042).
 */
const FOLDERS = [
  "/usr/bin",
  "/bin",
  "/usr/sbin",
  "/sbin",
  "/usr/local/bin",
  "/run/wrappers/bin",
];
/** Most of what a tool says that is handed on, in bytes. */
const SAID_MAX = 2000;

/** The path of a tool; undefined where there is none. */
export function findTool(
  name: string,
  folders: readonly string[] = FOLDERS,
): string | undefined {
  return folders.map((folder) => `${folder}/${name}`).find((path) => {
    const status = stat(path);
    return typeof status === "object" && (status.mode & S.IFMT) === S.IFREG &&
      (status.mode & 0o111) !== 0;
  });
}

/**
 * Has a tool write a map of the process `pid`.
 * @param property what asks for it, such as `linux.uidMappings`
 * @throws {RuntimeError} system, with what the tool said
 */
export function mapWithTool(
  tool: "newuidmap" | "newgidmap",
  pid: number,
  lines: readonly IdMapping[],
  property: string,
  folders: readonly string[] = FOLDERS,
): void {
  const failed = (why: string, hint?: string) =>
    new RuntimeError(
      "system",
      `Cannot map the IDs of ${property}: ${why}`,
      hint === undefined ? {} : { hint },
    );
  const path = findTool(tool, folders);
  if (path === undefined) {
    throw failed(
      `an ordinary user needs ${tool} for more than his own ID, and it is ` +
        `not in ${folders.join(", ")}`,
      "Debian's package uidmap has it",
    );
  }
  const numbers = lines.flatMap((l) => [l.containerID, l.hostID, l.size]);
  const { status, said } = runTool(path, [
    tool,
    `${pid}`,
    ...numbers.map(String),
  ]);
  if (status === 0) return;
  const words = said.trim().replace(/\s*\n\s*/g, "; ");
  throw failed(words === "" ? `${tool} ended with status ${status}` : words);
}

function runTool(path: string, args: readonly string[]) {
  const [reader, writer] = pipe();
  try {
    let pid: number;
    try {
      const descriptors = [[1, writer], [2, writer]] as const;
      pid = spawn({ path, args, env: [], descriptors });
    } finally {
      close(writer);
    }
    const said = new TextDecoder().decode(readToEnd(reader, SAID_MAX));
    return { status: waitChild(pid)?.status ?? 0, said };
  } finally {
    close(reader);
  }
}
