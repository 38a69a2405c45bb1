/**
 * Containers on disk: a folder for each below the state root, mode 0700, with
 * the file `state.json`, mode 0600, and the socket that init listens on.
 *
 * A record is replaced as a whole, so that a reader sees the old one or the
 * new one, and a crash leaves one of them.
 *
 * @module
 */

import type { CgroupRecord } from "../cgroup/existing.ts";
import type { Reason } from "../launch/error.ts";
import { RuntimeError } from "./errors.ts";
import { quote } from "./quote.ts";

/** What is kept of a container. */
export interface ContainerRecord {
  readonly ociVersion: string;
  readonly id: string;
  readonly sandboxId: string;
  /** The bundle, as it was given. */
  readonly bundle: string;
  /** The root file system's absolute path. */
  readonly rootfs: string;
  /** When creation began, RFC 3339. */
  readonly created: string;
  /** The user ID of its creator. */
  readonly owner: number;
  readonly annotations: Readonly<Record<string, string>>;
  /** How far it got; whether its process still lives is not kept. */
  readonly status: "creating" | "created" | "running";
  /** Init, once there is one. */
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
  /** What the steps after `start` are for, by their number. */
  readonly reasons: Readonly<Record<string, Reason>>;
}

const STATE = "state.json";
const SOCKET = "start.sock";

/** A name below the state root that is no container's. */
export const RESERVED = "containers-mapping";

/** The container's folder. */
export function containerFolder(root: string, id: string): string {
  return `${root}/${id}`;
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
  const make = () => {
    Deno.mkdirSync(folder, { mode: 0o700 });
    Deno.chmodSync(folder, 0o700);
  };
  try {
    try {
      make();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      Deno.mkdirSync(root, { recursive: true, mode: 0o700 });
      make();
    }
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) throw idInUse(id);
    throw error;
  }
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

/** Writes the record, whole. */
export function writeRecord(root: string, record: ContainerRecord): void {
  const folder = containerFolder(root, record.id);
  const partial = `${folder}/${STATE}.${Deno.pid}`;
  Deno.writeTextFileSync(partial, JSON.stringify(record), { mode: 0o600 });
  Deno.renameSync(partial, `${folder}/${STATE}`);
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
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (
      error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory
    ) return undefined;
    throw error;
  }
  try {
    const record: ContainerRecord = JSON.parse(text);
    if (record.id === id) return record;
  } catch {
    // Not JSON: said below.
  }
  throw new RuntimeError(
    "system",
    `Cannot use ${quote(path)}: it is damaged, run "davit delete --force"`,
  );
}

/** Whether the container has a folder, whatever is in it. */
export function hasFolder(root: string, id: string): boolean {
  try {
    return Deno.lstatSync(containerFolder(root, id)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The IDs that have a folder below the state root, sorted. */
export function folders(root: string): string[] {
  try {
    return [...Deno.readDirSync(root)]
      .filter(({ name, isDirectory }) => isDirectory && name !== RESERVED)
      .map(({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Removes a container's folder; the record goes first. */
export function removeFolder(root: string, id: string): void {
  const folder = containerFolder(root, id);
  for (const path of [`${folder}/${STATE}`, folder]) {
    try {
      Deno.removeSync(path, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}
