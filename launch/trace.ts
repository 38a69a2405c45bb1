/**
 * Time stamps in a launch program.
 *
 * A plan gets a call of clock_gettime(2) in front of each of its reasons; the
 * times go to memory that Davit shares with the program. A plan without them
 * is as it was: what is off costs nothing.
 *
 * This module imports types alone, so that it is a file of its own to load.
 *
 * @module
 */

import type { Plan, Step } from "./plan.ts";

/** Where the memory for time stamps lies in the program. */
const ADDRESS = 0x20000000;
/** Bytes of a struct timespec. */
export const STAMP_SIZE = 16;
const PAGE = 0x10000;
const PROT_READ_WRITE = 3, MAP_SHARED_FIXED = 0x11;
/** Not the monotonic one, which a time namespace shifts. */
const CLOCK_REALTIME = 0;

/** What a time stamp is about. */
export interface Stamp {
  readonly why: string;
  readonly pointer: string;
  /** Whether it is init's, or that of the process before. */
  readonly init: boolean;
}

/** A plan with time stamps. */
export interface TracedPlan {
  readonly plan: Plan;
  /** In the order of their places in memory. */
  readonly stamps: readonly Stamp[];
  /** Bytes of the memory. */
  readonly size: number;
}

/** What a plan's parts are called, which the caller knows. */
export interface PlanNames {
  /** The label of init's first step. */
  readonly init: string;
  /** The register with a routine's arguments. */
  readonly frame: string;
}

/** Adds time stamps; the shared memory comes as the descriptor `fd`. */
export function traced(plan: Plan, fd: number, names: PlanNames): TracedPlan {
  const { steps } = plan;
  const end = firstRoutine(steps, names.frame);
  const stamps: Stamp[] = [];
  const list: Step[] = [];
  const stamp = (step: Step, init: boolean): Step => {
    const { why, pointer, label } = step;
    const address = ADDRESS + STAMP_SIZE * stamps.length;
    stamps.push({ why, pointer, init });
    const call = "clock_gettime" as const;
    const action = { call, args: [CLOCK_REALTIME, address] };
    return {
      why,
      pointer,
      ...(label !== undefined && { label }),
      action,
    };
  };
  let init = false, filtered = false, before = "";
  steps.forEach((step, index) => {
    if (step.label === names.init) [init, before] = [true, ""];
    // A filter may forbid clock_gettime.
    const { action, why, pointer } = step;
    if (index >= end || filtered || why === before) list.push(step);
    else {
      list.push(stamp(step, init), { why, pointer, action });
    }
    before = why;
    filtered ||= "call" in action && action.call === "seccomp" && init;
  });
  const size = Math.max(1, Math.ceil(stamps.length * STAMP_SIZE / PAGE)) * PAGE;
  const map: Step = {
    why: "share memory for time stamps",
    pointer: "",
    action: {
      call: "mmap",
      args: [ADDRESS, size, PROT_READ_WRITE, MAP_SHARED_FIXED, fd, 0],
    },
  };
  return { plan: { ...plan, steps: [map, ...list] }, stamps, size };
}

/** Routines lie behind all other steps. */
function firstRoutine(steps: readonly Step[], frame: string): number {
  const called = new Set<string>();
  steps.forEach(({ action }, i) => {
    const next = steps[i + 1]?.action;
    const calls = "set" in action && action.set === frame;
    if (calls && next !== undefined && "jump" in next) called.add(next.jump);
  });
  const first = steps.findIndex(({ label }) =>
    label !== undefined && called.has(label)
  );
  return first < 0 ? steps.length : first;
}
