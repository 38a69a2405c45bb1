/**
 * The filter: first the architecture, then a search tree over the numbers of
 * its calls, then where needed the tests of arguments.
 *
 * @module
 */

import { DATA, FilterWriter, type Instruction, OP, type Place } from "./bpf.ts";
import type { CallRules, Chain, Condition } from "./rules.ts";

/** Call numbers from `first` on, up to the next range, that end alike. */
export interface Range {
  readonly first: number;
  readonly outcome: number | readonly Chain[];
}

/** An audit architecture and the ranges of all its call numbers. */
export interface Branch {
  readonly audit: number;
  /** The first one begins with 0. */
  readonly ranges: readonly Range[];
}

/**
 * The ranges of an architecture's numbers.
 *
 * @param fallback what happens to the numbers from some on, in their order;
 * the first one is from 0 on
 */
export function rangesOf(
  rules: ReadonlyMap<number, CallRules>,
  fallback: readonly { readonly first: number; readonly outcome: number }[],
): Range[] {
  const starts = new Set(fallback.map(({ first }) => first));
  for (const number of rules.keys()) starts.add(number).add(number + 1);
  const ranges: Range[] = [];
  for (const first of [...starts].sort((a, b) => a - b)) {
    const rule = rules.get(first);
    const other = fallback.findLast((one) => one.first <= first)!.outcome;
    const outcome = rule === undefined
      ? other
      : rule.always ?? [...rule.chains, { conditions: [], result: other }];
    // Neighbours with one end are one range.
    if (ranges.at(-1)?.outcome !== outcome) ranges.push({ first, outcome });
  }
  return ranges;
}

/** The filter; a call of an architecture that is not there ends in `other`. */
export function filter(
  branches: readonly Branch[],
  other: number,
): Instruction[] {
  const code = new FilterWriter();
  const entries = branches.map(({ audit, ranges }) => {
    const entry = searchTree(code, ranges);
    code.continueAt(entry);
    return { audit, entry: code.load(DATA.nr) };
  });
  let next = code.end(other);
  for (const { audit, entry } of entries.toReversed()) {
    next = code.test(OP.equal, audit, entry, next);
  }
  code.continueAt(next);
  code.load(DATA.arch);
  return code.finish();
}

/** A tree of comparisons; every path through it has about the same length. */
function searchTree(code: FilterWriter, ranges: readonly Range[]): Place {
  if (ranges.length === 1) {
    const { outcome } = ranges[0]!;
    return typeof outcome === "number"
      ? code.end(outcome)
      : chains(code, outcome);
  }
  const middle = ranges.length >> 1;
  const upper = searchTree(code, ranges.slice(middle));
  const lower = searchTree(code, ranges.slice(0, middle));
  return code.test(
    OP.greaterOrEqual,
    ranges[middle]!.first,
    upper,
    lower,
  );
}

/** Tests of arguments: the first chain that holds decides. */
function chains(code: FilterWriter, all: readonly Chain[]): Place {
  let otherwise: Place = 0;
  for (const { conditions, result } of all.toReversed()) {
    let then = code.end(result);
    for (const condition of conditions.toReversed()) {
      then = test(code, condition, then, otherwise);
    }
    otherwise = then;
  }
  return otherwise;
}

/** A test of an argument, word by word where it is wide. */
function test(
  code: FilterWriter,
  { index, op, mask, value }: Condition,
  then: Place,
  otherwise: Place,
): Place {
  const negated = op === "NE" || op === "LT" || op === "LE";
  const [yes, no] = negated ? [otherwise, then] : [then, otherwise];
  const compare = op === "EQ" || op === "NE"
    ? OP.equal
    : op === "GE" || op === "LT"
    ? OP.greaterOrEqual
    : OP.greater;
  const words = [0, 32].map((shift) => ({
    offset: DATA.args + 8 * index + shift / 8,
    mask: Number(mask >> BigInt(shift) & 0xffffffffn),
    value: Number(value >> BigInt(shift) & 0xffffffffn),
  }));
  const [low, high] = words as [typeof words[0], typeof words[0]];
  const load = (word: typeof low) => {
    if (word.mask !== 0xffffffff) code.and(word.mask);
    return code.load(word.offset);
  };
  code.test(compare, low.value, yes, no);
  const lowest = load(low);
  if (high.mask === 0) return lowest;
  if (compare === OP.equal) {
    code.test(OP.equal, high.value, lowest, no);
  } else {
    const same = code.test(OP.equal, high.value, lowest, no);
    code.test(OP.greater, high.value, yes, same);
  }
  return load(high);
}
