/**
 * Faults in a launch program: one of its system calls does not happen, and an
 * error is its answer.
 *
 * @module
 */

import { type Fd, O, open } from "../../ffi/fd.ts";
import type { Plan, Step } from "../../launch/plan.ts";
import type { Trace, TracedLaunch } from "../../oci/runtime.ts";

/** Where a fault is made. */
export interface Fault {
  /** The step's number. */
  readonly step: number;
  readonly errno: number;
}

/** Which of a plan's steps can fail, from one of them on. */
export function faultySteps({ steps }: Plan, from = 1): number[] {
  return steps.flatMap(({ action }, i) =>
    // The end of a process cannot fail.
    i >= from && "call" in action && action.call !== "exit_group" ? [i] : []
  );
}

const FAULT = "a fault was made";

/** The plan as it is when the call of a step answers with an error. */
function faulty(plan: Plan, { step, errno }: Fault): Plan {
  const { action } = plan.steps[step]!;
  if (!("call" in action)) throw new RangeError(`step ${step} calls nothing`);
  const { tolerate = [], to = "errno" } = action;
  const { label } = plan.steps[step]!;
  const expected = tolerate.find((t) => t.errno === errno || t.errno === "any");
  // An error that leads to the same call again would do so for ever.
  const goesOn = expected !== undefined && expected.goto !== label;
  const steps = plan.steps.map((old, i): Step =>
    i === step ? { ...old, action: { jump: FAULT } } : old
  );
  const { why, pointer } = plan.steps[step]!;
  return {
    ...plan,
    steps: [
      ...steps,
      // An error's register holds its number, negative.
      { why, pointer, label: FAULT, action: { set: to, value: -errno } },
      {
        why,
        pointer,
        action: goesOn ? { jump: expected.goto } : { fail: errno },
      },
    ],
  };
}

/** A trace that makes a fault in the plans that are launched. */
export class FaultyTrace implements Trace {
  readonly #fault: Fault | undefined;
  /** The plan that came by, as it was. */
  plan: Plan | undefined;

  /** Without a fault, plans only come by. */
  constructor(fault?: Fault) {
    this.#fault = fault;
  }

  /** A plan with the fault in it. */
  launch(plan: Plan): TracedLaunch {
    this.plan = plan;
    const fault = this.#fault;
    // Some descriptor has to be handed over.
    const fd: Fd = open("/dev/null", O.RDONLY);
    this.#open.push(fd);
    return { plan: fault === undefined ? plan : faulty(plan, fault), fd };
  }

  /** Descriptors that were handed over. */
  readonly #open: Fd[] = [];

  /** What was opened for launches. */
  take(): Fd[] {
    return this.#open.splice(0);
  }

  /** Nothing is told. */
  phase(): void {}
  /** Nothing is told. */
  launched(): void {}
  /** Nothing is told. */
  started(): void {}
}
