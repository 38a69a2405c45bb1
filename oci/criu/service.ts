/**
 * What a container's service manager knows of it, kept beside criu's images: a
 * program that has said that it is ready does not say so again when it goes on.
 *
 * @module
 */

import { O } from "../../ffi/fd.ts";
import {
  isDirectory,
  lstat,
  readTextIfThere,
  writeText,
} from "../../ffi/files.ts";
import { asService } from "../service.ts";
import type { Spec } from "../spec.ts";
import { notifyFolder, readyMark } from "../store.ts";

/** The file beside the images. */
const FILE = "service.json";

/** What is kept of a container with a socket for notifications. */
export interface SavedService {
  /** Whether its program has said READY=1. */
  readonly ready: boolean;
}

/** What there is to keep of a container; undefined where it has no socket. */
export function serviceOf(root: string, id: string): SavedService | undefined {
  const folder = notifyFolder(root, id);
  if (!isDirectory(lstat(folder))) return undefined;
  return { ready: typeof lstat(readyMark(folder)) === "object" };
}

/** The configuration with the mount of the folder of the socket. */
export function withNotifyMount(spec: Spec, root: string, id: string): Spec {
  return asService(spec, { notifyFolder: notifyFolder(root, id) });
}

/**
 * Keeps that a program is ready, for the next checkpoint.
 * @param folder where its socket is
 * @throws {SyscallError}
 */
export function keepReady(folder: string): void {
  writeText(readyMark(folder), "", O.CREAT, 0o600);
}

/**
 * Keeps it beside the images.
 * @throws {SyscallError}
 */
export function saveService(imagePath: string, service: SavedService): void {
  const text = JSON.stringify(service);
  writeText(`${imagePath}/${FILE}`, text, O.CREAT | O.TRUNC, 0o600);
}

/** What was kept beside the images; undefined for nothing that can be read. */
export function savedService(imagePath: string): SavedService | undefined {
  try {
    const text = readTextIfThere(`${imagePath}/${FILE}`);
    const saved: unknown = text === undefined ? undefined : JSON.parse(text);
    if (typeof saved !== "object" || saved === null) return undefined;
    return { ready: "ready" in saved && saved.ready === true };
  } catch {
    return undefined;
  }
}
