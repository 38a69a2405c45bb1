/**
 * A plan as text, one line a step, for people and for comparisons:
 *
 *     why (pointer) | label: call(arguments) -> register, ERRNO: label
 *
 * Flags of open(2), which differ between processors, are given by name; the
 * numbers in labels count only where a hint comes more than once.
 *
 * @module
 */

import { errnoName } from "../ffi/errno.ts";
import { O } from "../ffi/fd.ts";
import type { Action, Block, Call, Field, Operand, Plan } from "./plan.ts";

/** Numbers from here on are flags or addresses: easier read in hexadecimal. */
const HEXADECIMAL = 0x1000;

/** The text of a plan; it ends with a newline. */
export function planText(plan: Plan): string {
  const name = labelNames(plan);
  const lines = plan.steps.map(({ why, pointer, label, action }) => {
    const reason = pointer === "" ? why : `${why} (${pointer})`;
    const mark = label === undefined ? "" : `${name(label)}: `;
    return `${reason} | ${mark}${actionText(action, name)}`;
  });
  for (const [block, contents] of Object.entries(plan.blocks)) {
    const fields: Block = typeof contents === "number"
      ? Array.from({ length: contents / 8 }, () => [8, 0] as const)
      : contents;
    lines.push(`block ${block} | ${fieldsText(fields, name)}`);
  }
  return lines.join("\n") + "\n";
}

type Names = (label: string) => string;

/** Names for labels that do not change when others come or go. */
function labelNames(plan: Plan): Names {
  const names = new Map<string, string>();
  const counts = new Map<string, number>();
  for (const { label } of plan.steps) {
    if (label === undefined) continue;
    const hint = label.replace(/ \d+(?=\/|$)/, "");
    const count = (counts.get(hint) ?? 0) + 1;
    counts.set(hint, count);
    names.set(label, count === 1 ? `<${hint}>` : `<${hint} #${count}>`);
  }
  return (label) => names.get(label) ?? `<missing: ${label}>`;
}

function actionText(action: Action, name: Names): string {
  const show = (operand: Operand) => operandText(operand, name);
  if ("call" in action) return callText(action, name);
  if ("set" in action) return `${action.set} = ${show(action.value)}`;
  if ("and" in action) {
    return `${action.and} = ${show(action.a)} & ${show(action.b)}`;
  }
  if ("add" in action) {
    return `${action.add} = ${show(action.a)} + ${show(action.b)}`;
  }
  if ("load" in action) {
    const { load, from, at = 0, size } = action;
    return `${load} = ${size} bytes at ${show(from)}${at ? ` + ${at}` : ""}`;
  }
  if ("store" in action) {
    const { store, into, size } = action;
    return `${size} bytes at ${show(into)} = ${show(store)}`;
  }
  if ("jump" in action) {
    const { jump, when } = action;
    const to = `go to ${name(jump)}`;
    return when === undefined
      ? to
      : `${to} when ${show(when[0])} ${when[1]} ${show(when[2])}`;
  }
  if ("go" in action) return `go to ${show(action.go)}`;
  return `fail ${errnoName(action.fail)}`;
}

/** The arguments of a call as text. */
export function argumentTexts(
  { call, args }: Pick<Call, "call" | "args">,
  name: Names = (label) => `<${label}>`,
): string[] {
  return args.map((arg, i) => {
    if (call === "openat" && i === 2) return openFlags(arg);
    if (call === "openat2" && i === 2) return howText(arg, name);
    return operandText(arg, name);
  });
}

function callText(action: Call, name: Names): string {
  const { call, to, tolerate = [], ifZero } = action;
  const shown = argumentTexts(action, name);
  return [
    `${call}(${shown.join(", ")})${to === undefined ? "" : ` -> ${to}`}`,
    ...tolerate.map(({ errno, goto }) =>
      `${errno === "any" ? errno : errnoName(errno)}: ${name(goto)}`
    ),
    ...(ifZero === undefined ? [] : [`0: ${name(ifZero)}`]),
  ].join(", ");
}

/** open(2)'s flags by name. */
function openFlags(flags: Operand): string {
  let rest = Number(flags);
  const names: string[] = [];
  for (const [flag, bit] of Object.entries(O)) {
    if (bit === 0 || (rest & bit) !== bit) continue;
    names.push(flag);
    rest &= ~bit;
  }
  if (rest !== 0) names.push(String(rest));
  return names.join("|") || "RDONLY";
}

/** The `struct open_how` of openat2(2). */
function howText(how: Operand, name: Names): string {
  if (typeof how !== "object" || !("struct" in how)) {
    return operandText(how, name);
  }
  const [flags, mode, resolve] = how.struct.map(([, value]) => value);
  const numbers = [mode, resolve].map((n) => operandText(n ?? 0, name));
  return `{${openFlags(flags ?? 0)}, ${numbers.join(", ")}}`;
}

function operandText(operand: Operand, name: Names): string {
  if (typeof operand === "string") return JSON.stringify(operand);
  if (typeof operand !== "object") {
    return operand >= HEXADECIMAL
      ? `0x${operand.toString(16)}`
      : operand.toString();
  }
  if ("reg" in operand) return `[${operand.reg}]`;
  if ("strings" in operand) return JSON.stringify(operand.strings);
  if ("struct" in operand) return `{${fieldsText(operand.struct, name)}}`;
  if ("bytes" in operand) return `${operand.bytes.length} bytes`;
  if ("self" in operand) return "this step";
  if ("label" in operand) return name(operand.label);
  if ("before" in operand) return `pages before ${name(operand.before)}`;
  const { block, at = 0 } = operand;
  return `&${block}${at ? ` + ${at}` : ""}`;
}

/** Fields as size:value; equal ones in a row are counted. */
function fieldsText(fields: readonly Field[], name: Names): string {
  const words: [text: string, count: number][] = [];
  for (const [size, value] of fields) {
    const text = `${size}:${operandText(value, name)}`;
    const last = words.at(-1);
    if (last !== undefined && last[0] === text) last[1]++;
    else words.push([text, 1]);
  }
  return words.map(([text, count]) => count === 1 ? text : `${text} x${count}`)
    .join(", ");
}
