/**
 * D-Bus values as bytes, in little-endian order.
 *
 * Source: the D-Bus specification, "Type System" and "Marshaling (Wire
 * Format)".
 *
 * @module
 */

/** A value of any type, and its type: what D-Bus calls a variant. */
export interface Variant {
  /** One complete type, such as `s` or `a(sv)`. */
  readonly type: string;
  readonly value: Value;
}

/**
 * A value; its type stands beside it. Numbers of 64 bits are bigints, structs
 * and entries of dictionaries are arrays, and `ay` is a Uint8Array.
 */
export type Value =
  | boolean
  | number
  | bigint
  | string
  | Variant
  | Uint8Array
  | readonly Value[];

/** Bytes of each type of a fixed size; it is aligned to as many. */
const SIZE: Readonly<Record<string, number>> = {
  y: 1,
  n: 2,
  q: 2,
  b: 4,
  i: 4,
  u: 4,
  x: 8,
  t: 8,
  d: 8,
};

/** To how many bytes a type is aligned. */
function alignment(type: string): number {
  const code = type[0]!;
  if ("gv".includes(code)) return 1;
  return "({".includes(code) ? 8 : SIZE[code] ?? 4;
}

/** How deep types may lie in each other. */
const MAX_DEPTH = 32;

/**
 * The complete types that a signature consists of.
 * @throws {TypeError} it is no signature
 */
export function completeTypes(signature: string): string[] {
  const types: string[] = [];
  for (let at = 0; at < signature.length;) {
    const end = typeEnd(signature, at, 0);
    types.push(signature.slice(at, end));
    at = end;
  }
  return types;
}

/** The index behind the complete type that begins at `at`. */
function typeEnd(signature: string, at: number, depth: number): number {
  const wrong = () => new TypeError(`no D-Bus signature: "${signature}"`);
  const code = signature[at];
  if (code === undefined || depth > MAX_DEPTH) throw wrong();
  if ("ybnqiuxtdsogv".includes(code)) return at + 1;
  if (code === "a") return typeEnd(signature, at + 1, depth + 1);
  const close = code === "(" ? ")" : code === "{" ? "}" : undefined;
  if (close === undefined) throw wrong();
  // An entry of a dictionary has a basic key, and is in an array.
  if (code === "{" && signature[at - 1] !== "a") throw wrong();
  let count = 0;
  let next = at + 1;
  while (signature[next] !== close) {
    next = typeEnd(signature, next, depth + 1);
    count++;
  }
  if (code === "{" ? count !== 2 : count === 0) throw wrong();
  return next + 1;
}

const encoder = /* @__PURE__ */ new TextEncoder();
const decoder = /* @__PURE__ */ new TextDecoder("utf-8", { fatal: true });

/** Puts values behind each other. */
export class Writer {
  #bytes = new Uint8Array(512);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** What was written. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  /** Pads with zeros to a multiple of `size`. */
  align(size: number): void {
    this.#grow(-this.#length & (size - 1));
  }

  /** Adds bytes as they are. */
  raw(bytes: Uint8Array): void {
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /**
   * Adds a value of one complete type.
   * @throws {TypeError | RangeError} the value is none of that type
   */
  put(type: string, value: Value): void {
    const code = type[0]!;
    this.align(alignment(type));
    if (code === "v") {
      const variant = value as Variant;
      this.put("g", variant.type);
      this.put(variant.type, variant.value);
    } else if (code === "a") this.#array(type.slice(1), value);
    else if (code === "(" || code === "{") {
      this.#fields(completeTypes(type.slice(1, -1)), value);
    } else if ("sog".includes(code)) this.#text(code, value);
    else this.#number(code, value);
  }

  /** Adds values of the types of a signature. */
  putAll(signature: string, values: readonly Value[]): void {
    this.#fields(completeTypes(signature), values);
  }

  #fields(types: readonly string[], value: Value): void {
    if (!Array.isArray(value) || value.length !== types.length) {
      throw new TypeError(`want ${types.length} values of ${types.join("")}`);
    }
    types.forEach((type, i) => this.put(type, value[i]));
  }

  #array(type: string, value: Value): void {
    const length = this.#grow(4);
    this.align(alignment(type));
    const start = this.#length;
    if (value instanceof Uint8Array && type === "y") this.raw(value);
    else {
      if (!Array.isArray(value)) {
        throw new TypeError(`want an array of ${type}`);
      }
      for (const element of value) this.put(type, element);
    }
    this.#view.setUint32(length, this.#length - start, true);
  }

  #text(code: string, value: Value): void {
    if (typeof value !== "string" || value.includes("\0")) {
      throw new TypeError("want a string without NUL");
    }
    if (code === "g") completeTypes(value);
    const bytes = encoder.encode(value);
    if (code === "g") this.put("y", bytes.length);
    else this.put("u", bytes.length);
    this.raw(bytes);
    this.#grow(1);
  }

  #number(code: string, value: Value): void {
    if (code === "b") value = value === true ? 1 : value === false ? 0 : value;
    const size = SIZE[code]!;
    const at = this.#grow(size);
    const view = this.#view;
    if (code === "d") return view.setFloat64(at, Number(value), true);
    const number = BigInt(value as bigint);
    const bits = 8 * size;
    const fits = code === "b"
      ? number === 0n || number === 1n
      : "nix".includes(code)
      ? BigInt.asIntN(bits, number) === number
      : BigInt.asUintN(bits, number) === number;
    if (!fits) {
      throw new RangeError(`${number} is out of the range of "${code}"`);
    }
    const unsigned = BigInt.asUintN(bits, number);
    if (size === 8) view.setBigUint64(at, unsigned, true);
    else if (size === 4) view.setUint32(at, Number(unsigned), true);
    else if (size === 2) view.setUint16(at, Number(unsigned), true);
    else view.setUint8(at, Number(unsigned));
  }

  /** Makes room for `count` bytes of zero, and answers where. */
  #grow(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#length);
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }
}

/** Reads values that stand behind each other. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  /** @param bytes the first of them is aligned to 8 */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** How many bytes were read. */
  get position(): number {
    return this.#at;
  }

  /** Passes by what pads to a multiple of `size`. */
  align(size: number): void {
    this.#take(-this.#at & (size - 1));
  }

  /**
   * The next value, of one complete type.
   * @throws {RangeError | TypeError} the bytes are none of that type
   */
  get(type: string): Value {
    const code = type[0]!;
    this.align(alignment(type));
    if (code === "v") {
      const inner = this.get("g") as string;
      const types = completeTypes(inner);
      if (types.length !== 1) throw new TypeError(`no variant's: "${inner}"`);
      return { type: inner, value: this.get(inner) };
    }
    if (code === "a") return this.#array(type.slice(1));
    if (code === "(" || code === "{") return this.getAll(type.slice(1, -1));
    if (code === "g") return this.#text(this.get("y") as number);
    if (code === "s" || code === "o") {
      return this.#text(this.get("u") as number);
    }
    return this.#number(code);
  }

  /** The next values, of the types of a signature. */
  getAll(signature: string): Value[] {
    return completeTypes(signature).map((type) => this.get(type));
  }

  #array(type: string): Value {
    const length = this.get("u") as number;
    this.align(alignment(type));
    if (type === "y") {
      const at = this.#take(length);
      return this.#bytes.slice(at, at + length);
    }
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError("it ends too early");
    const values: Value[] = [];
    while (this.#at < end) values.push(this.get(type));
    return values;
  }

  #text(length: number): string {
    const at = this.#take(length + 1);
    return decoder.decode(this.#bytes.subarray(at, at + length));
  }

  #number(code: string): Value {
    const at = this.#take(SIZE[code]!);
    const view = this.#view;
    switch (code) {
      case "y":
        return view.getUint8(at);
      case "b":
        return view.getUint32(at, true) === 1;
      case "n":
        return view.getInt16(at, true);
      case "q":
        return view.getUint16(at, true);
      case "i":
        return view.getInt32(at, true);
      case "u":
        return view.getUint32(at, true);
      case "x":
        return view.getBigInt64(at, true);
      case "t":
        return view.getBigUint64(at, true);
      default:
        return view.getFloat64(at, true);
    }
  }

  #take(count: number): number {
    const at = this.#at;
    if (at + count > this.#bytes.length) {
      throw new RangeError("it ends too early");
    }
    this.#at += count;
    return at;
  }
}
