/**
 * A plan for another processor: two flags of open(2) have other values there.
 *
 * @module
 */

import { RESOLVE } from "../../ffi/fd.ts";
import type { Arch } from "../../ffi/syscall_numbers.ts";
import type { Action, Field, Operand, Plan } from "../plan.ts";

/** O_DIRECTORY and O_NOFOLLOW, asm-generic's and arm64's own. */
const FLAGS: Readonly<Record<Arch, readonly number[]>> = {
  x86_64: [0o200000, 0o400000],
  aarch64: [0o40000, 0o100000],
};

/** The plan that was made on `from` as one for `to`. */
export function planForArch(plan: Plan, from: Arch, to: Arch): Plan {
  if (from === to) return plan;
  const flags = (value: Operand): Operand => {
    if (typeof value !== "number") return value;
    return FLAGS[from].reduce(
      (result, flag, i) => value & flag ? result | FLAGS[to][i]! : result,
      FLAGS[from].reduce((rest, flag) => rest & ~flag, value),
    );
  };
  // A structure that several steps share stays one.
  const known = new Map<readonly Field[], readonly Field[]>();
  const fields = (struct: readonly Field[]): readonly Field[] => {
    const before = known.get(struct);
    if (before !== undefined) return before;
    const after = struct.map(([size, value], i): Field => [
      size,
      i === 0 && isOpenHow(struct) ? flags(value) : operand(value),
    ]);
    known.set(struct, after);
    return after;
  };
  const operand = (value: Operand): Operand =>
    typeof value === "object" && "struct" in value
      ? { struct: fields(value.struct) }
      : value;
  const action = (old: Action): Action => {
    if ("call" in old) {
      const args = old.args.map((arg, i) =>
        old.call === "openat" && i === 2 ? flags(arg) : operand(arg)
      );
      return { ...old, args };
    }
    return "set" in old ? { ...old, value: operand(old.value) } : old;
  };
  const steps = plan.steps.map((step) => ({
    ...step,
    action: action(step.action),
  }));
  return { ...plan, steps };
}

/**
 * Whether it is a struct open_how, openat2(2): three numbers, the last of
 * which keeps the walk inside of the root, as all of a plan's do.
 */
function isOpenHow(struct: readonly Field[]): boolean {
  const [, , resolve] = struct;
  return struct.length === 3 && typeof resolve?.[1] === "number" &&
    (resolve[1] & RESOLVE.IN_ROOT) !== 0 && resolve[1] < 32;
}
