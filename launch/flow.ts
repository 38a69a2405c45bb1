/**
 * Ways through a plan on which no call fails.
 *
 * @module
 */

import { FRAME, type Plan } from "./plan.ts";

/** Which step may follow which. */
export class Flow {
  readonly #next: readonly (readonly number[])[];

  /** Looks at each step's successors when nothing fails. */
  constructor({ steps }: Plan) {
    const labels = new Map<string, number>();
    steps.forEach(({ label }, i) =>
      label !== undefined && labels.set(label, i)
    );
    const at = (label: string) => labels.get(label) ?? steps.length;
    this.#next = steps.map(({ action }, i) => {
      const previous = steps[i - 1]?.action;
      if ("jump" in action) {
        // A routine comes back to the step behind its call.
        if (previous && "set" in previous && previous.set === FRAME) {
          return [i + 1];
        }
        return action.when ? [at(action.jump), i + 1] : [at(action.jump)];
      }
      if ("go" in action || "fail" in action) return [];
      if (!("call" in action)) return [i + 1];
      if (/^exit/.test(action.call)) return [];
      return action.ifZero === undefined ? [i + 1] : [i + 1, at(action.ifZero)];
    });
  }

  /** All steps on ways from the step `start`, without the step `without`. */
  reach(start: number, without?: number): Set<number> {
    const seen = new Set<number>();
    const waiting = [start];
    for (let i = waiting.pop(); i !== undefined; i = waiting.pop()) {
      if (i === without || seen.has(i) || i >= this.#next.length) continue;
      seen.add(i);
      waiting.push(...this.#next[i]!);
    }
    return seen;
  }

  /** Whether a step may come again after itself. */
  repeats(step: number): boolean {
    return this.#next[step]!.some((next) => this.reach(next).has(step));
  }

  /**
   * Whether every way from the step `start` to one of `ends` has this step;
   * false for one that has no way to it.
   */
  isCertain(step: number, start: number, ends: ReadonlySet<number>): boolean {
    if (!this.reach(start).has(step)) return false;
    if (step === start) return true;
    return ends.has(step) ||
      ![...this.reach(start, step)].some((other) => ends.has(other));
  }
}
