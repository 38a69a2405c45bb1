const ENCODER = /* @__PURE__ */ new TextEncoder();

/**
 * The bytes of a program that do not change: room for its instructions, then
 * strings and structures, each distinct one stored once.
 */
export class ConstantData {
  readonly #base: number;
  readonly #strings = new Map<string, number>();
  readonly #structures = new Map<string, number>();
  #bytes: Uint8Array<ArrayBuffer>;
  #length: number;
  /** A view of all bytes; another one after an append. */
  view: DataView;

  /**
   * @param base the address of the first byte
   * @param reserved how many bytes to leave free at the beginning
   */
  constructor(base: number, reserved: number) {
    this.#base = base;
    this.#length = reserved;
    this.#bytes = new Uint8Array(reserved + 16 * 1024);
    this.view = new DataView(this.#bytes.buffer);
  }

  /** The address of `text`, NUL-terminated. */
  string(text: string): number {
    let address = this.#strings.get(text);
    if (address === undefined) {
      address = this.#append(ENCODER.encode(`${text}\0`));
      this.#strings.set(text, address);
    }
    return address;
  }

  /** The address of a structure, aligned to 8 bytes. */
  bytes(bytes: Uint8Array): number {
    const key = bytes.join();
    let address = this.#structures.get(key);
    if (address === undefined) {
      this.#length = (this.#length + 7) & ~7;
      address = this.#append(bytes);
      this.#structures.set(key, address);
    }
    return address;
  }

  /** All bytes. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  #append(bytes: Uint8Array): number {
    const at = this.#length;
    const end = at + bytes.length;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(2 * end);
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.view = new DataView(larger.buffer);
    }
    this.#bytes.set(bytes, at);
    this.#length = end;
    return this.#base + at;
  }
}
