const ENCODER = /* @__PURE__ */ new TextEncoder();

/**
 * The bytes of a program that do not change: room for its instructions, then
 * strings and structures, each distinct one stored once.
 */
export class ConstantData {
  readonly #strings = new Map<string, number>();
  #bytes: Uint8Array<ArrayBuffer>;
  #length: number;
  /** A view of all bytes; another one after an append. */
  view: DataView;

  /**
   * @param base the address of the first byte
   * @param reserved how many bytes to leave free at the beginning
   */
  constructor(readonly base: number, reserved: number) {
    this.#length = reserved;
    this.#bytes = new Uint8Array(reserved + 16 * 1024);
    this.view = new DataView(this.#bytes.buffer);
  }

  /** The address of `text`, NUL-terminated. */
  string(text: string): number {
    let address = this.#strings.get(text);
    if (address === undefined) {
      const at = this.#length;
      // A UTF-16 unit takes at most three bytes of UTF-8.
      this.#grow(at + 3 * text.length + 1);
      const { written } = ENCODER.encodeInto(text, this.#bytes.subarray(at));
      this.#length = at + written;
      this.#bytes[this.#length++] = 0;
      address = this.base + at;
      this.#strings.set(text, address);
    }
    return address;
  }

  /** Room for `size` bytes, aligned to 8: its offset in `view`. */
  reserve(size: number): number {
    const at = (this.#length + 7) & ~7;
    this.#grow(at + size);
    return at;
  }

  /** Fills the room at the beginning. */
  put(bytes: Uint8Array): void {
    this.#bytes.set(bytes);
  }

  /** All bytes. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  #grow(length: number): void {
    this.#length = length;
    if (length <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * length);
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.view = new DataView(larger.buffer);
  }
}
