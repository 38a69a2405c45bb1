/**
 * Saving a running container with criu.
 *
 *     container -> what is outside of it -> criu -> delete
 *
 * @module
 */

import { findFreezer } from "../cgroup/freezer.ts";
import { closesOnExec, O, write } from "../ffi/fd.ts";
import { isDirectory, readBytes, stat, writeText } from "../ffi/files.ts";
import { parseObject } from "./config.ts";
import { getExistingContainerInfo } from "./container_info.ts";
import {
  DESCRIPTORS,
  externalMounts,
  inode,
  leftNamespaces,
  maskedFiles,
  NULL_DEVICE,
  stdioFiles,
} from "./criu/external.ts";
import { CriuFolders } from "./criu/folders.ts";
import { commonOptions, type CriuFlags } from "./criu/options.ts";
import {
  type CriuOptions,
  FEATURE,
  featureRequest,
  REQUEST,
  request,
} from "./criu/rpc.ts";
import { saveService, serviceOf, withNotifyMount } from "./criu/service.ts";
import { CriuSession, findCriu } from "./criu/session.ts";
import { launchInput, startCriu } from "./criu/start.ts";
import { RuntimeError } from "./errors.ts";
import { explain } from "./explain.ts";
import { statusOf } from "./init_process.ts";
import { quote } from "./quote.ts";
import { remove } from "./remove.ts";
import type { Runtime } from "./runtime.ts";
import type { Spec } from "./spec.ts";
import { type ContainerRecord, savedConfig } from "./store.ts";

/** What `checkpoint` is asked for. */
export interface CheckpointOptions extends CriuFlags {
  /** Leave the container running. */
  readonly leaveRunning: boolean;
  /** Save memory only, for a checkpoint to come; the container goes on. */
  readonly preDump: boolean;
  /** The images before, relative to those that are made. */
  readonly parentPath?: string;
  readonly tcpSkipInFlight: boolean;
  readonly linkRemap: boolean;
  /** Where pages are sent instead of into files. */
  readonly pageServer?: { readonly address: string; readonly port: number };
  /** The descriptor that gets a NUL when lazy pages can be asked for. */
  readonly statusFd?: number;
}

/** criu's log, in its work folder. */
const LOG = "dump.log";

/**
 * Saves a container, which is deleted then, unless it is left running.
 *
 * @throws {RuntimeError} not-found, state, unsupported: no criu; system: criu
 * failed, and the container is as it was
 */
export async function checkpoint(
  runtime: Runtime,
  id: string,
  options: CheckpointOptions,
): Promise<void> {
  const doing = `checkpoint container ${quote(id)}`;
  try {
    const { record } = getExistingContainerInfo(runtime, id);
    const status = statusOf(runtime.root, record);
    if (status !== "running" && status !== "paused") {
      throw new RuntimeError(
        "state",
        `Cannot ${doing}: Container cannot be checkpointed in ${status} state`,
      );
    }
    checkStatusFd(options.statusFd);
    const path = savedConfig(runtime.root, id);
    const whole = parseObject(path, readBytes(path)) as unknown as Spec;
    const spec = serviceOf(runtime.root, id) === undefined
      ? whole
      : withNotifyMount(whole, runtime.root, id);
    dump(runtime, doing, { record, spec, options });
  } catch (error) {
    throw explain(doing, error);
  }
  if (options.leaveRunning || options.preDump) return;
  await remove(runtime, id, { force: true });
}

interface Dump {
  readonly record: ContainerRecord;
  readonly spec: Spec;
  readonly options: CheckpointOptions;
}

function dump(runtime: Runtime, doing: string, wanted: Dump): void {
  const { options } = wanted;
  const criu = findCriu();
  checkFeatures(criu, options);
  using folders = new CriuFolders(options.imagePath, options.workPath, {
    logFile: LOG,
    makeImages: true,
  });
  try {
    checkParent(options);
    const { asked, stdio } = dumpOptions(wanted, folders);
    runtime.log.debug("asking criu to dump", { criu, ...asked });
    if (!options.preDump) {
      // With lazy pages a restore begins before this ends.
      const path = `${options.imagePath}/${DESCRIPTORS}`;
      writeText(path, JSON.stringify(stdio), O.CREAT | O.TRUNC, 0o600);
      const service = serviceOf(runtime.root, wanted.record.id);
      if (service !== undefined) saveService(options.imagePath, service);
    }
    const type = options.preDump ? REQUEST.preDump : REQUEST.dump;
    using session = new CriuSession(startCriu(criu));
    session.request(request(type, asked), ({ script }) => {
      runtime.log.debug(`criu: ${script}`);
      if (script === "status-ready") tellReady(options.statusFd);
    });
    // After a pre-dump it would wait for the next request.
    const status = session.end();
    if (status !== 0) runtime.log.debug("criu has ended", { status });
  } catch (error) {
    const told = folders.explain(doing, error);
    folders.undo();
    throw told;
  }
}

function dumpOptions(
  { record, spec, options }: Dump,
  folders: CriuFolders,
): { asked: CriuOptions; stdio: readonly string[] } {
  const { pid } = record.init!;
  const input = launchInput(record, record.cgroups.directories, spec);
  const left = leftNamespaces(input.namespaces).map(({ kind, key, path }) =>
    `${kind}[${inode(path)}]:${key}`
  );
  const { names, external } = stdioFiles(pid);
  const mounts = options.preDump ? [] : [
    ...externalMounts(input).map(({ place }) => `mnt[${place}]:${place}`),
    ...maskedFiles(input, `/proc/${pid}/root`)
      .map((path) => `mnt[${path}]:${NULL_DEVICE}`),
  ];
  const freezer = findFreezer(record.cgroups.directories)?.directory;
  const { parentPath, pageServer } = options;
  const asked: CriuOptions = {
    ...commonOptions(options, record.annotations),
    imagesDir: folders.images,
    ...folders.work !== undefined && { workDir: folders.work },
    logFile: LOG,
    root: record.rootfs,
    pid,
    leaveRunning: options.leaveRunning,
    tcpSkipInFlight: options.tcpSkipInFlight,
    linkRemap: options.linkRemap,
    external: [...left, ...external, ...mounts],
    ...freezer !== undefined && { freezeCgroup: freezer },
    ...pageServer !== undefined && { pageServer },
    ...parentPath !== undefined && {
      parentImages: parentPath,
      trackMemory: true,
    },
  };
  return { asked, stdio: names };
}

/** A criu or a kernel that cannot, says so now rather than in the middle. */
function checkFeatures(criu: string, options: CheckpointOptions): void {
  const wanted = [
    ...options.preDump ? [["memTrack", "--pre-dump"] as const] : [],
    ...options.lazyPages ? [["lazyPages", "--lazy-pages"] as const] : [],
  ];
  for (const [feature, flag] of wanted) {
    using session = new CriuSession(startCriu(criu));
    const { features } = session.request(featureRequest(FEATURE[feature]));
    session.end();
    if (features(FEATURE[feature])) continue;
    throw new RuntimeError(
      "unsupported",
      `Cannot checkpoint with ${flag}: criu is missing features: ${feature}; ` +
        "this kernel, or this criu, has it not",
    );
  }
}

function checkParent({ imagePath, parentPath }: CheckpointOptions): void {
  if (parentPath === undefined) return;
  if (isDirectory(stat(`${imagePath}/${parentPath}`))) return;
  throw new RuntimeError(
    "usage",
    `invalid --parent-path ${quote(parentPath)}: there is no such folder, ` +
      "relative to --image-path",
  );
}

function checkStatusFd(fd: number | undefined): void {
  if (fd === undefined || closesOnExec(fd) === false) return;
  throw new RuntimeError(
    "usage",
    `Cannot use --status-fd ${fd}: no such descriptor was handed over`,
  );
}

function tellReady(fd: number | undefined): void {
  if (fd !== undefined) write(fd, new Uint8Array(1));
}
