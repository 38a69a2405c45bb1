/**
 * Other limits for a container that exists.
 *
 * @module
 */

import { cgroupManagerFromState } from "../cgroup/existing.ts";
import { hostLayout } from "../cgroup/layout.ts";
import { loadRareLowering } from "../cgroup/resources/lower.ts";
import { type UpdateNotice, updateResources } from "../cgroup/update.ts";
import { O } from "../ffi/fd.ts";
import { lstat, readText, rename, writeText } from "../ffi/files.ts";
import { SyscallError } from "../ffi/error.ts";
import { parseObject } from "./config.ts";
import { getExistingContainerInfo } from "./container_info.ts";
import { ConfigError, describeProblem, RuntimeError } from "./errors.ts";
import { explained } from "./explain.ts";
import { statusOf } from "./init_process.ts";
import { optionFileName, readOptionFile } from "./option_file.ts";
import { ownPrivileges } from "./privileges.ts";
import { quote } from "./quote.ts";
import { ResctrlGroups, resctrlMount } from "./resctrl.ts";
import { resctrlTools } from "./resctrl_tools.ts";
import type { Runtime } from "./runtime.ts";
import type { IntelRdt, Resources, Spec } from "./spec.ts";
import {
  type ContainerRecord,
  savedConfig,
  updatedResources,
} from "./store.ts";
import { loadSystemd, type SystemdPart } from "./systemd_tools.ts";
import { validateResources } from "./validate.ts";

/** What `update` is told. */
export interface UpdateOptions {
  /** A file with a `resources` section, or "-" for stdin; else `resources`. */
  readonly file?: string;
  readonly resources: Resources;
  /** Schemata for the container's group of resctrl. */
  readonly l3CacheSchema?: string;
  readonly memBwSchema?: string;
}

/**
 * Changes what a container may use. What is not given stays; after a failure
 * all is as it was.
 *
 * @throws {ConfigError} what is given is wrong
 * @throws {RuntimeError} not-found; state: `container not running`; system: the
 * host refuses
 */
export async function update(
  runtime: Runtime,
  id: string,
  options: UpdateOptions,
): Promise<void> {
  const doing = `update container ${quote(id)}`;
  const { record } = getExistingContainerInfo(runtime, id);
  checkRunning(runtime, record);
  const systemd = record.cgroups.systemd && await loadSystemd();
  const checked = checkedResources(runtime, options);
  const changes = systemd?.scopes.withoutIdleWeight(checked) ?? checked;
  const path = savedConfig(runtime.root, id);
  const spec = readObject(path) as unknown as Spec;
  const current = currentResources(runtime.root, id, spec);
  const rare = await loadRareLowering();
  const inform = systemd && informer(record, systemd);
  explained(doing, () => {
    const rdt = rdtUpdate(record, spec.linux?.intelRdt, options);
    const updated = updateResources({
      cgroups: cgroupManagerFromState(record.cgroups),
      layout: hostLayout(),
      current,
      changes,
      rare,
      limitsDevices: ownPrivileges() === "host",
      ...inform !== undefined && { inform },
    });
    finish([() => updated.undo()], (undo) => {
      undo.push(rdt());
      saveResources(runtime.root, id, updated.resources as Resources);
    });
    runtime.log.debug("resources updated");
  });
}

/** Does what is left; when it fails, what was done before is undone, too. */
function finish(
  undo: (() => void)[],
  rest: (undo: (() => void)[]) => void,
): void {
  try {
    rest(undo);
  } catch (error) {
    undo.toReversed().forEach((one) => one());
    throw error;
  }
}

function checkRunning({ root }: Runtime, record: ContainerRecord): void {
  const status = statusOf(root, record);
  if (["created", "running", "paused"].includes(status)) return;
  throw new RuntimeError(
    "state",
    `Cannot update container ${quote(record.id)}: container not running: it ` +
      `is ${status}`,
  );
}

/** What is to change, checked. */
function checkedResources(
  { log }: Runtime,
  { file, resources }: UpdateOptions,
): Resources {
  const from = file === undefined ? "the command line" : optionFileName(file);
  const given = file === undefined
    ? resources
    : parseObject(file, readOptionFile(file, "the resources"));
  const { errors, warnings } = validateResources(given);
  if (errors.length > 0) {
    const problems = errors.map(describeProblem).join("; ");
    throw new ConfigError(errors, {
      message: `Cannot use the resources from ${from}: ${problems}`,
    });
  }
  for (const warning of warnings) log.warn(describeProblem(warning));
  return given as Resources;
}

function readObject(path: string) {
  return parseObject(path, new TextEncoder().encode(readText(path)));
}

/** The container's resources since the last update, or since its creation. */
function currentResources(
  root: string,
  id: string,
  { linux: { resources = {} } = {} }: Spec,
): Resources {
  const path = updatedResources(root, id);
  if (typeof lstat(path) !== "object") return resources;
  return readObject(path) as unknown as Resources;
}

/** Replaces what is kept of the container's resources, as a whole. */
function saveResources(root: string, id: string, resources: Resources): void {
  const path = updatedResources(root, id);
  const partial = `${path}.${Deno.pid}`;
  writeText(partial, toJson(resources), O.CREAT | O.TRUNC, 0o600);
  const errno = rename(partial, path);
  if (errno !== 0) throw new SyscallError("rename", errno, partial);
}

/** JSON with numbers beyond 2^53; TypeScript does not know rawJSON() yet. */
function toJson(value: unknown): string {
  const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };
  return JSON.stringify(
    value,
    (_name, part) => typeof part === "bigint" ? rawJSON(`${part}`) : part,
  );
}

/** Tells systemd of new limits, before the kernel. */
function informer(
  { cgroups: { systemd: unit } }: ContainerRecord,
  { scopes, tools }: SystemdPart,
) {
  return (notice: UpdateNotice) => scopes.limitUnit(tools, unit!, notice);
}

/**
 * Looks at what is asked of resctrl.
 *
 * @returns does it, and returns what undoes it
 * @throws {RuntimeError} system: the host or the container has none; the
 * engines know these words
 */
function rdtUpdate(
  { id }: ContainerRecord,
  rdt: IntelRdt | undefined,
  { l3CacheSchema, memBwSchema }: UpdateOptions,
): () => () => void {
  if (l3CacheSchema === undefined && memBwSchema === undefined) {
    return () => () => {};
  }
  const root = resctrlMount(readText("/proc/self/mountinfo"));
  if (root === undefined) {
    throw new RuntimeError(
      "system",
      l3CacheSchema !== undefined
        ? "Intel RDT/CAT: l3 cache schema is not enabled"
        : "Intel RDT/MBA: memory bandwidth schema is not enabled",
      { hint: "no resctrl file system is mounted" },
    );
  }
  if (rdt === undefined) {
    throw new RuntimeError(
      "state",
      "updating a non-existent Intel RDT configuration is not supported: the " +
        "container was made without linux.intelRdt",
    );
  }
  const closID = rdt.closID || id;
  const groups = new ResctrlGroups(resctrlTools(), root, id, { closID });
  return () =>
    groups.update({
      ...l3CacheSchema !== undefined && { l3CacheSchema },
      ...memBwSchema !== undefined && { memBwSchema },
    });
}
