/**
 * Errors in words, by a program that has no formatting: tables of texts, and
 * steps that pick one by its number.
 *
 * @module
 */

import { errnoText } from "../../ffi/errno.ts";
import { dotted } from "../error.ts";
import { type Field, type Plan, type PlanBuilder, reg } from "../plan.ts";

/** Bytes of an entry of a table: a struct iovec, writev(2). */
const ENTRY = 16;
/** The kernel's error numbers end here, on both processors. */
const ERRNO_MAX = 133;
const STDERR = 2;

/** Texts by the number of the step that failed; filled when that is known. */
export type StepTable = Field[];

/** The texts of all error numbers, from 0 on. */
function errnoTable(): Field[] {
  return Array.from({ length: ERRNO_MAX + 1 }, (_, errno) => errno)
    .flatMap((errno) => textEntry(errno === 0 ? "" : errnoText(errno)));
}

function textEntry(text: string): Field[] {
  const { length } = new TextEncoder().encode(text);
  return [[8, text], [8, length]];
}

/** Fills a table with a text for each step of a plan that may fail. */
export function fillSteps(table: StepTable, { steps }: Plan): void {
  for (const { why, pointer, action } of steps) {
    const fails = "call" in action || "fail" in action || "set" in action;
    table.push(...textEntry(fails ? failureText(why, pointer) : ""));
  }
}

/** What a failed step is told with, up to the error's own text. */
export function failureText(why: string, pointer: string): string {
  if (/^exec:? /.test(why)) return why;
  const where = pointer === "" ? "" : ` (${dotted(pointer)})`;
  return `Cannot ${why}${where}`;
}

/**
 * Steps that write `PREFIX: TEXT OF THE STEP: TEXT OF THE ERRNO` to stderr.
 *
 * @param step the register with the step's number
 * @param errno the register with the error number
 */
export function tellFailure(
  plan: PlanBuilder,
  prefix: string,
  table: StepTable,
  step: string,
  errno: string,
): void {
  const known = plan.fresh("known error");
  const start = textEntry(`${prefix}: `), colon = textEntry(": ");
  const end = textEntry("\n");
  const empty: Field[] = [[8, 0], [8, 0]];
  plan.block("words", [...start, ...empty, ...colon, ...empty, ...end])
    .jump(known, [reg(errno), "<", ERRNO_MAX + 1])
    .add({ set: errno, value: 0 })
    .label(known);
  pick(plan, step, { struct: table }, ENTRY);
  pick(plan, errno, { struct: errnoTable() }, 3 * ENTRY);
  write(plan, "words", 5);
}

/** Steps that copy an entry of a table to the place `at` of the words. */
function pick(
  plan: PlanBuilder,
  index: string,
  table: { readonly struct: readonly Field[] },
  at: number,
): void {
  plan.add({ set: "entry", value: reg(index) });
  // Times 16: there is no multiplication.
  for (let bit = 0; bit < 4; bit++) {
    plan.add({ add: "entry", a: reg("entry"), b: reg("entry") });
  }
  plan.add({ add: "entry", a: reg("entry"), b: table });
  for (const word of [0, 8]) {
    plan.add({ load: "text", from: reg("entry"), at: word, size: 8 })
      .add({
        store: reg("text"),
        into: { block: "words", at: at + word },
        size: 8,
      });
  }
}

/** Steps that write one text and a line break to stderr. */
export function tellLine(plan: PlanBuilder, name: string, text: string): void {
  plan.block(name, textEntry(`${text}\n`));
  write(plan, name, 1);
}

/** Nobody is there to be told that it cannot be told. */
function write(plan: PlanBuilder, block: string, count: number): void {
  const told = plan.fresh("told");
  plan.call("writev", [STDERR, { block }, count], {
    tolerate: [{ errno: "any", goto: told }],
  }).label(told);
}
