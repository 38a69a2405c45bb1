/**
 * The ID maps of a new user namespace, user_namespaces(7).
 *
 * Root writes them itself. An ordinary user may map his own ID alone; for more
 * there are newuidmap(1) and newgidmap(1), which know what he was given.
 *
 * @module
 */

import { writeText } from "../ffi/files.ts";
import { dotted } from "../launch/error.ts";
import type { Privileges } from "../launch/input.ts";
import { RuntimeError } from "./errors.ts";
import { mapWithTool } from "./id_map_tools.ts";
import { osText } from "./os_error.ts";
import type { IdMapping, Linux } from "./spec.ts";

/** Bytes that the kernel takes less than: a page, at the least this long. */
const PAGE = 4096;

/** A map to write, and what asked for it. */
interface IdMap {
  readonly file: "uid_map" | "gid_map";
  /** Where the lines are in config.json. */
  readonly property: string;
  readonly tool: "newuidmap" | "newgidmap";
  readonly lines: readonly IdMapping[];
  /** The caller's own ID of this kind. */
  readonly own: number | null;
}

/** Whether an ordinary user with the ID `own` cannot write this map himself. */
export function needsTool(
  lines: readonly IdMapping[],
  own: number | null,
): boolean {
  const [only] = lines;
  return lines.length !== 1 || only!.size !== 1 || only!.hostID !== own;
}

/**
 * Writes the maps of a new user namespace.
 * @param pid the process that made it
 * @param linux what holds the maps
 * @param pointer where it is in config.json
 * @throws {RuntimeError} system
 */
export function writeIdMaps(
  pid: number,
  linux: Linux,
  privileges: Privileges = "host",
  pointer = "/linux",
): void {
  const holder = dotted(pointer);
  const users: IdMap = {
    file: "uid_map",
    property: `${holder}.uidMappings`,
    tool: "newuidmap",
    lines: linux.uidMappings ?? [],
    own: Deno.uid(),
  };
  const groups: IdMap = {
    file: "gid_map",
    property: `${holder}.gidMappings`,
    tool: "newgidmap",
    lines: linux.gidMappings ?? [],
    own: Deno.gid(),
  };
  for (const map of [users, groups]) {
    const { lines, own, property, tool } = map;
    if (privileges === "user" && needsTool(lines, own)) {
      mapWithTool(tool, pid, lines, property);
      continue;
    }
    // Who could drop groups might get at what they are kept from.
    if (privileges === "user" && map === groups) {
      explained(map, () => writeText(`/proc/${pid}/setgroups`, "deny"));
    }
    writeMap(pid, map);
  }
}

function writeMap(pid: number, map: IdMap): void {
  const text = map.lines.map(({ containerID, hostID, size }) =>
    `${containerID} ${hostID} ${size}\n`
  ).join("");
  // The kernel takes all lines in one write.
  explained(
    map,
    () => writeText(`/proc/${pid}/${map.file}`, text),
    text.length < PAGE
      ? ""
      : `; the lines have ${text.length} bytes, the kernel takes less than a ` +
        "page",
  );
}

function explained(
  { file, property }: IdMap,
  write: () => void,
  cause = "",
): void {
  try {
    write();
  } catch (error) {
    throw new RuntimeError(
      "system",
      `Cannot write the user namespace's ${file} (${property}): ` +
        osText(error) + cause,
      { cause: error },
    );
  }
}

/**
 * The host's ID behind an ID of the container; undefined when there is none
 * or, in a user namespace that is joined, none that is known.
 */
export function hostId(
  id: number,
  { namespaces = [], uidMappings = [] }: Linux,
): number | undefined {
  const user = namespaces.find(({ type }) => type === "user");
  if (user === undefined) return id;
  if (user.path) return undefined;
  const map = uidMappings.find(({ containerID, size }) =>
    id >= containerID && id < containerID + size
  );
  return map && map.hostID + id - map.containerID;
}
