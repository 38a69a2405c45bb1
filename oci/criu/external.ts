/**
 * What of a container lies outside of it: mounts of the host's files,
 * namespaces that it joined, files that it was started with. criu is told of
 * each by a key, and after a restore what has the key takes its place.
 *
 * @module
 */

import { readLink, readText, stat } from "../../ffi/files.ts";
import { bindsDevices, bindsNode } from "../../launch/first_process.ts";
import type { LaunchInput, NamespaceInput } from "../../launch/input.ts";

/** A mount of something of the host's. */
export interface ExternalMount {
  /** Where the container has it; also its key. */
  readonly place: string;
  /** The host's path. */
  readonly source: string;
}

/** Masked files are all the null device, which has one key for all. */
export const NULL_DEVICE = "/dev/null";

/** Mounts of the host's files, as a launch makes them. */
export function externalMounts(input: LaunchInput): ExternalMount[] {
  const binds = input.mounts.flatMap((mount) =>
    mount.kind === "bind"
      ? [{
        place: mount.mountPoint ?? mount.destination,
        source: mount.source,
      }]
      : []
  );
  const nodes = input.deviceNodes.filter((node) => bindsNode(input, node))
    .map(({ path }) => ({ place: path, source: path }));
  const devices = bindsDevices(input)
    ? input.devices.map(({ name }) => ({
      place: `/dev/${name}`,
      source: `/dev/${name}`,
    }))
    : [];
  return [...binds, ...devices, ...nodes];
}

/**
 * Masked paths that are files in the container: those not there need no mask.
 * @param root the container's root, as this process sees it
 */
export function maskedFiles(
  { maskedPaths }: LaunchInput,
  root: string,
): string[] {
  return maskedPaths.filter((path) => {
    const status = stat(`${root}${path}`);
    return typeof status === "object" && (status.mode & 0o170000) !== 0o040000;
  });
}

/** Namespaces that criu leaves to whoever restores, and what it calls them. */
const LEFT_OUT: Readonly<Record<string, [kind: string, key: string]>> = {
  network: ["net", "extRootNetNS"],
  pid: ["pid", "extRootPidNS"],
};
/** What criu calls the namespaces that it joins by itself. */
const JOINED: Readonly<Record<string, string>> = {
  ipc: "ipc",
  uts: "uts",
  user: "user",
  mount: "mnt",
  time: "time",
};

/** A namespace with a path that is left to whoever restores. */
export interface LeftNamespace {
  readonly kind: string;
  readonly key: string;
  readonly path: string;
}

/** Namespaces that are joined by path and not saved. */
export function leftNamespaces(
  namespaces: readonly NamespaceInput[],
): LeftNamespace[] {
  return namespaces.flatMap(({ kind, path }) => {
    const names = LEFT_OUT[kind];
    return path === undefined || names === undefined
      ? []
      : [{ kind: names[0], key: names[1], path }];
  });
}

/** Namespaces by path that criu joins when it restores: kinds and paths. */
export function joinedNamespaces(
  namespaces: readonly NamespaceInput[],
): (readonly [string, string])[] {
  return namespaces.flatMap(({ kind, path }) =>
    path === undefined || JOINED[kind] === undefined
      ? []
      : [[JOINED[kind], path] as const]
  );
}

/** The file with what stdio was, beside the images, as runc has it. */
export const DESCRIPTORS = "descriptors.json";

/** The number of the file, links followed, that is at `path`. */
export function inode(path: string): number {
  return Deno.statSync(path).ino ?? 0;
}

/** What stdin, stdout and stderr of a process are, and which lie outside. */
export interface StdioFiles {
  /** A name for each, as runc keeps them beside the images. */
  readonly names: readonly string[];
  /** criu's keys of files that are none of the container's. */
  readonly external: readonly string[];
}

/** Looks at the stdio of the process `pid`. */
export function stdioFiles(pid: number): StdioFiles {
  const mounts = new Set(
    readText(`/proc/${pid}/mountinfo`).split("\n")
      .map((line) => line.split(" ")[0]),
  );
  const external: string[] = [];
  const names = [0, 1, 2].map((fd) => {
    const path = `/proc/${pid}/fd/${fd}`;
    let name: string;
    try {
      name = readLink(path);
    } catch {
      return ""; // closed
    }
    if (!name.startsWith("/")) return name;
    const info = readText(`/proc/${pid}/fdinfo/${fd}`);
    const mount = /^mnt_id:\s*(\d+)$/m.exec(info)?.[1];
    if (mount === undefined || mounts.has(mount)) return name;
    const key = `file[${Number(mount).toString(16)}:${
      inode(path).toString(16)
    }]`;
    external.push(key);
    return key;
  });
  return { names, external };
}
