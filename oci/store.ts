/**
 * Containers on disk: a folder for each below the state root, mode 0700, with
 * the file `state.json`, mode 0600, and the socket that init listens on.
 *
 * A record is replaced as a whole, so that a reader sees the old one or the
 * new one, and a crash leaves one of them.
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import { SyscallError } from "../ffi/error.ts";
import { close, O, open, write } from "../ffi/fd.ts";
import {
  isDirectory,
  lstat,
  mkdirAll,
  mkdirExactly,
  readText,
  removeAll,
  rename,
  rmdir,
  unlink,
  writeText,
} from "../ffi/files.ts";
import type { CgroupRecord } from "../cgroup/existing.ts";
import type { Reasons } from "../launch/reasons.ts";
import { RuntimeError } from "./errors.ts";
import type { RecordedHooks } from "./hook_record.ts";
import { quote } from "./quote.ts";

/** What is kept of a container. */
export interface ContainerRecord {
  readonly ociVersion: string;
  readonly id: string;
  readonly sandboxId: string;
  /** The bundle's path, without symbolic links. */
  readonly bundle: string;
  /** The root file system's absolute path. */
  readonly rootfs: string;
  /** When creation began, RFC 3339. */
  readonly created: string;
  /** The user ID of its creator. */
  readonly owner: number;
  readonly annotations: Readonly<Record<string, string>>;
  /** How far creation got; what init does now is not kept. */
  readonly status: "creating" | "created";
  /** Init, once the container is created. */
  readonly init?: {
    readonly pid: number;
    /** When it started, in clock ticks since boot: no later process's. */
    readonly startTime: string;
  };
  readonly cgroups: CgroupRecord;
  /** Whether the cgroups were made; before, others may be in them. */
  readonly cgroupsMade: boolean;
  /** One full path for each resource that the config limits. */
  readonly resourceCgroups: readonly string[];
  /** What the steps after `start` are for. */
  readonly reasons: Reasons;
  /** Groups of resctrl to remove with the container, in this order. */
  readonly resctrl?: readonly string[];
  /** Whether its processes get a session keyring of its own; absent: yes. */
  readonly ownKeyring?: boolean;
  /** The config's hooks, from when the first of them may have run. */
  readonly hooks?: RecordedHooks;
}

const STATE = "state.json";
const SOCKET = "start.sock";
const CONFIG = "config.json";

/** The folder of the container's socket for notifications, if it has one. */
export function notifyFolder(root: string, id: string): string {
  return `${containerFolder(root, id)}/notify`;
}

/** A file that is there once the program has said that it is ready. */
export function readyMark(folder: string): string {
  return `${folder}.ready`;
}

/** A name below the state root that is no container's. */
export const RESERVED = "containers-mapping";

/** The container's folder. */
export function containerFolder(root: string, id: string): string {
  return `${root}/${id}`;
}

/** The configuration that the container was made from, as it was then. */
export function savedConfig(root: string, id: string): string {
  return `${containerFolder(root, id)}/${CONFIG}`;
}

/** The file with the container's record. */
export function recordFile(root: string, id: string): string {
  return `${containerFolder(root, id)}/${STATE}`;
}

/** Keeps the text of a container's configuration. */
export function saveConfig(
  root: string,
  id: string,
  text: Uint8Array<ArrayBuffer>,
): void {
  const flags = O.WRONLY | O.CREAT | O.TRUNC;
  const file = open(savedConfig(root, id), flags, 0o600);
  try {
    write(file, text);
  } finally {
    close(file);
  }
}

/**
 * What the last `update` made of the container's resources; there is no such
 * file before one.
 */
export function updatedResources(root: string, id: string): string {
  return `${containerFolder(root, id)}/resources.json`;
}

/** The socket on which the container's init waits for `start`. */
export function startSocket(root: string, id: string): string {
  return `${containerFolder(root, id)}/${SOCKET}`;
}

/**
 * Takes the ID for a new container: of several at once, one succeeds.
 * @throws {RuntimeError} exists: the ID is in use
 */
export function claim(root: string, id: string): void {
  const folder = containerFolder(root, id);
  let errno = mkdirExactly(folder, 0o700);
  if (errno === E.ENOENT) {
    mkdirAll(root, 0o700);
    errno = mkdirExactly(folder, 0o700);
  }
  if (errno === E.EEXIST) throw idInUse(id);
  if (errno !== 0) throw new SyscallError("mkdir", errno, folder);
}

/** The error for an ID that is taken. */
export function idInUse(id: string): RuntimeError {
  return new RuntimeError(
    "exists",
    `Container ID ${
      quote(id)
    }: ID already in use, unique ID should be provided`,
  );
}

/** Removes the socket that `start` uses: it is used once. */
export function removeStartSocket(root: string, id: string): void {
  const path = startSocket(root, id);
  const errno = unlink(path);
  if (errno !== 0 && errno !== E.ENOENT) {
    throw new SyscallError("unlink", errno, path);
  }
}

/** Whether nobody has started the container yet. */
export function hasStartSocket(root: string, id: string): boolean {
  return typeof lstat(startSocket(root, id)) === "object";
}

/** Writes the record, whole. */
export function writeRecord(root: string, record: ContainerRecord): void {
  prepareRecord(root, record);
  commitRecord(root, record.id);
}

/** Writes a record that is not yet the container's. */
export function prepareRecord(root: string, record: ContainerRecord): void {
  const flags = O.CREAT | O.TRUNC;
  writeText(partial(root, record.id), JSON.stringify(record), flags, 0o600);
}

/** Makes the prepared record the container's. */
export function commitRecord(root: string, id: string): void {
  const from = partial(root, id);
  const errno = rename(from, `${containerFolder(root, id)}/${STATE}`);
  if (errno !== 0) throw new SyscallError("rename", errno, from);
}

function partial(root: string, id: string): string {
  return `${containerFolder(root, id)}/${STATE}.${Deno.pid}`;
}

/**
 * The record of a container; undefined where there is none, also while the
 * container is only being made or is being removed.
 * @throws {RuntimeError} system: the record is damaged
 */
export function readRecord(
  root: string,
  id: string,
): ContainerRecord | undefined {
  const path = `${containerFolder(root, id)}/${STATE}`;
  let text: string;
  try {
    text = readText(path);
  } catch (error) {
    const absent = error instanceof SyscallError &&
      (error.errno === E.ENOENT || error.errno === E.ENOTDIR);
    if (absent) return undefined;
    throw error;
  }
  try {
    const record: ContainerRecord = JSON.parse(text);
    if (record.id === id && isWhole(record)) return record;
  } catch {
    // Not JSON: said below.
  }
  throw new RuntimeError(
    "system",
    `Cannot use ${quote(path)}: it is damaged, run "davit delete --force"`,
  );
}

/** Whether what is used of a record is there. */
function isWhole(record: Partial<ContainerRecord>): boolean {
  const { annotations, bundle, cgroups, init, reasons, rootfs, status } =
    record;
  return typeof bundle === "string" && typeof rootfs === "string" &&
    typeof annotations === "object" && annotations !== null &&
    typeof reasons === "object" && reasons !== null &&
    (status === "creating" || status === "created") &&
    Array.isArray(cgroups?.directories) && Array.isArray(cgroups?.created) &&
    (init === undefined ||
      Number.isInteger(init.pid) && typeof init.startTime === "string");
}

/** Whether the container has a folder, whatever is in it. */
export function hasFolder(root: string, id: string): boolean {
  return isDirectory(lstat(containerFolder(root, id)));
}

/** Removes a container's folder; the record goes first. */
export function removeFolder(root: string, id: string): void {
  const folder = containerFolder(root, id);
  unlink(`${folder}/${STATE}`);
  unlink(startSocket(root, id));
  unlink(savedConfig(root, id));
  // It holds other files only after a crash.
  if (rmdir(folder) !== 0) removeAll(folder);
}
