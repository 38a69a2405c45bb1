/**
 * Lowers `process` of config.json to what a launch does.
 *
 * @module
 */

import { getLimit } from "../ffi/process.ts";
import type {
  ProcessInput,
  RlimitInput,
  SeccompInput,
  SetGroups,
} from "../launch/input.ts";
import { RuntimeError } from "./errors.ts";
import { homeDirectory, type Mounted } from "./home.ts";
import { capabilityNumber, rlimitNumber } from "./names.ts";
import { lowerIoPriority, lowerScheduler } from "./lower_scheduling.ts";
import type { Capabilities, Process, Rlimit } from "./spec.ts";

/** The umask of a process whose config does not say. */
const DEFAULT_UMASK = 0o022;
/** Window sizes are 16 bits wide, ioctl_tty(2). */
const WINDOW_MAX = 0xffff;

/** What lowering needs to know of the container. */
export interface ProcessContext {
  readonly rootfs: string;
  readonly mounts: readonly Mounted[];
  /** Whether the container mounts a devpts of its own. */
  readonly ownDevpts: boolean;
  readonly setGroups: SetGroups;
  readonly seccomp?: SeccompInput;
}

/** What a launch does for `process`. */
export function lowerProcess(
  process: Process,
  context: ProcessContext,
): ProcessInput {
  const { user = {}, terminal, consoleSize } = process;
  const given = lastOfEach(process.env ?? []);
  const { uid = 0, gid = 0, additionalGids = [], umask } = user;
  const { oomScoreAdj, scheduler, ioPriority } = process;
  const { apparmorProfile, selinuxLabel } = process;
  // An empty one is as none, as in runc.
  const env = given.filter((entry) => entry !== "HOME=");
  const hasHome = env.some((entry) => entry.startsWith("HOME="));
  const home = () => homeDirectory(context.rootfs, context.mounts, uid);
  return {
    args: process.args,
    env: hasHome ? env : [...env, `HOME=${home()}`],
    cwd: process.cwd,
    uid,
    gid,
    groups: additionalGids,
    setGroups: context.setGroups,
    umask: umask ?? DEFAULT_UMASK,
    capabilities: lowerCapabilities(process.capabilities),
    rlimits: (process.rlimits ?? []).map(lowerRlimit),
    noNewPrivileges: process.noNewPrivileges ?? false,
    ...(oomScoreAdj !== undefined && { oomScoreAdj }),
    ...(scheduler?.policy && { scheduler: lowerScheduler(scheduler) }),
    ...(ioPriority?.class && { ioPriority: lowerIoPriority(ioPriority) }),
    ...(apparmorProfile && { apparmorProfile }),
    ...(selinuxLabel && { selinuxLabel }),
    ...(context.seccomp !== undefined && { seccomp: context.seccomp }),
    ...(terminal && {
      terminal: {
        from: context.ownDevpts ? "container" as const : "host" as const,
        ...(consoleSize && {
          rows: windowLength(consoleSize.height),
          columns: windowLength(consoleSize.width),
        }),
      },
    }),
  };
}

/** Of settings of one variable the last one, where the first one stood. */
function lastOfEach(env: readonly string[]): readonly string[] {
  const settings = new Map(
    env.map((entry) => [entry.slice(0, entry.indexOf("=")), entry]),
  );
  return settings.size === env.length ? env : [...settings.values()];
}

function windowLength(length: number | bigint): number {
  return Math.min(Number(length), WINDOW_MAX);
}

/**
 * The ambient capabilities that the kernel will not raise: they are not both
 * permitted and inheritable, capabilities(7).
 */
export function unraisableAmbient(sets: Capabilities = {}): string[] {
  const { ambient = [], permitted = [], inheritable = [] } = sets;
  return ambient.filter((name) =>
    capabilityNumber(name) !== undefined &&
    !(permitted.includes(name) && inheritable.includes(name))
  );
}

/**
 * Names that the kernel does not know, and ambient ones that it will not
 * raise, are left out; the log has said so.
 */
function lowerCapabilities(sets: Capabilities = {}) {
  const mask = (names: readonly string[] = []) =>
    names.reduce((sum, name) => {
      const number = capabilityNumber(name);
      return number === undefined ? sum : sum | 1n << BigInt(number);
    }, 0n);
  return {
    bounding: mask(sets.bounding),
    effective: mask(sets.effective),
    inheritable: mask(sets.inheritable),
    permitted: mask(sets.permitted),
    ambient: mask(sets.ambient) & mask(sets.permitted) &
      mask(sets.inheritable),
  };
}

function lowerRlimit(limit: Rlimit, index: number): RlimitInput {
  const resource = rlimitNumber(limit.type);
  const hard = BigInt(limit.hard);
  return {
    name: limit.type,
    resource,
    soft: BigInt(limit.soft),
    hard,
    raises: hard > getLimit(0, resource).hard,
    pointer: `/process/rlimits/${index}`,
  };
}

/**
 * Checks that the descriptors to preserve are there and were handed to this
 * process on purpose: its own are close-on-exec.
 * @throws {RuntimeError} usage
 */
export function checkPreserved(
  count: number,
  closesOnExec: (fd: number) => boolean | undefined,
): void {
  for (let fd = 3; fd < 3 + count; fd++) {
    if (closesOnExec(fd) !== false) {
      throw new RuntimeError(
        "usage",
        `Cannot preserve ${count} descriptors: descriptor ${fd} is not open`,
      );
    }
  }
}
