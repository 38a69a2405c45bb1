/** What qemu-user can run of a plan. */
import type { Action, Operand, Plan } from "../launch/plan.ts";

const CLONE_PARENT = 0x8000;

/**
 * The plan without what qemu-user lacks: openat2(2), clone(2) with another
 * parent, and capset(2) with a header in memory that cannot be written.
 */
export function translatable(plan: Plan): Plan {
  const change = (action: Action): Action => {
    if (!("call" in action)) return action;
    const [first = 0, path = 0, how, ...rest] = action.args;
    if (action.call === "clone") {
      const args = [Number(first) & ~CLONE_PARENT, path, how ?? 0, ...rest];
      return { ...action, args };
    }
    // There the first process is init's parent, and ends at once.
    const endsWithParent = action.call === "prctl" && first === SET_PDEATHSIG;
    const reaps = action.call === "prctl" && first === SET_CHILD_SUBREAPER;
    if (action.call === "capset" || endsWithParent || reaps) {
      return { call: "getpid", args: [] };
    }
    if (action.call !== "openat2") return action;
    return { ...action, call: "openat", args: [first, path, O_PATH, 0] };
  };
  const steps = plan.steps.map((s) => ({ ...s, action: change(s.action) }));
  return { ...plan, steps };
}
const SET_PDEATHSIG = 1, SET_CHILD_SUBREAPER = 36;
const O_PATH: Operand = 0o12000000; // and O_CLOEXEC
