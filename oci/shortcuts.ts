/**
 * The shortcuts of a container (launch/shortcut/): files in its folder that the
 * compiled binary's prelude runs, if they are there, before Deno begins. Where
 * they fail, and where there is no prelude, the commands do their work
 * themselves.
 *
 * @module
 */

import { findFreezer } from "../cgroup/freezer.ts";
import { lockedOf, type LockFile, lockFiles } from "../cgroup/lock.ts";
import { leftOut, levelsAbove } from "../cgroup/parents.ts";
import { close, O, open, write } from "../ffi/fd.ts";
import { inode, lstat, mkdirExactly } from "../ffi/files.ts";
import { pidfdOpen } from "../ffi/process.ts";
import { MAGIC, statfs } from "../ffi/statfs.ts";
import { byteLength } from "../ffi/text.ts";
import { compile } from "../launch/compile.ts";
import type { Plan } from "../launch/plan.ts";
import { planDeleteShortcut } from "../launch/shortcut/delete.ts";
import {
  planKillAllShortcut,
  planKillShortcut,
} from "../launch/shortcut/kill.ts";
import {
  planStartShortcut,
  SOCKET_PATH_MAX,
} from "../launch/shortcut/start.ts";
import type { Frozen } from "../launch/shortcut/steps.ts";
import { mappingFolders, unfinishedDirectory } from "../mapping/mapping.ts";
import { containerType } from "./annotations.ts";
import { isNamespaceInit } from "./init_process.ts";
import type { Runtime } from "./runtime.ts";
import {
  guestsFolder,
  shortcut,
  SHORTCUTS,
  startReport,
} from "./shortcut_files.ts";
import {
  containerFolder,
  type ContainerRecord,
  recordFile,
  savedConfig,
  startSocket,
  updatedResources,
} from "./store.ts";

/** Processors for which the compiled binary has a prelude. */
const ABLE = Deno.build.arch === "x86_64";

const SIGKILL = 9, SIGTERM = 15;

/** Writes the shortcuts of a created container, those that it can have. */
export function writeShortcuts(
  { root, log }: Runtime,
  record: ContainerRecord,
): void {
  if (!ABLE || record.init === undefined) return;
  const { id, init: { pid } } = record;
  try {
    if (isSandbox(record)) mkdirExactly(guestsFolder(root, id), 0o700);
    const frozen = frozenFile(record);
    const start = startPlan(root, record, pid, frozen);
    if (start !== undefined) writeProgram(shortcut(root, id, "start"), start);
    writeKills(root, record, pid, frozen);
    writeKillAll(root, record);
    writeDelete(root, record, pid);
  } catch (error) {
    log.debug("no shortcuts", { reason: (error as Error).message });
  }
}

function isSandbox({ annotations }: ContainerRecord): boolean {
  return containerType({ annotations }) === "sandbox";
}

function frozenFile({ cgroups }: ContainerRecord): Frozen | undefined {
  const freezer = findFreezer(cgroups.directories);
  if (freezer === undefined) return undefined;
  const { directory, kind } = freezer;
  const name = kind === "v1" ? "freezer.self_freezing" : "cgroup.freeze";
  return { file: `${directory}/${name}` };
}

/** None where Davit is to run hooks. */
function startPlan(
  root: string,
  { id, hooks }: ContainerRecord,
  pid: number,
  frozen: Frozen | undefined,
): Plan | undefined {
  if (hooks?.startContainer || hooks?.poststart) return undefined;
  const socket = startSocket(root, id);
  const length = byteLength(socket);
  if (length > SOCKET_PATH_MAX) return undefined;
  const self = shortcut(root, id, "start");
  const report = startReport(root, id);
  return planStartShortcut({
    ...{ self, socket, report, pid },
    ...frozen && { frozen },
  });
}

/** None where a signal to init is not all, or init cannot be told apart. */
function writeKills(
  root: string,
  record: ContainerRecord,
  pid: number,
  frozen: Frozen | undefined,
): void {
  if (!isNamespaceInit(record)) return;
  const number = pidfdInode(pid);
  if (number === undefined) return;
  const socket = startSocket(root, record.id);
  const guests = isSandbox(record) && guestsFolder(root, record.id);
  for (
    const [signal, command] of [
      [SIGKILL, "kill-9"],
      [SIGTERM, "kill-15"],
    ] as const
  ) {
    const plan = planKillShortcut({
      ...{ signal, pid, inode: number, socket },
      ...guests !== false && { guests },
      ...frozen && { frozen },
    });
    writeProgram(shortcut(root, record.id, command), plan);
  }
}

/** None where processes are where Davit does not look. */
function writeKillAll(
  root: string,
  { cgroups, cgroupsMade, id }: ContainerRecord,
): void {
  if (cgroups.directories.length === 0 || !cgroupsMade) return;
  const plan = planKillAllShortcut(cgroups.directories);
  writeProgram(shortcut(root, id, "kill-all-9"), plan);
}

/** The inode number of a process's pidfds, where it is the process's own. */
function pidfdInode(pid: number): bigint | undefined {
  const fd = pidfdOpen(pid);
  if (fd === undefined) return undefined;
  try {
    const { type } = statfs(`/proc/self/fd/${fd}`);
    return type === MAGIC.PIDFS ? inode(fd) : undefined;
  } finally {
    close(fd);
  }
}

/** None where more than cgroups and files is to go, or hooks are to run. */
function writeDelete(
  root: string,
  record: ContainerRecord,
  pid: number,
): void {
  const { cgroups, cgroupsMade, hooks, id, sandboxId } = record;
  if (hooks?.poststop || record.resctrl || cgroups.systemd || !cgroupsMade) {
    return;
  }
  const guests = guestsFolder(root, id);
  const { directories, created } = cgroups;
  if (leftOut(directories, created).length > 0) return;
  const first = lockedOf(directories);
  const parents = levelsAbove(directories, created);
  const plan = planDeleteShortcut({
    pid,
    guests,
    ...first !== undefined && {
      cgroups: { lock: lockFile(first), directories },
    },
    parents: parents.map(({ locked, directories }) => ({
      lock: lockFile(locked),
      directories,
    })),
    mapping: mappingFolders(root, id, sandboxId),
    files: [
      startSocket(root, id),
      savedConfig(root, id),
      updatedResources(root, id),
      startReport(root, id),
      `${guestsFolder(root, sandboxId)}/${id}`,
      ...SHORTCUTS.map((command) => shortcut(root, id, command)),
    ],
    record: recordFile(root, id),
    // No container has such a name, and a forced delete looks there.
    aside: unfinishedDirectory(root, id),
    folder: containerFolder(root, id),
  });
  writeProgram(shortcut(root, id, "delete"), plan);
}

/** What the lock of a cgroup is on, which is there. */
function lockFile(directory: string): LockFile {
  const files = lockFiles(directory);
  return files.find(({ path }) => typeof lstat(path) === "object") ??
    files.at(-1)!;
}

/** Writes a plan as an executable file. */
function writeProgram(path: string, plan: Plan): void {
  const file = open(path, O.WRONLY | O.CREAT | O.EXCL, 0o700);
  try {
    write(file, compile(plan, "x86_64"));
  } finally {
    close(file);
  }
}
