import {
  below,
  expected,
  fault,
  type Findings,
  isFull,
  isObject,
  PROBLEMS_MAX,
  type Rule,
  warn,
} from "./schema.ts";
import { quote } from "./quote.ts";

/**
 * An object with the properties of a table. Other properties are reported as
 * warnings, with the name that was probably meant (the specification asks
 * runtimes to tolerate them). Strictly, they are errors, and so is `null`.
 */
export function object(
  fields: Readonly<Record<string, Rule>>,
  required: readonly string[] = [],
): Rule {
  return (value, at, out) => {
    if (!isObject(value)) return expected(out, at, value, "an object");
    let sound = true;
    for (const name of required) {
      if (
        Object.hasOwn(value, name) && (value[name] !== null || out.strict)
      ) continue;
      const mend = `add ${quote(name)}`;
      const place = below(at, name);
      fault(out, place, undefined, "is missing, it is required", { mend });
      sound = false;
    }
    for (const name of Object.keys(value)) {
      if (isFull(out)) break;
      const rule = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (rule === undefined) {
        reportUnknown(name, value, fields, at, out);
        if (out.strict) sound = false;
      } else if (value[name] !== null || out.strict) {
        if (!rule(value[name], below(at, name), out)) sound = false;
      }
    }
    return sound;
  };
}

function reportUnknown(
  name: string,
  object: Record<string, unknown>,
  fields: Readonly<Record<string, Rule>>,
  at: string,
  out: Findings,
): void {
  const value = object[name];
  const listed = out.strict ? out.errors : out.warnings;
  // To compare names takes time.
  const near = listed.length < PROBLEMS_MAX
    ? nearest(name, Object.keys(fields))
    : undefined;
  if (
    out.otherCase && near?.toLowerCase() === name.toLowerCase() &&
    !Object.hasOwn(object, near)
  ) {
    const pointer = below(at, name);
    out.otherCase.push({ object, name, meant: near, pointer });
    return;
  }
  const meant = near === undefined ? "" : `, did you mean ${quote(near)}?`;
  const mend = near === undefined ? "remove it" : `call it ${quote(near)}`;
  const report = out.strict ? fault : warn;
  report(out, below(at, name), value, `unknown property${meant}`, { mend });
}

/**
 * The known name that a mistyped one probably stands for: the nearest one, if
 * it is at most two edits away and more than half of it is right.
 */
export function nearest(
  name: string,
  known: readonly string[],
): string | undefined {
  let best: string | undefined;
  let least = 3;
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= least) continue;
    const edits = distance(name.toLowerCase(), candidate.toLowerCase());
    if (edits < least && edits * 2 < candidate.length) {
      least = edits;
      best = candidate;
    }
  }
  return best;
}

/** The Levenshtein distance: edits of one character that turn a into b. */
export function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = row[j]! + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min(replaced, row[j + 1]! + 1, next[j]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
