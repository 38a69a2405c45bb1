import { writeText } from "../ffi/files.ts";
import { RuntimeError } from "./errors.ts";
import { osText } from "./os_error.ts";
import type { IdMapping, Linux } from "./spec.ts";

/**
 * Writes the maps of a new user namespace, user_namespaces(7).
 * @param pid the process that made it
 * @throws {RuntimeError} system
 */
export function writeIdMaps(pid: number, linux: Linux): void {
  write(pid, "uid_map", linux.uidMappings ?? []);
  write(pid, "gid_map", linux.gidMappings ?? []);
}

function write(pid: number, file: string, maps: readonly IdMapping[]): void {
  const lines = maps.map(({ containerID, hostID, size }) =>
    `${containerID} ${hostID} ${size}\n`
  );
  try {
    // The kernel takes all lines in one write.
    writeText(`/proc/${pid}/${file}`, lines.join(""));
  } catch (error) {
    const property = file === "uid_map" ? "uidMappings" : "gidMappings";
    throw new RuntimeError(
      "system",
      `Cannot write the user namespace's ${file} (linux.${property}): ` +
        osText(error),
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
