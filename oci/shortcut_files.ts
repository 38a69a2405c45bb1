/**
 * What there is on disk for shortcuts (shortcuts.ts), in a container's folder.
 *
 * @module
 */

import { close, O, openIfThere } from "../ffi/fd.ts";
import { readToEnd, rmdir, unlink } from "../ffi/files.ts";
import { containerFolder } from "./store.ts";

/** Commands, with their argument, for which a container may have a shortcut. */
export const SHORTCUTS = [
  "start",
  "kill-9",
  "kill-15",
  "kill-all-9",
  "delete",
] as const;

/** The program that does a later command's work. */
export function shortcut(
  root: string,
  id: string,
  command: typeof SHORTCUTS[number],
): string {
  return `${containerFolder(root, id)}/${command}`;
}

/** Removes all that is there for shortcuts. */
export function removeShortcuts(root: string, id: string): void {
  for (const command of SHORTCUTS) unlink(shortcut(root, id, command));
  unlink(startReport(root, id));
  rmdir(guestsFolder(root, id));
}

/** Where the shortcut of `start` keeps what init told it. */
export function startReport(root: string, id: string): string {
  return `${containerFolder(root, id)}/start.report`;
}

/** More than a message has, in bytes. */
const REPORT_MAX = 4096;

/** Takes what init told the shortcut of `start`; undefined: nothing. */
export function takeStartReport(
  root: string,
  id: string,
): Uint8Array<ArrayBuffer> | undefined {
  const path = startReport(root, id);
  const file = openIfThere(path, O.RDONLY);
  if (file === undefined) return undefined;
  try {
    return readToEnd(file, REPORT_MAX);
  } finally {
    close(file);
    unlink(path);
  }
}

/**
 * In a sandbox's folder, a file for each other container in it: the shortcut of
 * its `delete` is for an empty one.
 */
export function guestsFolder(root: string, sandbox: string): string {
  return `${containerFolder(root, sandbox)}/guests`;
}

/** Notes that a container is in a sandbox, if that keeps such notes. */
export function addGuest(root: string, sandbox: string, id: string): void {
  const path = `${guestsFolder(root, sandbox)}/${id}`;
  const file = openIfThere(path, O.WRONLY | O.CREAT, 0o600);
  if (file !== undefined) close(file);
}

/** Forgets that a container is in a sandbox. */
export function removeGuest(root: string, sandbox: string, id: string): void {
  unlink(`${guestsFolder(root, sandbox)}/${id}`);
}
