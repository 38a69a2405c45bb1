/**
 * Lowers a process that `exec` adds to a container to the input of its launch.
 *
 * @module
 */

import { cgroupJoins, existingJoins } from "../cgroup/joins.ts";
import { hostLayout } from "../cgroup/layout.ts";
import {
  type SubCgroups,
  subCgroups,
  unifiedCgroupOf,
} from "../cgroup/sub_cgroups.ts";
import { E } from "../ffi/errno.ts";
import { SyscallError } from "../ffi/error.ts";
import { readLink, readText } from "../ffi/files.ts";
import { CGROUP_POINTER } from "../launch/cgroups.ts";
import type { ExecInput } from "../launch/exec_input.ts";
import type {
  NamespaceKind,
  SchedulerInput,
  SeccompInput,
  SetGroups,
} from "../launch/input.ts";
import { ConfigError, RuntimeError } from "./errors.ts";
import { mountedForProcess } from "./lower.ts";
import { lowerProcess } from "./lower_process.ts";
import {
  bitMask,
  lowerMemoryPolicy,
  lowerPersonality,
} from "./lower_scheduling.ts";
import { NAMESPACE_FILES } from "./namespace_paths.ts";
import { ownPrivileges } from "./privileges.ts";
import type { Process, Spec } from "./spec.ts";
import type { ContainerRecord } from "./store.ts";

/** What lowering needs besides the process. */
export interface ExecContext {
  /** The container's configuration. */
  readonly spec: Spec;
  readonly record: ContainerRecord;
  /** The pid of the container's init. */
  readonly initPid: number;
  readonly cgroups: SubCgroups;
  readonly preserveFds: number;
  readonly seccomp?: SeccompInput;
  /** Whether its filter allows what a launch does after it is loaded. */
  readonly loadsFilterEarly: boolean;
}

/** The input of a launch, and what the launch leaves to Davit. */
export interface LoweredExec {
  readonly input: ExecInput;
  /** What no process can hand down to the one that it makes. */
  readonly scheduler?: SchedulerInput;
}

/**
 * Lowers a process that has been checked.
 * @throws {ConfigError | CgroupError | SyscallError}
 */
export function lowerExec(process: Process, context: ExecContext): LoweredExec {
  const { spec, record, initPid, preserveFds } = context;
  const { linux = {} } = spec;
  const namespaces = foreignNamespaces(initPid);
  const privileges = ownPrivileges();
  const { scheduler, ...lowered } = lowerProcess(process, {
    rootfs: record.rootfs,
    ...mountedForProcess(spec, record.bundle),
    setGroups: setGroupsIn(initPid, process, namespaces.includes("user")),
    ...context.seccomp !== undefined && { seccomp: context.seccomp },
  });
  const late = scheduler !== undefined && isOwn(scheduler);
  const { initial, final } = process.execCPUAffinity ?? {};
  const input: ExecInput = {
    id: record.id,
    initPid,
    privileges,
    namespaces,
    ownKeyring: record.ownKeyring ?? true,
    ...lowerCgroups(context),
    ...linux.personality?.domain && {
      personality: lowerPersonality(linux.personality),
    },
    ...linux.memoryPolicy?.mode && {
      memoryPolicy: lowerMemoryPolicy(linux.memoryPolicy),
    },
    affinity: {
      ...initial && { initial: bitMask(initial) },
      ...final && { final: bitMask(final) },
    },
    loadsFilterEarly: context.loadsFilterEarly,
    process: {
      ...lowered,
      ...scheduler !== undefined && !late && { scheduler },
    },
    preserveFds,
  };
  return late ? { input, scheduler } : { input };
}

const SCHED_DEADLINE = 6, SCHED_FLAG_RESET_ON_FORK = 1;

/** Whether a new process does not have the scheduling of who makes it. */
function isOwn({ policy, flags }: SchedulerInput): boolean {
  return policy === SCHED_DEADLINE || (flags & SCHED_FLAG_RESET_ON_FORK) !== 0;
}

/** The namespaces that a process is in and this one is not. */
function foreignNamespaces(pid: number): NamespaceKind[] {
  const kinds = Object.keys(NAMESPACE_FILES) as NamespaceKind[];
  try {
    return kinds.filter((kind) => {
      const file = NAMESPACE_FILES[kind];
      const own = ownNamespace(file);
      return own !== undefined && readLink(`/proc/${pid}/ns/${file}`) !== own;
    });
  } catch (error) {
    const denied = error instanceof SyscallError && error.errno === E.EACCES;
    if (!denied) throw error;
    throw new RuntimeError(
      "state",
      `Cannot join the namespaces of the container's init (process ${pid}): ` +
        `${error.text}: before "davit start" only root may, then whoever owns ` +
        "the container's user namespace",
      { cause: error },
    );
  }
}

/** A namespace of this process; undefined where the kernel has no such kind. */
function ownNamespace(file: string): string | undefined {
  try {
    return readLink(`/proc/self/ns/${file}`);
  } catch (error) {
    const absent = error instanceof SyscallError && error.errno === E.ENOENT;
    if (absent) return undefined;
    throw error;
  }
}

/** Whether setgroups(2) works where init is. */
function setGroupsIn(
  initPid: number,
  { user = {} }: Process,
  joinsUsers: boolean,
): SetGroups {
  // Whoever is in a namespace with all IDs may set groups.
  if (!joinsUsers && ownPrivileges() === "host") return "needed";
  const denied = readText(`/proc/${initPid}/setgroups`).trim() === "deny";
  const { additionalGids = [] } = user;
  if (denied && additionalGids.length > 0) {
    throw new ConfigError([{
      pointer: "/process/user/additionalGids",
      found: JSON.stringify(additionalGids),
      message: "cannot be set: the container's user namespace denies setgroups",
    }], {
      message: "Cannot set additional groups (process.user.additionalGids): " +
        "the container's user namespace denies setgroups",
    });
  }
  return denied ? "denied" : "needed";
}

/** Who is not root may have processes moved by his own systemd alone. */
export function isPlacedBySystemd(record: ContainerRecord): boolean {
  return record.cgroups.systemd?.user === true;
}

/**
 * The cgroup that a further process goes to, below that of its unit of
 * systemd's: "" for that itself, else a path that begins with a slash.
 */
export function cgroupInUnit(
  record: ContainerRecord,
  cgroups: SubCgroups,
  initPid: number,
): string {
  const layout = hostLayout();
  const [directory = ""] = record.cgroups.directories;
  const [wanted = ""] = subCgroups(layout, [directory], cgroups);
  if (wanted !== directory) return wanted.slice(directory.length);
  const init = unifiedCgroupOf(layout, initPid);
  return init?.startsWith(`${directory}/`) ? init.slice(directory.length) : "";
}

function lowerCgroups({ record, cgroups, initPid }: ExecContext) {
  const { kind, directories, systemd } = record.cgroups;
  if (isPlacedBySystemd(record)) {
    const why = `wait to be put into the unit ${systemd!.unit}`;
    return { cgroupTasks: [], awaitsPlace: { why, pointer: CGROUP_POINTER } };
  }
  if (directories.length === 0 && cgroups.size === 0) {
    return { cgroupTasks: [] };
  }
  const { tasks, unified } = cgroups.size === 0
    ? existingJoins(directories)
    : cgroupJoins(
      hostLayout(),
      subCgroups(hostLayout(), directories, cgroups),
    );
  if (unified === undefined) return { cgroupTasks: tasks };
  // With controllers below it, a cgroup of v2 takes no process: init has had
  // to go into one below.
  const init = kind === "v2" && cgroups.size === 0
    ? unifiedCgroupOf(hostLayout(), initPid)
    : undefined;
  return {
    cgroupTasks: tasks,
    cgroupDirectory: unified,
    ...init?.startsWith(`${unified}/`) && { initCgroup: init },
  };
}
