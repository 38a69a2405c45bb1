/**
 * Instructions: what each step of a plan becomes.
 *
 * @module
 */

import { type Arch, syscallNumber } from "../ffi/syscall_numbers.ts";
import type { Action, Operand } from "./plan.ts";

/** Operations that the executor does itself, in place of a system call. */
export const OPERATION = {
  set: 0xff00,
  and: 0xff01,
  load1: 0xff02,
  load2: 0xff03,
  load4: 0xff04,
  load8: 0xff05,
  store4: 0xff06,
  store8: 0xff07,
  "==": 0xff08,
  "!=": 0xff09,
  "<": 0xff0a,
  fail: 0xff0b,
  go: 0xff0c,
  add: 0xff0d,
} as const;

const ANY_ERRNO = 0xffff;
/** The register for what nobody asks for; its number is 0. */
export const ERRNO = "errno";
/** What is equal in any case. */
const EQUAL: readonly Operand[] = [0, 0];

/** The properties that the members of a union have between them. */
type Merged<T, K extends PropertyKey = T extends unknown ? keyof T : never> = {
  readonly [P in K]?: T extends Partial<Record<P, infer V>> ? V : never;
};

/**
 * An action or an operand of any kind. That a property is undefined is seen
 * much faster than that it is not there: a plan has some fifty shapes of them.
 */
export type AnyAction = Merged<Action>;
/** See AnyAction. */
export type AnyOperand = Merged<Extract<Operand, object>>;

/** Adds an instruction; jumps are to a label, or to a number: 0 is nowhere. */
export type Emit = (
  number: number,
  args: readonly Operand[],
  to: string,
  onZero: number | string,
  errno: number,
  onError: number | string,
) => void;

/**
 * Adds the instruction of the step `index`. Several tolerated errnos lead to a
 * chain of comparisons at `chain`.
 *
 * Most commands lay out one plan, with code that V8 has not optimized: what
 * steps are often is asked first, and properties one by one.
 */
export function lower(
  action: AnyAction,
  index: number,
  arch: Arch,
  chain: number,
  emit: Emit,
): void {
  const { call } = action;
  if (call !== undefined) {
    const { args, to = ERRNO, tolerate, ifZero = 0 } = action;
    const number = syscallNumber(call, arch);
    if (tolerate === undefined || tolerate.length === 0) {
      return emit(number, args!, to, ifZero, 0, 0);
    }
    if (tolerate.length > 1) {
      return emit(number, args!, to, ifZero, ANY_ERRNO, chain);
    }
    const { errno, goto } = tolerate[0]!;
    const code = errno === "any" ? ANY_ERRNO : errno;
    return emit(number, args!, to, ifZero, code, goto);
  }
  const { jump } = action;
  if (jump !== undefined) {
    const { when } = action;
    if (when === undefined) {
      return emit(OPERATION["=="], EQUAL, ERRNO, jump, 0, 0);
    }
    const args = [when[0], when[2]];
    return emit(OPERATION[when[1]], args, ERRNO, jump, 0, 0);
  }
  const plain = (operation: number, args: readonly Operand[], to = ERRNO) =>
    emit(operation, args, to, 0, 0, 0);
  const { set } = action;
  if (set !== undefined) return plain(OPERATION.set, [action.value!], set);
  const { load } = action;
  if (load !== undefined) {
    const { from, at = 0, size } = action;
    return plain(LOAD[size!], [from!, at], load);
  }
  const { store, and, add, go } = action;
  if (store !== undefined) {
    const operation = action.size === 4 ? OPERATION.store4 : OPERATION.store8;
    return plain(operation, [action.into!, store]);
  }
  if (and !== undefined) {
    return plain(OPERATION.and, [action.a!, action.b!], and);
  }
  if (add !== undefined) {
    return plain(OPERATION.add, [action.a!, action.b!], add);
  }
  if (go !== undefined) return plain(OPERATION.go, [go]);
  plain(OPERATION.fail, [-action.fail!, index]);
}

/** What loads so many bytes. */
const LOAD = {
  1: OPERATION.load1,
  2: OPERATION.load2,
  4: OPERATION.load4,
  8: OPERATION.load8,
} as const;

/** Adds the comparisons of the step `index`. */
export function lowerChain(action: AnyAction, index: number, emit: Emit): void {
  const { to = ERRNO, tolerate } = action;
  for (const { errno, goto } of tolerate!) {
    const compared = errno === "any" ? EQUAL : [{ reg: to }, -errno];
    emit(OPERATION["=="], compared, ERRNO, goto, 0, 0);
  }
  emit(OPERATION.fail, [{ reg: to }, index], ERRNO, 0, 0, 0);
}

/** How many instructions compare a result with the errnos. */
export function chainLength(tolerate: readonly unknown[]): number {
  return tolerate.length + 1;
}

/** The register that an action puts its result into. */
export function result(action: AnyAction): string | undefined {
  if (action.call !== undefined) return action.to;
  if (action.jump !== undefined) return undefined;
  return action.set ?? action.load ?? action.add ?? action.and;
}
