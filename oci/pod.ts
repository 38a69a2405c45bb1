/**
 * Which containers live in a sandbox.
 *
 * @module
 */

import {
  fetchContainerIDMapping,
  listContainerIDMappings,
} from "../mapping/mapping.ts";
import { containerType } from "./annotations.ts";
import { initLives } from "./init_process.ts";
import { type ContainerRecord, readRecord } from "./store.ts";

/**
 * The containers that live in the sandbox `record`, other than itself, by ID;
 * none for what is no sandbox by its annotations.
 */
export function liveMembers(
  root: string,
  { annotations, id }: ContainerRecord,
): string[] {
  if (containerType({ annotations }) !== "sandbox") return [];
  return listContainerIDMappings(root).filter((member) =>
    member !== id && isIn(root, member, id) && lives(root, member)
  );
}

/** What cannot be read of another container is no reason against anything. */
function isIn(root: string, member: string, sandbox: string): boolean {
  try {
    return fetchContainerIDMapping(root, member)?.sandboxId === sandbox;
  } catch {
    return false;
  }
}

function lives(root: string, id: string): boolean {
  try {
    const record = readRecord(root, id);
    return record !== undefined && initLives(record);
  } catch {
    return false;
  }
}
