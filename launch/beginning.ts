/**
 * How a launch program begins: it forgets what it has of its caller's, and
 * takes what needs the host's rights.
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import { AT_FDCWD, O } from "../ffi/fd.ts";
import { MAGIC, STATFS_SIZE } from "../ffi/statfs.ts";
import type { LaunchInput, ProcessInput } from "./input.ts";
import { awaitAnswer, tell } from "./messages.ts";
import { type PlanBuilder, reg, REPORT } from "./plan.ts";

/** The signal that no process can keep from ending it. */
export const SIGKILL = 9;
const PR_SET_PDEATHSIG = 1, PR_SET_DUMPABLE = 4, PR_SET_NAME = 15;

/** What a launch program begins with. */
export interface Beginning {
  /** The descriptor of the socket to Davit. */
  readonly davit: number;
  /** The first descriptor above those handed over. */
  readonly free: number;
  /** One below that may be open, and is not wanted. */
  readonly unused?: number;
  /** The name in /proc until the program runs. */
  readonly name: string;
}

/** The steps that every launch program begins with. */
export function begin(plan: PlanBuilder, beginning: Beginning): void {
  const { davit, free, unused, name } = beginning;
  plan.because("forget the caller's descriptors and signals")
    .add({ set: REPORT, value: davit })
    .call("close_range", [free, 0xffffffff, 0]);
  if (unused !== undefined) {
    const skip = plan.fresh("nothing to close");
    plan.call("close", [unused], {
      tolerate: [{ errno: "any", goto: skip }],
    }).label(skip);
  }
  // posix_spawn(3) ignores the two signals that glibc keeps for itself.
  const byDefault = {
    struct: Array.from({ length: 4 }, () => [8, 0] as const),
  };
  for (const signal of [32, 33]) {
    plan.call("rt_sigaction", [signal, byDefault, 0, 8]);
  }
  endWithDavit(plan, SIGKILL);
  plan.because(`be called ${name} until the program runs`)
    .call("prctl", [PR_SET_NAME, name, 0, 0, 0]);
}

/**
 * Steps that wait until Davit has had this process put into the container's
 * cgroups, so that all that it makes is born in them.
 */
export function awaitPlace(
  plan: PlanBuilder,
  reason: LaunchInput["awaitsPlace"],
  davit: number,
): void {
  if (reason === undefined) return;
  plan.because(reason.why, reason.pointer);
  tell(plan, davit, "place");
  awaitAnswer(plan, davit);
}

/** A step that keeps this process's files and memory from other processes. */
export function refuseTracing(plan: PlanBuilder): void {
  plan.because("keep other processes from tracing the launch")
    .call("prctl", [PR_SET_DUMPABLE, 0, 0, 0, 0]);
}

/**
 * A step that has this process killed when Davit dies, or with 0 no longer.
 * What was set is not inherited, and is lost when the user changes.
 */
export function endWithDavit(plan: PlanBuilder, signal: number): void {
  plan.because(signal === 0 ? "outlive Davit" : "end when Davit dies")
    .call("prctl", [PR_SET_PDEATHSIG, signal, 0, 0, 0]);
}

/** Steps that set how readily the kernel ends the process for its memory. */
export function adjustOom(plan: PlanBuilder, process?: ProcessInput): void {
  const score = process?.oomScoreAdj;
  if (score === undefined) return;
  const genuine = plan.fresh("genuine procfs");
  const path = "/proc/self/oom_score_adj";
  plan.because(`set the OOM score to ${score}`, "/process/oomScoreAdj")
    .block("statfs", STATFS_SIZE)
    .call("openat", [AT_FDCWD, path, O.WRONLY | O.CLOEXEC, 0], { to: "file" })
    .call("fstatfs", [reg("file"), { block: "statfs" }])
    .add({ load: "type", from: { block: "statfs" }, size: 8 })
    .jump(genuine, [reg("type"), "==", MAGIC.PROC])
    .add({ fail: E.EXDEV })
    .label(genuine)
    .call("write", [reg("file"), String(score), String(score).length])
    .call("close", [reg("file")]);
}

/** A hard limit can be raised here, lowered everywhere. */
export function raiseLimits(plan: PlanBuilder, process?: ProcessInput): void {
  for (const limit of process?.rlimits ?? []) {
    if (!limit.raises) continue;
    const both = { struct: [[8, limit.hard], [8, limit.hard]] as const };
    plan.because(`raise ${limit.name} to ${limit.hard}`, limit.pointer)
      .call("prlimit64", [0, limit.resource, both, 0]);
  }
}
