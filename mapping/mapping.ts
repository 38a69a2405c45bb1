/**
 * The mapping of containers to sandboxes, kept as a directory tree:
 * `<root>/containers-mapping/<container ID>/<sandbox ID>/`.
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import { SyscallError } from "../ffi/error.ts";
import {
  type Entry,
  mkdirAll,
  mkdirExactly,
  readDirectory,
  removeAll,
  rename,
  rmdir,
} from "../ffi/files.ts";
import { byteLength } from "../ffi/text.ts";

/** A mapping that cannot be read or made; its message is one clear line. */
export class MappingError extends Error {
  /** The class's name, for logs. */
  override readonly name = "MappingError";
}

/** Folder of the mapping below the state root. */
const FOLDER = "containers-mapping";

/** Mode of every directory of the tree, whatever the umask says. */
const MODE = 0o750;

/**
 * First character of a mapping that is still being written. It is not allowed
 * in an ID, so it never hides a container.
 */
const UNFINISHED = "~";

/** Longest file name of Linux file systems, in bytes. */
const NAME_MAX = 255;

/**
 * The sandbox that a container belongs to; undefined when the container is
 * unknown.
 *
 * @param root the state root
 * @throws {MappingError} "Missing container ID"; an ID that is no file name; a
 * mapping that does not hold exactly one directory
 */
export function fetchContainerIDMapping(
  root: string,
  containerId: string,
): { sandboxId: string } | undefined {
  const directory = containerDirectory(root, containerId);
  const entries = entriesOf(directory);
  if (entries === undefined) return undefined;
  const [entry] = entries;
  if (entries.length !== 1 || entry === undefined) {
    throw new MappingError(
      `Cannot tell the sandbox of container "${containerId}": ` +
        `${entries.length} entries in "${directory}", wanted exactly 1`,
    );
  }
  if (!entry.isDirectory) {
    throw new MappingError(
      `Cannot tell the sandbox of container "${containerId}": ` +
        `"${directory}/${entry.name}" is not a directory`,
    );
  }
  return { sandboxId: entry.name };
}

/**
 * Maps a container to a sandbox and replaces what it was mapped to before.
 * Readers see the old mapping, the new one, or none; never an empty one.
 *
 * @param root the state root; made, mode 0700, when it is missing
 * @throws {MappingError} "Missing container ID", "Missing sandbox ID"; an ID that is
 * no file name; what the file system reports
 */
export function addContainerIDMapping(
  root: string,
  containerId: string,
  sandboxId: string,
): void {
  const directory = containerDirectory(root, containerId);
  checkName(sandboxId, "sandbox");
  const tree = `${root}/${FOLDER}`;
  makeTree(root, tree);
  const unfinished = unfinishedDirectory(root, containerId);
  // What a writer that was killed has left.
  removeAll(unfinished);
  try {
    makeDirectory(unfinished);
    makeDirectory(`${unfinished}/${sandboxId}`);
    replace(unfinished, directory);
  } catch (error) {
    removeAll(unfinished);
    throw error;
  }
}

/**
 * Forgets a container. One that is not known is no error.
 *
 * @param root the state root
 * @param sandboxId the sandbox that it is thought to be mapped to: saves looking
 * @throws {MappingError} "Missing container ID"; an ID that is no file name; what the
 * file system reports
 */
export function delContainerIDMapping(
  root: string,
  containerId: string,
  sandboxId?: string,
): void {
  const directory = containerDirectory(root, containerId);
  if (sandboxId !== undefined) {
    checkName(sandboxId, "sandbox");
    rmdir(`${directory}/${sandboxId}`);
    if (rmdir(directory) === 0) return;
  }
  removeAll(directory);
  removeAll(unfinishedDirectory(root, containerId));
}

/** The folders that map a container to a sandbox, the inner one first. */
export function mappingFolders(
  root: string,
  containerId: string,
  sandboxId: string,
): string[] {
  const directory = containerDirectory(root, containerId);
  return [`${directory}/${sandboxId}`, directory];
}

/**
 * The IDs of all mapped containers, sorted.
 *
 * @param root the state root
 */
export function listContainerIDMappings(root: string): string[] {
  const entries = entriesOf(`${root}/${FOLDER}`) ?? [];
  return entries
    .filter((entry) => entry.isDirectory && !entry.name.startsWith(UNFINISHED))
    .map((entry) => entry.name)
    .sort();
}

function containerDirectory(root: string, containerId: string): string {
  checkName(containerId, "container");
  return `${root}/${FOLDER}/${containerId}`;
}

/**
 * Where a container's mapping is put together: its creator is the only one.
 * Whatever is there goes when the mapping is made or forgotten.
 */
export function unfinishedDirectory(root: string, containerId: string): string {
  const name = containerId.slice(1 - NAME_MAX);
  return `${root}/${FOLDER}/${UNFINISHED}${name}`;
}

/** IDs become file names: what could name another file is refused. */
function checkName(id: string, noun: "container" | "sandbox"): void {
  if (id === "") throw new MappingError(`Missing ${noun} ID`);
  const wrong = id === "." || id === ".."
    ? "names another directory"
    : id.includes("/") || id.includes("\0")
    ? 'holds "/" or NUL'
    : id.startsWith(UNFINISHED)
    ? `begins with "${UNFINISHED}"`
    : byteLength(id) > NAME_MAX
    ? `is longer than ${NAME_MAX} bytes, the longest file name`
    : undefined;
  if (wrong === undefined) return;
  throw new MappingError(
    `Cannot use ${noun} ID ${JSON.stringify(id)}: it ${wrong}`,
  );
}

/** The entries of a directory; undefined when it does not exist. */
function entriesOf(path: string): Entry[] | undefined {
  const entries = readDirectory(path);
  if (typeof entries === "object") return entries;
  if (entries === E.ENOENT) return undefined;
  throw new SyscallError("open", entries, path);
}

function makeTree(root: string, tree: string): void {
  const errno = mkdirExactly(tree, MODE);
  if (errno === 0 || errno === E.EEXIST) return;
  if (errno !== E.ENOENT) throw new SyscallError("mkdir", errno, tree);
  mkdirAll(root, 0o700);
  makeTree(root, tree);
}

function makeDirectory(path: string): void {
  const errno = mkdirExactly(path, MODE);
  if (errno !== 0) throw new SyscallError("mkdir", errno, path);
}

function replace(from: string, to: string): void {
  if (rename(from, to) === 0) return;
  // rename(2) does not replace a directory that holds something, nor a file.
  removeAll(to);
  const errno = rename(from, to);
  if (errno !== 0) throw new SyscallError("rename", errno, to);
}
