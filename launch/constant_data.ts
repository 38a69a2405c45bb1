/**
 * The data of a program that does not change: its strings and structures.
 *
 * Strings lie below an address and grow downwards, structures lie above it and
 * grow upwards: the address of each is known as soon as it is added, and all
 * strings are encoded in one go.
 *
 * @module
 */

/** Every UTF-16 unit is a byte of UTF-8. */
const ASCII = /^[\0-\x7f]*$/;

/** Strings and structures, and where they lie in memory. */
export class ConstantData {
  readonly #addresses = new Map<string, number>();
  #stringBytes = 0;
  #bytes: Uint8Array<ArrayBuffer>;
  #length: number;
  /** A view of the bytes above the base; another one after `reserve`. */
  view: DataView;

  /**
   * @param base the address of the first byte above the strings
   * @param reserved how many bytes to leave free from there on
   */
  constructor(readonly base: number, reserved: number) {
    this.#length = reserved;
    this.#bytes = new Uint8Array(reserved + 16 * 1024);
    this.view = new DataView(this.#bytes.buffer);
  }

  /** The address of `text`, NUL-terminated. */
  string(text: string): number {
    let address = this.#addresses.get(text);
    if (address === undefined) {
      this.#stringBytes += 1 +
        (ASCII.test(text) ? text.length : encoder.encode(text).length);
      address = this.base - this.#stringBytes;
      this.#addresses.set(text, address);
    }
    return address;
  }

  /** Room for `size` bytes, aligned to 8: its offset in `view`. */
  reserve(size: number): number {
    const at = (this.#length + 7) & ~7;
    this.#length = at + size;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#length);
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.view = new DataView(larger.buffer);
    }
    return at;
  }

  /** Fills the room at the beginning. */
  put(bytes: Uint8Array): void {
    this.#bytes.set(bytes);
  }

  /** The bytes of all strings, which end at the base. */
  strings(): Uint8Array<ArrayBuffer> {
    const last = [...this.#addresses.keys()].reverse();
    return encoder.encode(last.length === 0 ? "" : `${last.join("\0")}\0`);
  }

  /** The bytes from the base on. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }
}

const encoder = /* @__PURE__ */ new TextEncoder();
