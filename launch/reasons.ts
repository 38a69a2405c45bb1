/**
 * The reasons of a plan's steps, kept for the time after the plan: a failure
 * is told by the number of its step.
 *
 * @module
 */

import type { Reason } from "./error.ts";
import type { Plan } from "./plan.ts";

/** Each reason by the number of the first step that it is for. */
export type Reasons = Readonly<Record<number, Reason>>;

/** The reasons of the steps from the first one on that is for `begin`. */
export function reasonsFrom({ steps }: Plan, begin: string): Reasons {
  const reasons: Record<number, Reason> = {};
  let last: Reason | undefined;
  const start = steps.findIndex(({ why }) => why === begin);
  for (let i = start; i < steps.length; i++) {
    const { why, pointer } = steps[i]!;
    if (last?.why === why && last.pointer === pointer) continue;
    reasons[i] = last = { why, pointer };
  }
  return reasons;
}

/** The reason of a step by its number; undefined for one before them all. */
export function reasonOf(reasons: Reasons, step: number): Reason | undefined {
  let found: Reason | undefined;
  for (const [first, reason] of Object.entries(reasons)) { // in their order
    if (Number(first) > step) break;
    found = reason;
  }
  return found;
}
