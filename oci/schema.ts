/**
 * A small checker for parsed JSON. A rule looks at one value and reports what
 * is wrong with it; it never throws and never changes the value. `null` counts
 * as absent wherever a property may be absent, as in the Go peers, if the check
 * is not strict.
 *
 * @module
 */
import { byteLength } from "../ffi/text.ts";
import type { Problem } from "./errors.ts";
import { describeValue, quote } from "./quote.ts";

/** Collects what the rules find. */
export interface Findings {
  /** Whether unknown properties and null are errors. */
  readonly strict: boolean;
  /** What makes the configuration unusable. */
  readonly errors: Problem[];
  /** What is odd, but understood. */
  readonly warnings: Problem[];
  /** Names that are right but for capital letters; absent: nobody asks. */
  readonly otherCase?: OtherCase[];
}

/** A property whose name is another one's in other letters. */
export interface OtherCase {
  /** The object that has it. */
  readonly object: Record<string, unknown>;
  readonly name: string;
  /** The name of the specification. */
  readonly meant: string;
  /** Where it is, as a JSON pointer. */
  readonly pointer: string;
}

/** Checks the value at a JSON pointer. Returns whether it is sound. */
export type Rule = (value: unknown, at: string, out: Findings) => boolean;

/** Most problems of a kind that are collected: enough for any honest file. */
export const PROBLEMS_MAX = 10_000;

function report(list: Problem[], problem: Problem): void {
  if (list.length < PROBLEMS_MAX) list.push(problem);
  else if (list.length === PROBLEMS_MAX) {
    const message = "there are more problems, which are not listed";
    list.push({ pointer: "", found: "more problems", message });
  }
}

/** Whether so much is wrong that it makes no sense to look further. */
export function isFull({ errors }: Findings): boolean {
  return errors.length > PROBLEMS_MAX;
}

/** What else there is to say of a problem. */
export type More = Pick<Problem, "allowed" | "mend">;

/** Reports an error; returns false, so that rules can end in it. */
export function fault(
  out: Findings,
  pointer: string,
  value: unknown,
  message: string,
  more?: More,
): false {
  const found = describeValue(value);
  report(out.errors, { pointer, found, message, ...more });
  return false;
}

/** Reports a warning. */
export function warn(
  out: Findings,
  pointer: string,
  value: unknown,
  message: string,
  more?: More,
): void {
  const found = describeValue(value);
  report(out.warnings, { pointer, found, message, ...more });
}

/** Reports "expected WANTED, found VALUE" as an error. */
export function expected(
  out: Findings,
  pointer: string,
  value: unknown,
  wanted: string,
): false {
  const found = describeValue(value);
  const message = `expected ${wanted}, found ${found}`;
  return fault(out, pointer, value, message, { allowed: wanted });
}

/** A JSON pointer one name further down (RFC 6901, section 3). */
export function below(pointer: string, name: string): string {
  if (!name.includes("/") && !name.includes("~")) return `${pointer}/${name}`;
  return `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** Whether the value is a JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An own property of a JSON object; `undefined` for null and non-objects. */
export function property(value: unknown, name: string): unknown {
  if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
  return value[name] ?? undefined;
}

/** The elements of a JSON array; none where the value is no array. */
export function elements(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Any string. */
export function anyString(value: unknown, at: string, out: Findings): boolean {
  return typeof value === "string" || expected(out, at, value, "a string");
}

/** A string that may reach the kernel: it holds no NUL character. */
export function text(value: unknown, at: string, out: Findings): boolean {
  if (!anyString(value, at, out)) return false;
  return !(value as string).includes("\0") ||
    fault(out, at, value, `must not hold a NUL character, found ${q(value)}`);
}

/** Text that is not empty. */
export function someText(value: unknown, at: string, out: Findings): boolean {
  return text(value, at, out) &&
    (value !== "" || fault(out, at, value, "must not be empty"));
}

/** Text that starts with a slash. */
export function absolutePath(
  value: unknown,
  at: string,
  out: Findings,
): boolean {
  return text(value, at, out) && ((value as string).startsWith("/") ||
    fault(out, at, value, `must be an absolute path, found ${q(value)}`));
}

/** An absolute path, or "" for none. */
export function optionalPath(
  value: unknown,
  at: string,
  out: Findings,
): boolean {
  return value === "" || absolutePath(value, at, out);
}

/** `true` or `false`. */
export function bool(value: unknown, at: string, out: Findings): boolean {
  return typeof value === "boolean" ||
    expected(out, at, value, "true or false");
}

/** Text of at most so many bytes in UTF-8. */
export function textUpTo(bytes: number): Rule {
  return (value, at, out) => {
    if (!text(value, at, out)) return false;
    // A UTF-16 unit becomes three bytes at most.
    if ((value as string).length * 3 <= bytes) return true;
    const size = byteLength(value as string);
    return size <= bytes || fault(
      out,
      at,
      value,
      `must be at most ${bytes} bytes long, found ${size} bytes`,
    );
  };
}

/** Text that a pattern accepts; `wanted` says it in words. */
export function matching(pattern: RegExp, wanted: string): Rule {
  return (value, at, out) =>
    text(value, at, out) &&
    (pattern.test(value as string) || expected(out, at, value, wanted));
}

/** One of a few strings. */
export function oneOf(...words: readonly string[]): Rule {
  return (value, at, out) =>
    anyString(value, at, out) && (words.includes(value as string) ||
      expected(out, at, value, `one of ${words.map(quote).join(", ")}`));
}

/** An integer from `least` to `most`, both included. */
export function integer(least: number | bigint, most: number | bigint): Rule {
  return (value, at, out) => {
    const sound = typeof value === "bigint" || Number.isSafeInteger(value);
    return sound && (value as number) >= least && (value as number) <= most ||
      expected(out, at, value, `an integer from ${least} to ${most}`);
  };
}

/** An array whose elements all pass `rule`. */
export function list(rule: Rule, wanted = "an array", least = 0): Rule {
  return (value, at, out) => {
    if (!Array.isArray(value) || value.length < least) {
      return expected(out, at, value, wanted);
    }
    let sound = true;
    for (let i = 0; i < value.length && !isFull(out); i++) {
      if (!rule(value[i], `${at}/${i}`, out)) sound = false;
    }
    return sound;
  };
}

/** An object with free names whose values all pass `rule`. */
export function map(rule: Rule): Rule {
  return (value, at, out) => {
    if (!isObject(value)) return expected(out, at, value, "an object");
    let sound = true;
    for (const name of Object.keys(value)) {
      if (isFull(out)) break;
      if (!rule(value[name], below(at, name), out)) sound = false;
    }
    return sound;
  };
}

/** Passes when both rules do; the second is asked only after the first. */
export function both(first: Rule, second: Rule): Rule {
  return (value, at, out) => first(value, at, out) && second(value, at, out);
}

/**
 * A rule that is built when it is first needed: most of the schema is about
 * what a given configuration does not have, and start-up time counts.
 */
export function lazily(build: () => Rule): Rule {
  let rule: Rule | undefined;
  return (value, at, out) => (rule ??= build())(value, at, out);
}

/** Text that asks for what only Windows has; "" asks for nothing. */
export function windowsOnly(
  value: unknown,
  at: string,
  out: Findings,
): boolean {
  if (!anyString(value, at, out)) return false;
  return value === "" ||
    fault(out, at, value, `is for Windows: leave it out, found ${q(value)}`);
}

function q(value: unknown): string {
  return quote(value as string);
}
