/**
 * JSON (RFC 8259), exactly: integers beyond what a `number` holds are
 * `bigint`s, and an error in a text says the line and the column.
 *
 * @module
 */
import { quote } from "./quote.ts";

/** Why a text is not usable JSON; the message holds line and column. */
export class JsonTextError extends Error {
  /** Makes the error with its name set. */
  constructor(message: string) {
    super(message);
    this.name = "JsonTextError";
  }
}

/** Deepest nesting that is read. */
const DEPTH_MAX = 256;

/**
 * Parses UTF-8 JSON; a byte order mark at the start is skipped. Properties
 * that are `null` are left out, as the Go peers take them, unless they are to
 * be kept. Of properties of one name the last one counts, as for the peers.
 *
 * @throws {JsonTextError} not UTF-8, not JSON, or nested too deeply
 */
export function parseJson(bytes: Uint8Array, keepNull = false): unknown {
  let source: string;
  try {
    source = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new JsonTextError(describeBadUtf8(bytes));
  }
  try {
    const value: unknown = JSON.parse(source);
    const walk = { keepNull, deep: false, inexact: false };
    const tidied = tidy(value, 0, walk);
    if (walk.deep) throw new JsonTextError(describeFault(source));
    if (!walk.inexact) return tidied;
    return tidy(JSON.parse(source, exactInteger), 0, walk);
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new JsonTextError(describeFault(source));
    }
    throw error;
  }
}

/** A value as JSON, integers of any size with all their digits. */
export function toJson(value: unknown): string {
  return JSON.stringify(
    value,
    (_key, one) => typeof one === "bigint" ? rawJSON(String(one)) : one,
  );
}

const { rawJSON } = JSON as unknown as {
  /** Stands for a JSON text of its own (ECMAScript, JSON.rawJSON). */
  rawJSON(text: string): unknown;
};

function exactInteger(
  _key: string,
  value: unknown,
  context?: { source?: string },
): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  return integerOf(context?.source ?? "") ?? value;
}

/** Most digits of an integer that is read exactly. */
const DIGITS_MAX = 40;

/** The integer that a number of JSON is, such as 25 for "2.50e1". */
function integerOf(source: string): bigint | undefined {
  const parts = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/
    .exec(source);
  if (parts === null) return undefined;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = parts;
  const zeros = Number(exponent) - fraction.length;
  const digits = whole + fraction;
  const end = digits.length + zeros;
  if (end < 1 || end > DIGITS_MAX || !/^0*$/.test(digits.slice(end))) {
    return undefined;
  }
  return BigInt(sign + digits.slice(0, end).padEnd(end, "0"));
}

/** How to tidy, and what was found. */
interface Walk {
  readonly keepNull: boolean;
  /** Whether something is nested too deeply. */
  deep: boolean;
  /** Whether there are integers that may be rounded. */
  inexact: boolean;
}

/** Takes `null` properties out of objects, unless they are kept. */
function tidy(value: unknown, depth: number, walk: Walk): unknown {
  if (typeof value === "number") {
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      walk.inexact = true;
    }
  } else if (typeof value === "object" && value !== null) {
    if (depth >= DEPTH_MAX) walk.deep = true;
    else if (Array.isArray(value)) tidyArray(value, depth + 1, walk);
    else tidyObject(value as Record<string, unknown>, depth + 1, walk);
  }
  return value;
}

// Most values are strings: they are not worth a call.

function tidyArray(holder: readonly unknown[], depth: number, walk: Walk) {
  for (let i = 0; i < holder.length; i++) {
    const inner = holder[i];
    if (typeof inner !== "string") tidy(inner, depth, walk);
  }
}

function tidyObject(
  holder: Record<string, unknown>,
  depth: number,
  walk: Walk,
): void {
  for (const name in holder) {
    const inner = holder[name];
    if (inner === null) {
      if (!walk.keepNull) delete holder[name];
    } else if (typeof inner !== "string") tidy(inner, depth, walk);
  }
}

function place(source: string, offset: number): string {
  const before = source.slice(0, offset);
  const start = before.lastIndexOf("\n") + 1;
  const line = before.split("\n").length;
  // A character of two UTF-16 units counts as one.
  const pairs = before.slice(start).match(/[\udc00-\udfff]/g)?.length ?? 0;
  return `line ${line}, column ${offset - start - pairs + 1}`;
}

function describeBadUtf8(bytes: Uint8Array): string {
  const source = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const again = new TextEncoder().encode(source);
  const offset = bytes.findIndex((byte, i) => byte !== again[i]);
  const before = new TextDecoder().decode(bytes.subarray(0, offset));
  const byte = bytes[offset]!.toString(16).padStart(2, "0");
  return `not UTF-8 at ${place(before, before.length)}: byte 0x${byte}`;
}

/** Scans a text that is known to be unusable for its first fault. */
function describeFault(source: string): string {
  const scan = { source, at: 0 };
  const fault = findFault(scan);
  const where = place(source, scan.at);
  if (fault === "deep") {
    return `nested more than ${DEPTH_MAX} levels deep at ${where}`;
  }
  if (scan.at >= source.length) {
    return `not JSON: ends too early at ${where}, expected ${fault}`;
  }
  const found = quote(String.fromCodePoint(source.codePointAt(scan.at)!));
  return `not JSON at ${where}: expected ${fault}, found ${found}`;
}

interface Scan {
  readonly source: string;
  at: number;
}

/** Moves to the first fault; returns what was expected there. */
function findFault(scan: Scan): string {
  const open: string[] = [];
  let wanted: "value" | "value or ]" | "name" | "name or }" | "end" = "value";
  while (true) {
    take(scan, /[ \t\r\n]*/y);
    const c = scan.source[scan.at] ?? "";
    if (wanted === "end") {
      const last = open.at(-1);
      if (last === undefined) {
        return "the end of the text";
      }
      if (c === last) open.pop();
      else if (c === ",") wanted = last === "]" ? "value" : "name";
      else return `"," or "${last}"`;
      scan.at++;
    } else if (wanted === "name" || wanted === "name or }") {
      if (c === "}" && wanted === "name or }") {
        open.pop();
        scan.at++;
        wanted = "end";
        continue;
      }
      if (c !== '"') {
        return wanted === "name" ? "a property name" : 'a property name or "}"';
      }
      const fault = stringFault(scan);
      if (fault !== undefined) return fault;
      take(scan, /[ \t\r\n]*/y);
      if (scan.source[scan.at] !== ":") return '":"';
      scan.at++;
      wanted = "value";
    } else if (c === "]" && wanted === "value or ]") {
      open.pop();
      scan.at++;
      wanted = "end";
    } else if (c === "{" || c === "[") {
      if (open.length === DEPTH_MAX) return "deep";
      open.push(c === "{" ? "}" : "]");
      scan.at++;
      wanted = c === "{" ? "name or }" : "value or ]";
    } else {
      const fault = c === '"' ? stringFault(scan) : scalarFault(scan, wanted);
      if (fault !== undefined) return fault;
      wanted = "end";
    }
  }
}

function scalarFault(scan: Scan, wanted: string): string | undefined {
  const scalar =
    /(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)/y;
  if (take(scan, scalar)) return undefined;
  return wanted === "value" ? "a value" : 'a value or "]"';
}

function stringFault(scan: Scan): string | undefined {
  scan.at++;
  while (true) {
    // deno-lint-ignore no-control-regex
    take(scan, /[^"\\\x00-\x1f]*/y);
    const c = scan.source[scan.at];
    if (c === '"') {
      scan.at++;
      return undefined;
    }
    if (c !== "\\") return 'a character of a string or its closing "';
    if (!take(scan, /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y)) {
      return "an escape sequence of JSON";
    }
  }
}

function take(scan: Scan, pattern: RegExp): boolean {
  pattern.lastIndex = scan.at;
  const length = pattern.exec(scan.source)?.[0].length;
  scan.at += length ?? 0;
  return length !== undefined;
}
