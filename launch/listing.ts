/**
 * The system calls of a plan as a list that reads from top to bottom: the
 * steps of a routine stand where it is called, with its arguments filled in.
 *
 * The list follows the way on which nothing fails. Calls of a branch that only
 * some hosts take, or that make what is missing, are in it as well.
 *
 * @module
 */

import { errnoName } from "../ffi/errno.ts";
import type { Reason } from "./error.ts";
import { INIT } from "./first_process.ts";
import { Flow } from "./flow.ts";
import {
  type Action,
  type Call,
  FRAME,
  type Operand,
  type Plan,
} from "./plan.ts";
import { argumentTexts } from "./plan_text.ts";
import { WAIT } from "./await_start.ts";

/** Which process makes a call: see the design's "Processes". */
export type PlanProcess = "first" | "init";

/** One system call of a plan. */
export interface ListedCall {
  /** The process that makes it. */
  readonly process: PlanProcess;
  /** Whether it is made by `create`, or only when `start` comes. */
  readonly phase: "create" | "start";
  /** What it is for. */
  readonly why: string;
  /** The JSON pointer that asked for it; empty for none. */
  readonly pointer: string;
  /** The call's name. */
  readonly call: string;
  /** Its arguments, as `planText()` writes them. */
  readonly args: readonly string[];
  /** What its result is called in later arguments, which are `[name]`. */
  readonly to?: string;
  /** Errors after which the program goes on. */
  readonly tolerates: readonly string[];
  /**
   * Whether it is made in any case, when nothing fails; otherwise it is made
   * where something is missing, or is of one kind and not of another.
   */
  readonly certain: boolean;
  /** Whether it may be made several times. */
  readonly repeats: boolean;
}

/** A routine's arguments, by the names of the registers that hold them. */
type Bindings = ReadonlyMap<string, Operand>;

/** The system calls of `plan`, in order. */
export function listCalls(plan: Plan): ListedCall[] {
  const { steps } = plan;
  const flow = new Flow(plan);
  const starts = new Map<string, number>();
  steps.forEach(({ label }, i) => label !== undefined && starts.set(label, i));
  const list: ListedCall[] = [];
  let process: PlanProcess = "first";
  let phase: ListedCall["phase"] = "create";
  let frame: readonly Operand[] = [];

  const add = (
    step: number,
    action: Call,
    { why, pointer }: Reason,
    isCertain: (step: number) => boolean,
    bindings: Bindings = new Map(),
  ) => {
    const { call, args, to, tolerate = [] } = action;
    list.push({
      process,
      phase,
      why,
      pointer,
      call,
      args: argumentTexts({ call, args: args.map(bound(bindings)) }),
      ...(to !== undefined && { to }),
      tolerates: tolerate.map(({ errno }) =>
        errno === "any" ? "any" : errnoName(errno)
      ),
      certain: isCertain(step),
      repeats: flow.repeats(step),
    });
  };
  /** The steps of a routine, up to where it goes back. */
  const inline = (from: number, reason: Reason, called: boolean) => {
    const bindings = new Map<string, Operand>();
    const back = steps.findIndex(({ action }, i) => i > from && "go" in action);
    const certain = (step: number) =>
      called && flow.isCertain(step, from, new Set([back]));
    for (let i = from; i < steps.length; i++) {
      const { action } = steps[i]!;
      if ("go" in action) return;
      if ("load" in action && isFrame(action.from)) {
        const value = frame[((action.at ?? 0) - 16) / 8];
        if (value !== undefined) bindings.set(action.load, value);
      } else {
        const changed = result(action);
        if (changed !== undefined) bindings.delete(changed);
      }
      if ("call" in action) add(i, action, reason, certain, bindings);
    }
  };
  const end = firstRoutine(steps);
  const init = steps.findIndex(({ label }) => label === INIT);
  const ends = {
    first: lastCall(steps, 0, init, "exit_group"),
    init: lastCall(steps, init, end, "execve"),
  };
  const certain = (step: number) =>
    flow.isCertain(step, process === "init" ? init : 0, ends[process]);
  for (let i = 0; i < end; i++) {
    const { action, why } = steps[i]!;
    if (i === init) process = "init";
    if (why === WAIT) phase = "start";
    if ("call" in action) add(i, action, steps[i]!, certain);
    else if ("set" in action && action.set === FRAME) {
      frame = frameArguments(action.value);
    } else if (
      "jump" in action && action.when === undefined &&
      (starts.get(action.jump) ?? 0) >= end
    ) inline(starts.get(action.jump)!, steps[i]!, certain(i));
  }
  return list;
}

/** The last step from `from` on that makes a call, where there is one. */
function lastCall(
  steps: Plan["steps"],
  from: number,
  end: number,
  call: string,
): Set<number> {
  const last = steps.findLastIndex(({ action }, i) =>
    i >= from && i < end && "call" in action && action.call === call
  );
  return new Set(last < 0 ? [end - 1] : [last]);
}

/** Routines are behind all other steps: the first is what a frame leads to. */
function firstRoutine(steps: Plan["steps"]): number {
  const called = new Set<string>();
  steps.forEach(({ action }, i) => {
    const next = steps[i + 1]?.action;
    const calls = "set" in action && action.set === FRAME && next !== undefined;
    if (calls && "jump" in next) called.add(next.jump);
  });
  const first = steps.findIndex(({ label }) =>
    label !== undefined && called.has(label)
  );
  return first < 0 ? steps.length : first;
}

/** The operands of a routine's frame, behind what is for the way back. */
function frameArguments(frame: Operand): Operand[] {
  if (typeof frame !== "object" || !("struct" in frame)) return [];
  return frame.struct.slice(2).map(([, value]) => value);
}

function isFrame(operand: Operand): boolean {
  return typeof operand === "object" && "reg" in operand &&
    operand.reg === FRAME;
}

function result(action: Action): string | undefined {
  if ("call" in action) return action.to;
  if ("set" in action) return action.set;
  if ("load" in action) return action.load;
  if ("and" in action) return action.and;
  return "add" in action ? action.add : undefined;
}

function bound(bindings: Bindings): (operand: Operand) => Operand {
  return (operand) =>
    typeof operand === "object" && "reg" in operand
      ? bindings.get(operand.reg) ?? operand
      : operand;
}
