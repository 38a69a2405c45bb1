/**
 * Looking containers up.
 *
 * @module
 */

import { readText } from "../ffi/files.ts";
import { sleep } from "../ffi/process.ts";
import {
  fetchContainerIDMapping,
  listContainerIDMappings,
  MappingError,
} from "../mapping/mapping.ts";
import { RuntimeError } from "./errors.ts";
import { statusOf } from "./init_process.ts";
import { wasOomKilled } from "./oom_report.ts";
import type { Runtime, StateReport } from "./runtime.ts";
import { type ContainerRecord, readRecord } from "./store.ts";

/** A container and the sandbox that it belongs to. */
export interface ContainerInfo {
  readonly sandboxId: string;
  readonly record: ContainerRecord;
}

/** IDs are names of files below the state root, and nothing else. */
const ID = /^[A-Za-z0-9_+.-]{1,1024}$/;

/** The longest file name of Linux file systems, in bytes. */
export const NAME_MAX = 255;

/** Whether a container can have this ID: it is one, and a file's name. */
export function isUsableId(id: string): boolean {
  return isId(id) && id.length <= NAME_MAX;
}

/** Whether `id` may be a container's ID. */
export function isId(id: string): boolean {
  return ID.test(id) && id !== "." && id !== "..";
}

/**
 * The container `id` and its sandbox; undefined when there is none.
 * @throws {RuntimeError} "Missing container ID"; a damaged mapping or record
 */
export function getContainerInfo(
  { root }: Runtime,
  id: string,
): ContainerInfo | undefined {
  if (id === "") throw new RuntimeError("usage", "Missing container ID");
  if (!isUsableId(id)) return undefined;
  const mapping = readMapping(root, id);
  if (mapping === undefined) return undefined;
  const record = readRecord(root, id);
  return record && { sandboxId: mapping.sandboxId, record };
}

/** How often a mapping is looked at, and the time between, milliseconds. */
const LOOKS = 20, BETWEEN = 1;

/** One that is just being made or removed has no entry for a moment. */
function readMapping(root: string, id: string) {
  for (let look = 1;; look++) {
    try {
      return fetchContainerIDMapping(root, id);
    } catch (error) {
      if (!(error instanceof MappingError)) throw error;
      if (look === LOOKS) {
        throw new RuntimeError("system", error.message, { cause: error });
      }
      sleep(BETWEEN);
    }
  }
}

/**
 * The container `id`, which has to exist.
 * @throws {RuntimeError} not-found: `Container ID (X) does not exist`
 */
export function getExistingContainerInfo(
  runtime: Runtime,
  id: string,
): ContainerInfo {
  const info = getContainerInfo(runtime, id);
  if (info === undefined) {
    throw new RuntimeError("not-found", `Container ID (${id}) does not exist`);
  }
  runtime.log.about?.({ sandbox: info.sandboxId });
  return info;
}

/**
 * A container's state.
 * @throws {RuntimeError} not-found
 */
export function state(runtime: Runtime, id: string): StateReport {
  return report(runtime, getExistingContainerInfo(runtime, id).record);
}

/** The states of all containers, by ID. */
export function list(runtime: Runtime): StateReport[] {
  return listContainerIDMappings(runtime.root).flatMap((id) => {
    try {
      const info = getContainerInfo(runtime, id);
      return info === undefined ? [] : [report(runtime, info.record)];
    } catch (error) {
      runtime.log.warn(
        `leaving container ${id} out: ${(error as Error).message}`,
      );
      return [];
    }
  });
}

/**
 * A record as engines read it.
 * @param status for callers that know it
 */
export function report(
  { root }: Runtime,
  record: ContainerRecord,
  status = statusOf(root, record),
): StateReport {
  const { ociVersion, id, bundle, rootfs, created, annotations, sandboxId } =
    record;
  const lives = status !== "stopped" && record.init !== undefined;
  return {
    ociVersion,
    id,
    status,
    pid: lives ? record.init.pid : 0,
    bundle,
    rootfs,
    created,
    owner: userName(record.owner),
    ...(Object.keys(annotations).length > 0 && { annotations }),
    ...(sandboxId !== id && { sandbox: sandboxId }),
    ...(status === "stopped" && wasOomKilled(record) && { oomKilled: true }),
  };
}

/** The name that the host's /etc/passwd gives a user. */
function userName(uid: number): string {
  if (uid === 0) return "root";
  try {
    const line = readText("/etc/passwd").split("\n")
      .find((line) => line.split(":")[2] === String(uid));
    return line?.split(":")[0] ?? `#${uid}`;
  } catch {
    return `#${uid}`;
  }
}
