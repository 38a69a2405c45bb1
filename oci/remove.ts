/**
 * Deleting a container.
 *
 * @module
 */

import { cgroupManagerFromState } from "../cgroup/existing.ts";
import { close, type Fd } from "../ffi/fd.ts";
import { poll, POLLIN } from "../ffi/poll.ts";
import { pidfdOpen, pidfdSendSignal, reapChild } from "../ffi/process.ts";
import { delContainerIDMapping } from "../mapping/mapping.ts";
import { isUsableId } from "./container_info.ts";
import { RuntimeError } from "./errors.ts";
import { explained } from "./explain.ts";
import { hookState } from "./hook_state.ts";
import { loadHookRunner } from "./hook_tools.ts";
import { initLives, statusOf } from "./init_process.ts";
import { liveMembers } from "./pod.ts";
import { quote } from "./quote.ts";
import { removeGroups, removeOrphans } from "./remove_cgroups.ts";
import type { Runtime } from "./runtime.ts";
import { removeGuest, removeShortcuts } from "./shortcut_files.ts";
import {
  type ContainerRecord,
  hasFolder,
  readRecord,
  removeFolder,
  RESERVED,
} from "./store.ts";
import { loadSystemd, type SystemdPart } from "./systemd_tools.ts";

const SIGKILL = 9;
/** How long a killed process may take to end, in milliseconds. */
const PATIENCE = 10_000;

/**
 * Deletes what is left of a stopped container. With `force` a container of any
 * status is killed first, a half-made one is removed, and one that does not
 * exist is no error.
 *
 * @throws {RuntimeError} not-found, or state: it is not stopped
 */
export async function remove(
  runtime: Runtime,
  id: string,
  { force }: { readonly force: boolean },
): Promise<void> {
  const found = explained(
    `delete container ${quote(id)}`,
    () => lookUp(runtime, id, force),
  );
  if (found === undefined) return;
  const { damaged, record } = found;
  const systemd = await systemdOf(record);
  const orphans = damaged
    ? (await import("./orphans.ts")).orphanCgroups(runtime.root, id)
    : undefined;
  explained(`delete container ${quote(id)}`, () => {
    removeOrphans(runtime, id, orphans);
    runtime.trace?.phase("end processes and remove cgroups");
    if (record !== undefined) {
      endInit(runtime, record);
      removeGroups(runtime, record, systemd);
    }
    runtime.trace?.phase("remove the record");
    removeTraces(runtime, id, record?.sandboxId ?? id);
  });
  if (record !== undefined) await runPoststop(runtime, record);
}

/** What is to be deleted. */
interface Found {
  /** Absent for what was never more than claimed, and where it is damaged. */
  readonly record: ContainerRecord | undefined;
  readonly damaged: boolean;
}

/**
 * What is to be deleted: the record of a container, if it can be read.
 * Undefined: there is nothing, and that is no error.
 */
function lookUp(
  runtime: Runtime,
  id: string,
  force: boolean,
): Found | undefined {
  const { root } = runtime;
  if (id === "") throw new RuntimeError("usage", "Missing container ID");
  const usable = isUsableId(id) && id !== RESERVED;
  if (!usable || !hasFolder(root, id)) {
    if (!force) throw doesNotExist(id);
    if (usable) delContainerIDMapping(root, id);
    return undefined;
  }
  const found = force ? readAny(runtime, id) : readRecord(root, id);
  const damaged = found === "damaged";
  const record = damaged ? undefined : found;
  if (record !== undefined) runtime.log.about?.({ sandbox: record.sandboxId });
  const members = record === undefined ? [] : liveMembers(root, record);
  if (!force) {
    if (record === undefined) throw doesNotExist(id);
    const status = statusOf(root, record);
    if (status !== "stopped") {
      throw new RuntimeError(
        "state",
        `Cannot delete container ${quote(id)} that is not stopped: it is ` +
          `${status}`,
        { hint: "kill it first, or give --force" },
      );
    }
    if (members.length > 0) throw isNeeded(id, members);
  }
  if (members.length > 0) {
    runtime.log.warn(
      `the sandbox of live containers is deleted: ${members.join(", ")}`,
    );
  }
  return { damaged, record };
}

/** What talks with systemd, where it has made the cgroups. */
async function systemdOf(
  record: ContainerRecord | undefined,
): Promise<SystemdPart | undefined> {
  return record?.cgroups.systemd && await loadSystemd();
}

/**
 * Deletes a container whose init this process has waited for.
 *
 * @throws {RuntimeError | SyscallError | CgroupError}
 */
export async function removeEnded(
  runtime: Runtime,
  record: ContainerRecord,
): Promise<void> {
  const { id, sandboxId } = record;
  const systemd = await systemdOf(record);
  // An ID has nothing to quote.
  explained(`delete container "${id}"`, () => {
    runtime.trace?.phase("remove cgroups");
    removeGroups(runtime, record, systemd);
    runtime.trace?.phase("remove the record");
    // What runs has no shortcuts.
    removeRecord(runtime, id, sandboxId);
  });
  await runPoststop(runtime, record);
}

/** Runs the poststop hooks: the container is gone. */
async function runPoststop(
  { log }: Runtime,
  record: ContainerRecord,
): Promise<void> {
  const { hooks } = record;
  if (hooks?.poststop === undefined) return;
  const runner = await loadHookRunner(log);
  runner.runPoststop(hooks, hookState(record, "stopped"));
}

function removeTraces(runtime: Runtime, id: string, sandbox: string): void {
  removeShortcuts(runtime.root, id);
  removeRecord(runtime, id, sandbox);
}

function removeRecord(
  { root, log }: Runtime,
  id: string,
  sandbox: string,
): void {
  delContainerIDMapping(root, id, sandbox);
  if (sandbox !== id) removeGuest(root, sandbox, id);
  removeFolder(root, id);
  log.debug("container deleted");
}

function doesNotExist(id: string): RuntimeError {
  return new RuntimeError("not-found", `Container ID (${id}) does not exist`);
}

function isNeeded(id: string, members: readonly string[]): RuntimeError {
  return new RuntimeError(
    "state",
    `Cannot delete sandbox ${quote(id)}: containers of it live: ` +
      members.join(", "),
    { hint: "kill and delete them first, or give --force" },
  );
}

/**
 * The record, or that it is damaged, which force has to do without.
 * @throws {SyscallError} it cannot be read now: another time it may
 */
function readAny({ root, log }: Runtime, id: string) {
  try {
    return readRecord(root, id);
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    log.warn(error.message);
    return "damaged";
  }
}

/** Kills init if it lives, and waits until it is gone. */
function endInit({ log }: Runtime, record: ContainerRecord): void {
  const { init } = record;
  if (init === undefined) return;
  const pidfd = pidfdOpen(init.pid);
  if (pidfd === undefined) return;
  try {
    if (initLives(record)) {
      log.debug("init lives and is killed", { init: init.pid });
      pidfdSendSignal(pidfd, SIGKILL);
      cgroupManagerFromState(record.cgroups).releaseKilled();
      awaitEnd(record, pidfd);
    }
  } finally {
    close(pidfd);
  }
  reapChild(init.pid);
}

function awaitEnd({ id, init }: ContainerRecord, pidfd: Fd): void {
  const [events] = poll([{ fd: pidfd, events: POLLIN }], PATIENCE);
  if (events) return;
  throw new RuntimeError(
    "state",
    `Cannot delete container ${quote(id)}: its init (process ` +
      `${
        init!.pid
      }) does not end after SIGKILL, is it blocked in the kernel, ` +
      "or a cgroup above its own frozen?",
  );
}
