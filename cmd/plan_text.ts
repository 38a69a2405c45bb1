/**
 * A bundle's plan as text: at most 100 columns, a line for each entry.
 *
 * @module
 */

import type { ListedCall } from "../launch/listing.ts";
import type { BundlePlan, PlanEntry } from "../oci/bundle_plan.ts";
import { readablePointer } from "../oci/errors.ts";
import { escapeControls } from "./escape.ts";

/** How a plan is shown. */
export interface PlanTextOptions {
  /** Whether the system calls are shown. */
  readonly calls: boolean;
  /** Whether a terminal shows it that knows colours. */
  readonly colour: boolean;
}

const WIDTH = 100;
/** A section's first column has at most so many characters. */
const SUBJECT_MAX = 42;

/** The text of a plan; it ends with a line break. */
export function planText(plan: BundlePlan, options: PlanTextOptions): string {
  const paint = painter(options.colour);
  const lines = [
    paint("bold", `container ${plan.id} of ${escapeControls(plan.bundle)}`),
    ...plan.warnings.flatMap((text) =>
      wrap(
        escapeControls(text),
        "    ",
        `  ${paint("yellow", "warning:")} `,
        11,
      )
    ),
  ];
  for (const { name, entries } of plan.sections) {
    lines.push("", paint("bold", name), ...table(entries, paint));
  }
  if (options.calls) lines.push(...callLines(plan.calls, paint));
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}

type Paint = (style: "bold" | "dim" | "yellow", text: string) => string;

/** ECMA-48's codes, or none. */
function painter(colour: boolean): Paint {
  const codes = { bold: 1, dim: 2, yellow: 33 };
  return (style, text) => colour ? `\x1b[${codes[style]}m${text}\x1b[0m` : text;
}

function table(entries: readonly PlanEntry[], paint: Paint): string[] {
  const longest = Math.max(...entries.map(({ subject }) => width(subject)));
  const column = Math.min(longest, SUBJECT_MAX);
  return entries.flatMap(({ subject, detail, reason, pointer }) => {
    const notes = [reason, readablePointer(pointer)].filter((t) => t !== "");
    const note = notes.length === 0 ? "" : `(${notes.join(": ")})`;
    const first = escapeControls(subject);
    const text = escapeControls(detail);
    const indent = " ".repeat(column + 4);
    const head = width(first) > column ? [`  ${first}`] : [];
    const start = head.length > 0 ? indent : `  ${first.padEnd(column)}  `;
    return [
      ...head,
      ...noted(wrap(text, indent, start, width(start)), note, indent, paint),
    ];
  });
}

/** Lines with a note behind the last one, or below it. */
function noted(
  lines: string[],
  note: string,
  indent: string,
  paint: Paint,
): string[] {
  if (note === "") return lines;
  const last = lines.at(-1)!;
  if (width(last) + 1 + width(note) <= WIDTH) {
    return [...lines.slice(0, -1), `${last} ${paint("dim", note)}`];
  }
  return [
    ...lines,
    ...wrap(note, indent, indent, width(indent)).map((line) =>
      paint("dim", line)
    ),
  ];
}

/**
 * A text in lines of at most WIDTH characters, cut at spaces where there are
 * some.
 *
 * @param start what the first line begins with
 * @param taken how many columns `start` takes
 */
function wrap(
  text: string,
  indent: string,
  start: string,
  taken: number,
): string[] {
  const lines: string[] = [];
  let line = start, used = taken, rest = text;
  for (;;) {
    const room = WIDTH - used;
    const characters = [...rest];
    if (characters.length <= room) return [...lines, line + rest];
    const space = characters.slice(0, room + 1).lastIndexOf(" ");
    const cut = space > 0 ? space : room;
    lines.push(line + characters.slice(0, cut).join(""));
    rest = characters.slice(space > 0 ? cut + 1 : cut).join("");
    line = indent;
    used = width(indent);
  }
}

function width(text: string): number {
  return [...text].length;
}

/** Calls under the reason that several of them share. */
function callLines(calls: readonly ListedCall[], paint: Paint): string[] {
  const lines: string[] = [];
  let heading = "", reason = "";
  for (const call of calls) {
    const who = call.process === "first"
      ? "system calls of the first process"
      : call.phase === "create"
      ? "system calls of init"
      : "system calls of init after start";
    if (who !== heading) lines.push("", paint("bold", who));
    const pointer = readablePointer(call.pointer);
    const why = escapeControls(call.why) + (pointer && ` (${pointer})`);
    if (why !== reason || who !== heading) {
      lines.push(...wrap(why, "  ", "  ", 2).map((l) => paint("dim", l)));
    }
    [heading, reason] = [who, why];
    const mark = call.certain ? " " : "?";
    const result = call.to === undefined ? "" : ` -> ${call.to}`;
    const tolerated = call.tolerates.length === 0
      ? ""
      : ` or ${call.tolerates.join(", ")}`;
    const text = escapeControls(
      `${call.call}(${call.args.join(", ")})${result}${tolerated}`,
    );
    lines.push(...wrap(text, "        ", `  ${mark} `, 4));
  }
  const asked = calls.some(({ certain }) => !certain);
  if (asked) {
    lines.push("", "?: made only where something is missing, or of some kind");
  }
  return lines;
}
