/**
 * How the kernel schedules the user's process, gives it memory, and which
 * kernel it seems to be.
 *
 * @module
 */

import { syscall } from "../ffi/syscall.ts";
import { putNumber } from "./constant_data.ts";
import { LaunchError } from "./error.ts";
import type { AffinityInput } from "./exec_input.ts";
import type { LaunchInput, ProcessInput, SchedulerInput } from "./input.ts";
import type { Field, PlanBuilder } from "./plan.ts";

const POINTER = "/process/scheduler";
const IOPRIO_WHO_PROCESS = 1;
/** Bytes of struct sched_attr in its first version. */
const SCHED_ATTR_SIZE = 48;

/** Steps for sched_setattr(2) and ioprio_set(2), while init may do anything. */
export function planScheduling(plan: PlanBuilder, process: ProcessInput): void {
  const { scheduler, ioPriority } = process;
  if (scheduler !== undefined) {
    const attributes = { struct: schedulingFields(scheduler) };
    plan.because(`schedule the process as ${scheduler.name}`, POINTER)
      .call("sched_setattr", [0, attributes, 0]);
  }
  if (ioPriority !== undefined) {
    plan.because("set the I/O priority", "/process/ioPriority")
      .call("ioprio_set", [IOPRIO_WHO_PROCESS, 0, ioPriority]);
  }
}

/** struct sched_attr. */
function schedulingFields(scheduler: SchedulerInput) {
  const { policy, flags, nice, priority } = scheduler;
  const { runtime, deadline, period } = scheduler;
  return [
    [4, SCHED_ATTR_SIZE],
    [4, policy],
    [8, flags],
    [4, nice],
    [4, priority],
    [8, runtime],
    [8, deadline],
    [8, period],
  ] as const;
}

/**
 * Schedules a process that cannot do so itself.
 * @throws {LaunchError}
 */
export function schedule(pid: number, scheduler: SchedulerInput): void {
  const view = new DataView(new ArrayBuffer(SCHED_ATTR_SIZE));
  let at = 0;
  for (const [size, value] of schedulingFields(scheduler)) {
    putNumber(view, at, size, value);
    at += size;
  }
  const result = syscall("sched_setattr", pid, view, 0);
  if (result >= 0) return;
  const why = `schedule the process as ${scheduler.name}`;
  throw new LaunchError({ why, pointer: POINTER }, -result);
}

/** Steps for personality(2) and set_mempolicy(2). */
export function planExecutionDomain(
  plan: PlanBuilder,
  { personality, memoryPolicy }: Pick<
    LaunchInput,
    "personality" | "memoryPolicy"
  >,
): void {
  if (personality !== undefined) {
    plan.because("set the personality", "/linux/personality")
      .call("personality", [personality]);
  }
  if (memoryPolicy === undefined) return;
  const { name, mode, nodes } = memoryPolicy;
  const mask = { struct: nodes.map((word): Field => [8, word]) };
  plan.because(`set the memory policy ${name}`, "/linux/memoryPolicy")
    .call("set_mempolicy", [
      mode,
      nodes.length === 0 ? 0 : mask,
      // The kernel looks at one bit less than it is told.
      nodes.length === 0 ? 0 : 64 * nodes.length + 1,
    ]);
}

/** A step for sched_setaffinity(2), if the process has such a wish. */
export function planAffinity(
  plan: PlanBuilder,
  when: keyof AffinityInput,
  { [when]: processors }: AffinityInput,
): void {
  if (processors === undefined) return;
  const mask = { struct: processors.map((word): Field => [8, word]) };
  plan.because(
    `set the ${when} processors`,
    `/process/execCPUAffinity/${when}`,
  ).call("sched_setaffinity", [0, 8 * processors.length, mask]);
}

/** As many processors as Linux can have, in bytes. */
const ALL_PROCESSORS = 1024;

/**
 * A step that lets a process run on every processor that its cgroup allows,
 * also on those that it allows later: not just where the caller may.
 */
export function resetAffinity(plan: PlanBuilder): void {
  const done = plan.fresh("affinity");
  plan.because("run on any processor that the cgroup allows")
    .call("sched_setaffinity", [0, ALL_PROCESSORS, {
      bytes: new Uint8Array(ALL_PROCESSORS).fill(0xff),
    }], { tolerate: [{ errno: "any", goto: done }] })
    .label(done);
}
