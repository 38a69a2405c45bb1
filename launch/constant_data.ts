/**
 * The data of a program that does not change: its strings and structures.
 *
 * Strings lie below an address and grow downwards, structures lie above it and
 * grow upwards: the address of each is known as soon as it is added, and all
 * strings are encoded in one go.
 *
 * @module
 */

import { byteLength, encodeText } from "../ffi/text.ts";

/** Bytes of a number. */
export type Size = 1 | 2 | 4 | 8;

/** Strings and structures, and where they lie in memory. */
export class ConstantData {
  readonly #addresses = new Map<string, number>();
  #stringBytes = 0;
  #bytes: Uint8Array<ArrayBuffer>;
  #length: number;
  #view: DataView<ArrayBuffer>;

  /**
   * @param base the address of the first byte above the strings
   * @param reserved how many bytes to leave free from there on
   * @param ascii whether to take all strings for ASCII: to see what they are
   * one by one takes time
   */
  constructor(
    readonly base: number,
    reserved: number,
    readonly ascii: boolean,
  ) {
    this.#length = reserved;
    this.#bytes = new Uint8Array(reserved + 16 * 1024);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** The address of `text`, NUL-terminated. */
  string(text: string): number {
    let address = this.#addresses.get(text);
    if (address === undefined) {
      const length = this.ascii ? text.length : byteLength(text);
      this.#stringBytes += length + 1;
      address = this.base - this.#stringBytes;
      this.#addresses.set(text, address);
    }
    return address;
  }

  /** Room for `size` bytes, aligned to 8: its offset. */
  reserve(size: number): number {
    const at = (this.#length + 7) & ~7;
    this.#length = at + size;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#length);
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }

  /** The address of a copy of `bytes`. */
  bytes(bytes: Uint8Array): number {
    const at = this.reserve(bytes.length);
    this.#bytes.set(bytes, at);
    return this.base + at;
  }

  /** Writes a number of so many bytes at an offset that was reserved. */
  put(at: number, size: Size, value: number | bigint): void {
    putNumber(this.#view, at, size, value);
  }

  /** Fills the room at the beginning. */
  begin(words: Uint32Array): void {
    new Uint32Array(this.#bytes.buffer).set(words);
  }

  /** How many bytes all strings have. */
  get stringBytes(): number {
    return this.#stringBytes;
  }

  /**
   * The bytes of all strings, which end at the base; undefined where they were
   * taken for ASCII and are not.
   */
  strings(): Uint8Array<ArrayBuffer> | undefined {
    const last = [...this.#addresses.keys()].reverse();
    const bytes = encodeText(last.length === 0 ? "" : `${last.join("\0")}\0`);
    // UTF-8 has a byte for each UTF-16 unit of ASCII, and more for any other.
    return bytes.length === this.#stringBytes ? bytes : undefined;
  }

  /** The bytes from the base on. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }
}

const HIGH = 2 ** 32;
/** What is too large for so many bytes. */
const LIMITS: Readonly<Record<Size, number>> = {
  1: 2 ** 8,
  2: 2 ** 16,
  4: HIGH,
  8: 2 ** 64,
};

/**
 * Writes a little-endian number; a negative one as two's complement.
 * @throws {RangeError} it does not fit: a part of it would be another number
 */
export function putNumber(
  view: DataView,
  at: number,
  size: Size,
  value: number | bigint,
): void {
  const most = LIMITS[size];
  if (value >= most || value < most / -2) {
    throw new RangeError(`${value} does not fit into ${size} bytes`);
  }
  if (typeof value === "bigint") {
    if (size === 8) view.setBigUint64(at, BigInt.asUintN(64, value), true);
    else putNumber(view, at, size, Number(value));
  } else if (size === 8) {
    view.setUint32(at, value, true);
    if (value < 0 || value >= HIGH) {
      view.setUint32(at + 4, Math.floor(value / HIGH), true);
    }
  } else if (size === 4) view.setUint32(at, value, true);
  else if (size === 2) view.setUint16(at, value, true);
  else view.setUint8(at, value);
}
