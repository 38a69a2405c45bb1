/**
 * Values of unit properties as annotations write them, in GVariant's text
 * format: `uint64 5`, `'text'`, `['a', 'b']`, `[('/dev/null', 'rw')]`.
 *
 * Source: GLib's "GVariant Text Format". Of it this reads what properties of
 * units are made of: booleans, numbers, strings, arrays and tuples.
 *
 * @module
 */

import { completeTypes, type Value, type Variant } from "./wire.ts";

/** Words that say a number's type, or a string's. */
const KEYWORDS: Readonly<Record<string, string>> = {
  boolean: "b",
  byte: "y",
  int16: "n",
  uint16: "q",
  int32: "i",
  uint32: "u",
  int64: "x",
  uint64: "t",
  double: "d",
  string: "s",
  objectpath: "o",
  signature: "g",
};

/** How many bits an integer type has; signed ones are negative. */
const BITS: Readonly<Record<string, number>> = {
  y: 8,
  n: -16,
  q: 16,
  i: -32,
  u: 32,
  x: -64,
  t: 64,
};

const ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/**
 * Reads a value.
 * @throws {RangeError} it is none; the message says where
 */
export function parseVariant(text: string): Variant {
  const parser = new Parser(text);
  const variant = parser.value(undefined);
  parser.end();
  return variant;
}

class Parser {
  #at = 0;

  constructor(readonly text: string) {}

  /** The next value, of a type that is known or to be found out. */
  value(type: string | undefined): Variant {
    const next = this.#peek();
    if (next === "@") return this.#annotated(type);
    if (next === "[") return this.#array(type);
    if (next === "(") return this.#tuple(type);
    if (next === "'" || next === '"') return this.#string(type ?? "s");
    const word = this.#match(/[A-Za-z0-9]+/y);
    if (word !== undefined && Object.hasOwn(KEYWORDS, word)) {
      const said = KEYWORDS[word]!;
      if (type !== undefined && type !== said) throw this.#wrong(type);
      return this.value(said);
    }
    if (word === "true" || word === "false") {
      if (type !== undefined && type !== "b") throw this.#wrong(type);
      return { type: "b", value: word === "true" };
    }
    this.#at -= word?.length ?? 0;
    return this.#number(type ?? "i");
  }

  /** Nothing may follow. */
  end(): void {
    if (this.#peek() !== "") throw this.#wrong("the end");
  }

  #annotated(type: string | undefined): Variant {
    this.#at++;
    const said = this.#match(/[a-z(){}]+/y) ?? "";
    if (!isType(said) || type !== undefined && type !== said) {
      throw this.#wrong(type ?? "a type");
    }
    return this.value(said);
  }

  #array(type: string | undefined): Variant {
    if (type !== undefined && type[0] !== "a") throw this.#wrong(type);
    const elements: Value[] = [];
    let element = type?.slice(1);
    this.#list("[", "]", () => {
      const variant = this.value(element);
      element ??= variant.type;
      elements.push(variant.value);
    });
    if (element === undefined) throw this.#wrong("a type, such as @as []");
    const value = element === "y"
      ? new Uint8Array(elements as number[])
      : elements;
    return { type: `a${element}`, value };
  }

  #tuple(type: string | undefined): Variant {
    if (type !== undefined && type[0] !== "(") throw this.#wrong(type);
    const wanted = type === undefined
      ? undefined
      : completeTypes(type.slice(1, -1));
    const members: Variant[] = [];
    this.#list("(", ")", () => {
      if (wanted !== undefined && members.length >= wanted.length) {
        throw this.#wrong(type!);
      }
      members.push(this.value(wanted?.[members.length]));
    });
    if (members.length === 0 || members.length < (wanted?.length ?? 0)) {
      throw this.#wrong(type ?? "a member");
    }
    const types = members.map((member) => member.type).join("");
    return { type: `(${types})`, value: members.map(({ value }) => value) };
  }

  /** Elements with commas between them; one may stand at the end. */
  #list(open: string, close: string, element: () => void): void {
    this.#expect(open);
    while (this.#peek() !== close) {
      element();
      if (this.#peek() === close) break;
      this.#expect(",");
    }
    this.#expect(close);
  }

  #string(type: string): Variant {
    if (!"sog".includes(type)) throw this.#wrong(type);
    const quote = this.text[this.#at++]!;
    let value = "";
    for (;;) {
      const next = this.text[this.#at++];
      if (next === undefined || next === "\0") throw this.#wrong(`a ${quote}`);
      if (next === quote) break;
      value += next === "\\" ? this.#escaped() : next;
    }
    if (type === "g" && !isSignature(value)) throw this.#wrong("a signature");
    return { type, value };
  }

  #escaped(): string {
    const code = this.#match(/u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}/y);
    if (code !== undefined) {
      const point = parseInt(code.slice(1), 16);
      if (point === 0 || point > 0x10ffff) throw this.#wrong("a character");
      return String.fromCodePoint(point);
    }
    const next = this.text[this.#at++];
    if (next === undefined) throw this.#wrong("a character");
    return ESCAPES[next] ?? next;
  }

  #number(type: string): Variant {
    const word = this.#match(/[+-]?[0-9A-Za-z.]+/y) ?? "";
    if (type === "d") {
      const value = Number(word);
      if (word === "" || !Number.isFinite(value)) throw this.#wrong("a number");
      return { type, value };
    }
    const bits = BITS[type];
    const digits = /^([+-]?)(0x[0-9A-Fa-f]+|0[0-7]*|[1-9][0-9]*)$/.exec(word);
    if (bits === undefined || digits === null) throw this.#wrong(type);
    const [, sign = "", body = ""] = digits;
    const octal = /^0[0-7]/.test(body);
    const size = BigInt(octal ? `0o${body.slice(1)}` : body);
    const number = sign === "-" ? -size : size;
    const fits = bits < 0
      ? BigInt.asIntN(-bits, number) === number
      : BigInt.asUintN(bits, number) === number;
    if (!fits) throw this.#wrong(`a number of the type "${type}"`);
    const value = Math.abs(bits) === 64 ? number : Number(number);
    return { type, value };
  }

  /** The next character that is no space; "" at the end. */
  #peek(): string {
    while (/\s/.test(this.text[this.#at] ?? "")) this.#at++;
    return this.text[this.#at] ?? "";
  }

  #expect(character: string): void {
    if (this.#peek() !== character) throw this.#wrong(`"${character}"`);
    this.#at++;
  }

  /** What a sticky expression matches here. */
  #match(expression: RegExp): string | undefined {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #wrong(wanted: string): RangeError {
    return new RangeError(
      `expected ${wanted} at character ${this.#at + 1} of ${
        JSON.stringify(this.text)
      }`,
    );
  }
}

function isType(text: string): boolean {
  return isSignature(text) && completeTypes(text).length === 1;
}

function isSignature(text: string): boolean {
  try {
    completeTypes(text);
    return true;
  } catch {
    return false;
  }
}
