/**
 * Deleting a container: its cgroups, and what is in them.
 *
 * @module
 */

import { CgroupError } from "../cgroup/error.ts";
import {
  cgroupManagerFromState,
  type CgroupRecord,
  type ExistingCgroups,
  type Whose,
} from "../cgroup/existing.ts";
import { CgroupInUse } from "../cgroup/lock.ts";
import { E } from "../ffi/errno.ts";
import { SyscallError } from "../ffi/error.ts";
import { readText, rmdir } from "../ffi/files.ts";
import { ownMark, whose } from "./cgroup_mark.ts";
import type { Runtime } from "./runtime.ts";
import type { Namespace } from "./spec.ts";
import { type ContainerRecord, savedConfig } from "./store.ts";
import type { SystemdPart } from "./systemd_tools.ts";

const SIGKILL = 9;

/**
 * Ends and removes what a container without a record has in its cgroups.
 * @throws {SyscallError | CgroupError}
 */
export function removeOrphans(
  { log, root }: Runtime,
  id: string,
  cgroups: CgroupRecord | undefined,
): void {
  if (cgroups === undefined) return;
  log.warn(`found by their cgroups: ${cgroups.directories.join(", ")}`);
  const own = ownMark(root, id);
  removeOwn(
    log,
    cgroupManagerFromState(cgroups),
    (mark) => mark !== undefined && mark === own ? "own" : "others",
  );
}

/**
 * Removes the cgroups, and the groups of resctrl.
 * @throws {SyscallError | CgroupError}
 */
export function removeGroups(
  runtime: Runtime,
  record: ContainerRecord,
  systemd: SystemdPart | undefined,
): void {
  removeCgroups(runtime, record, systemd);
  const { directories } = record.cgroups;
  runtime.log.debug("cgroups removed", {
    killed: record.cgroupsMade,
    directories,
  });
  for (const path of record.resctrl ?? []) {
    const errno = rmdir(path);
    if (errno === 0 || errno === E.ENOENT) continue;
    throw new SyscallError("rmdir", errno, path);
  }
}

function removeCgroups(
  { log, root }: Runtime,
  record: ContainerRecord,
  systemd: SystemdPart | undefined,
): void {
  const cgroups = cgroupManagerFromState(record.cgroups);
  const owner = whose(root, record, () => mayHaveLeft(root, record));
  if (systemd === undefined) return removeOwn(log, cgroups, owner);
  unlessOthers(log, () =>
    cgroups.underLock((mark) => {
      // A scope goes with its last process, and its name may be another's.
      if (cgroups.pids().length > 0 && owner(mark()) !== "own") {
        const { unit } = record.cgroups.systemd!;
        log.warn(`the unit ${unit} is left to whoever uses it`);
        return;
      }
      cgroups.signalAll(SIGKILL);
      try {
        systemd.scopes.stopUnit(systemd.tools, record.cgroups.systemd!);
      } catch (error) {
        // It finds out by itself that the cgroups are gone.
        if (!(error instanceof CgroupError)) throw error;
        log.warn(error.message);
      }
      cgroups.destroy();
    }));
}

/**
 * Removes cgroups; where another container has come into them since, they are
 * left to that one.
 */
function removeOwn(
  log: Runtime["log"],
  cgroups: ExistingCgroups,
  owner: Whose,
): void {
  let ended = false;
  unlessOthers(log, () => {
    try {
      cgroups.killAndDestroy((mark) => {
        const found = owner(mark);
        ended = found === "ended";
        return found;
      });
    } catch (error) {
      if (!ended || !(error instanceof CgroupError)) throw error;
      leave(log, error);
    }
  });
}

/** Says so where cgroups are somebody else's by now. */
function unlessOthers(log: Runtime["log"], remove: () => void): void {
  try {
    remove();
  } catch (error) {
    if (!(error instanceof CgroupInUse)) throw error;
    leave(log, error);
  }
}

function leave(log: Runtime["log"], { message }: CgroupError): void {
  log.warn(`cgroups are left to whoever uses them: ${message}`);
}

/**
 * Whether processes of a container whose init has ended may be left: not with a
 * pid namespace of its own, which ends with init.
 */
function mayHaveLeft(root: string, record: ContainerRecord): boolean {
  if (record.init === undefined) return true;
  try {
    const config = JSON.parse(readText(savedConfig(root, record.id)));
    const namespaces: Namespace[] = config.linux?.namespaces ?? [];
    return !namespaces.some(({ type, path }) => type === "pid" && !path);
  } catch {
    return true;
  }
}
