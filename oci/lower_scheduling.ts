/**
 * `process.scheduler` and `process.ioPriority` in the kernel's numbers.
 *
 * @module
 */

import type { SchedulerInput } from "../launch/input.ts";
import type { IOPriority, Scheduler } from "./spec_process.ts";

/** SCHED_ policies, linux/sched.h. */
const POLICIES: Readonly<Record<string, number>> = {
  SCHED_OTHER: 0,
  SCHED_FIFO: 1,
  SCHED_RR: 2,
  SCHED_BATCH: 3,
  SCHED_ISO: 4,
  SCHED_IDLE: 5,
  SCHED_DEADLINE: 6,
};

/** SCHED_FLAG_ bits, linux/sched.h, in their order. */
const FLAGS = "RESET_ON_FORK RECLAIM DL_OVERRUN KEEP_POLICY KEEP_PARAMS " +
  "UTIL_CLAMP_MIN UTIL_CLAMP_MAX";

/** IOPRIO_CLASS_ values, ioprio_set(2). */
const CLASSES = {
  IOPRIO_CLASS_RT: 1,
  IOPRIO_CLASS_BE: 2,
  IOPRIO_CLASS_IDLE: 3,
};

/** The scheduler's settings, which have been checked. */
export function lowerScheduler(scheduler: Scheduler): SchedulerInput {
  const { policy, nice = 0, priority = 0, flags = [] } = scheduler;
  const { runtime = 0, deadline = 0, period = 0 } = scheduler;
  const names = FLAGS.split(" ");
  return {
    name: policy,
    policy: POLICIES[policy]!,
    flags: flags.reduce(
      (bits, flag) =>
        bits | 1 << names.indexOf(flag.replace(/^SCHED_FLAG_/, "")),
      0,
    ),
    nice,
    priority,
    runtime,
    deadline,
    period,
  };
}

/** What ioprio_set(2) takes: the class above 13 bits of priority. */
export function lowerIoPriority(
  { class: name, priority = 0 }: IOPriority,
): number {
  return CLASSES[name] << 13 | priority;
}
