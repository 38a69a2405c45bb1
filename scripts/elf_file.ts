/**
 * Reading and changing a dynamically linked 64-bit ELF file, elf(5).
 *
 * @module
 */

const PT_LOAD = 1, PT_DYNAMIC = 2, PT_NOTE = 4;
const PF_X = 1, PF_R = 4;
const DT_STRTAB = 5n, DT_SYMTAB = 6n, DT_RELA = 7n, DT_RELASZ = 8n;
const DT_PLTRELSZ = 2n, DT_JMPREL = 23n;
/** Relocations that put a symbol's address into a slot, on x86_64. */
const R_GLOB_DAT = 6, R_JUMP_SLOT = 7;
const PROGRAM_HEADER = 56, SYMBOL = 24, RELOCATION = 24;

/** A part of the file that is loaded, readable and executable. */
export interface LoadSegment {
  readonly offset: bigint;
  readonly address: bigint;
  /** Bytes. */
  readonly size: number;
}

interface ProgramHeader {
  readonly type: number;
  readonly offset: bigint;
  readonly address: bigint;
  readonly fileSize: bigint;
  readonly memorySize: bigint;
}

/** An ELF file in memory; what is set is changed in `bytes`. */
export class ElfFile {
  readonly #view: DataView;

  /** @throws {Error} `bytes` are no 64-bit little-endian ELF file */
  constructor(readonly bytes: Uint8Array) {
    this.#view = new DataView(
      bytes.buffer,
      bytes.byteOffset,
      bytes.byteLength,
    );
    const magic = [0x7f, 0x45, 0x4c, 0x46, 2, 1];
    if (!magic.every((byte, i) => bytes[i] === byte)) {
      throw new Error("it is no 64-bit ELF file");
    }
  }

  /** The address of the first instruction. */
  get entry(): bigint {
    return this.#u64(24);
  }

  set entry(address: bigint) {
    this.#view.setBigUint64(24, address, true);
  }

  /** The first address above everything that is loaded. */
  get end(): bigint {
    return this.#headers().filter(({ type }) => type === PT_LOAD)
      .map(({ address, memorySize }) => address + memorySize)
      .reduce((a, b) => a > b ? a : b, 0n);
  }

  /**
   * The address where the dynamic linker puts the address of a function that
   * comes from a library.
   *
   * @throws {Error} the file does not use that function
   */
  importSlot(name: string): bigint {
    const dynamic = this.#dynamic();
    const at = (tag: bigint) => {
      const value = dynamic.get(tag);
      if (value === undefined) throw new Error(`it has no dynamic tag ${tag}`);
      return value;
    };
    const strings = this.#offset(at(DT_STRTAB));
    const symbols = this.#offset(at(DT_SYMTAB));
    const tables = [
      [at(DT_RELA), at(DT_RELASZ)],
      [at(DT_JMPREL), at(DT_PLTRELSZ)],
    ] as const;
    for (const [address, size] of tables) {
      const start = this.#offset(address);
      for (let p = start; p < start + Number(size); p += RELOCATION) {
        const type = this.#view.getUint32(p + 8, true);
        if (type !== R_GLOB_DAT && type !== R_JUMP_SLOT) continue;
        const symbol = symbols + this.#view.getUint32(p + 12, true) * SYMBOL;
        const text = strings + this.#view.getUint32(symbol, true);
        if (this.#text(text) === name) return this.#u64(p);
      }
    }
    throw new Error(`it does not import ${name}`);
  }

  /**
   * Puts `segment`, which lies above all others, into the program headers in
   * place of the first note (the ABI tag and build ID, which nobody reads).
   *
   * @throws {Error} there is no note
   */
  replaceNote({ offset, address, size }: LoadSegment): void {
    const headers = this.#headers();
    const note = headers.findIndex(({ type }) => type === PT_NOTE);
    if (note < 0) throw new Error("it has no note to replace");
    const start = Number(this.#u64(32));
    const rows = headers.map((_, i) =>
      this.bytes.slice(
        start + i * PROGRAM_HEADER,
        start + (i + 1) * PROGRAM_HEADER,
      )
    );
    const row = new DataView(new ArrayBuffer(PROGRAM_HEADER));
    row.setUint32(0, PT_LOAD, true);
    row.setUint32(4, PF_R | PF_X, true);
    row.setBigUint64(8, offset, true);
    row.setBigUint64(16, address, true);
    row.setBigUint64(24, address, true);
    row.setBigUint64(32, BigInt(size), true);
    row.setBigUint64(40, BigInt(size), true);
    row.setBigUint64(48, 4096n, true);
    // Loaded segments have to be in the order of their addresses.
    const last = headers.findLastIndex(({ type }) => type === PT_LOAD);
    rows.splice(last + 1, 0, new Uint8Array(row.buffer));
    rows.splice(note < last + 1 ? note : note + 1, 1);
    rows.forEach((bytes, i) =>
      this.bytes.set(bytes, start + i * PROGRAM_HEADER)
    );
  }

  #headers(): ProgramHeader[] {
    const start = Number(this.#u64(32));
    const count = this.#view.getUint16(56, true);
    return Array.from({ length: count }, (_, i) => {
      const p = start + i * PROGRAM_HEADER;
      return {
        type: this.#view.getUint32(p, true),
        offset: this.#u64(p + 8),
        address: this.#u64(p + 16),
        fileSize: this.#u64(p + 32),
        memorySize: this.#u64(p + 40),
      };
    });
  }

  #dynamic(): Map<bigint, bigint> {
    const header = this.#headers().find(({ type }) => type === PT_DYNAMIC);
    if (header === undefined) throw new Error("it is statically linked");
    const entries = new Map<bigint, bigint>();
    const start = Number(header.offset);
    for (let p = start; p < start + Number(header.fileSize); p += 16) {
      entries.set(this.#u64(p), this.#u64(p + 8));
    }
    return entries;
  }

  /** Where in the file the byte at an address is. */
  #offset(address: bigint): number {
    const found = this.#headers().find((header) =>
      header.type === PT_LOAD && address >= header.address &&
      address < header.address + header.fileSize
    );
    if (found === undefined) throw new Error(`nothing is at ${address}`);
    return Number(found.offset + address - found.address);
  }

  #u64(offset: number): bigint {
    return this.#view.getBigUint64(offset, true);
  }

  #text(offset: number): string {
    const end = this.bytes.indexOf(0, offset);
    return new TextDecoder().decode(this.bytes.subarray(offset, end));
  }
}
