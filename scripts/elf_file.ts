/**
 * Reading and changing a dynamically linked 64-bit ELF file, elf(5).
 *
 * @module
 */

/** Types of program headers. */
export const PT = { LOAD: 1, DYNAMIC: 2, NOTE: 4 } as const;
/** Tags of the dynamic section. */
export const DT = {
  PLTRELSZ: 2n,
  STRTAB: 5n,
  SYMTAB: 6n,
  RELA: 7n,
  RELASZ: 8n,
  JMPREL: 23n,
} as const;
/** Relocations on x86_64: what they put into their place. */
export const R_X86_64 = {
  /** A symbol's address and a number. */
  WORD: 1,
  /** A symbol's address. */
  GLOB_DAT: 6,
  /** A function's address. */
  JUMP_SLOT: 7,
  /** The address at which the file is loaded and a number. */
  RELATIVE: 8,
} as const;
/** Bytes of a row of the tables: of a symbol, of a relocation. */
export const SYMBOL = 24, RELOCATION = 24;

const PF_X = 1, PF_W = 2, PF_R = 4;
const PROGRAM_HEADER = 56;

/** A part of the file that is loaded, readable and executable. */
export interface LoadSegment {
  readonly offset: bigint;
  readonly address: bigint;
  /** Bytes. */
  readonly size: number;
}

/** A row of the table of program headers. */
export interface ProgramHeader {
  readonly type: number;
  /** Where in the file its bytes are. */
  readonly offset: bigint;
  readonly address: bigint;
  readonly fileSize: bigint;
  readonly memorySize: bigint;
  /** Where in the file the row itself is. */
  readonly row: number;
}

/** An entry of the dynamic section. */
export interface DynamicEntry {
  readonly value: bigint;
  /** Where in the file the value is. */
  readonly at: number;
}

/** An ELF file in memory; what is set is changed in `bytes`. */
export class ElfFile {
  /** For numbers in `bytes`. */
  readonly view: DataView;

  /** @throws {Error} `bytes` are no 64-bit little-endian ELF file */
  constructor(readonly bytes: Uint8Array) {
    this.view = new DataView(
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
    return this.u64(24);
  }

  set entry(address: bigint) {
    this.view.setBigUint64(24, address, true);
  }

  /** The first address above everything that is loaded. */
  get end(): bigint {
    return this.headers().filter(({ type }) => type === PT.LOAD)
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
    const [row] = this.#imports(name);
    if (row === undefined) throw new Error(`it does not import ${name}`);
    return this.u64(row);
  }

  /**
   * Lets the file use its own code at `address` for a function of a library.
   *
   * @throws {Error} the file does not use that function
   */
  replaceImport(name: string, address: bigint): void {
    const rows = [...this.#imports(name)];
    if (rows.length === 0) throw new Error(`it does not import ${name}`);
    for (const row of rows) {
      this.view.setBigUint64(row + 8, BigInt(R_X86_64.RELATIVE), true);
      this.view.setBigUint64(row + 16, address, true);
    }
  }

  /** The relocations that a function's address is for. */
  *#imports(name: string): Generator<number> {
    const strings = this.offset(this.dynamic(DT.STRTAB).value);
    const symbols = this.offset(this.dynamic(DT.SYMTAB).value);
    const tables = [
      [this.dynamic(DT.RELA).value, this.dynamic(DT.RELASZ).value],
      [this.dynamic(DT.JMPREL).value, this.dynamic(DT.PLTRELSZ).value],
    ] as const;
    for (const [address, size] of tables) {
      const start = this.offset(address);
      for (let p = start; p < start + Number(size); p += RELOCATION) {
        const type = this.view.getUint32(p + 8, true);
        if (type !== R_X86_64.GLOB_DAT && type !== R_X86_64.JUMP_SLOT) continue;
        const symbol = symbols + this.view.getUint32(p + 12, true) * SYMBOL;
        const text = strings + this.view.getUint32(symbol, true);
        if (this.#text(text) === name) yield p;
      }
    }
  }

  /**
   * Makes what can be written to larger by `size` bytes, which start as zero.
   *
   * @returns the address of the first of them, a multiple of 8
   * @throws {Error} there is no room
   */
  reserveZeroed(size: number): bigint {
    const loaded = this.headers().filter(({ type }) => type === PT.LOAD);
    const data = loaded.findLast(({ row }) =>
      (this.view.getUint32(row + 4, true) & PF_W) !== 0
    );
    if (data === undefined) throw new Error("nothing can be written to");
    const start = (data.address + data.memorySize + 7n) & ~7n;
    const end = start + BigInt(size);
    const page = (end + 0xfffn) & ~0xfffn;
    if (
      loaded.some((l) =>
        l.address >= data.address && l.address < page && l !== data
      )
    ) {
      throw new Error("there is no room behind its data");
    }
    this.view.setBigUint64(data.row + 40, end - data.address, true);
    return start;
  }

  /**
   * Puts `segment`, which lies above all others, into the program headers in
   * place of the first note (the ABI tag and build ID, which nobody reads).
   *
   * @throws {Error} there is no note
   */
  replaceNote({ offset, address, size }: LoadSegment): void {
    const headers = this.headers();
    const note = headers.findIndex(({ type }) => type === PT.NOTE);
    if (note < 0) throw new Error("it has no note to replace");
    const start = Number(this.u64(32));
    const rows = headers.map((_, i) =>
      this.bytes.slice(
        start + i * PROGRAM_HEADER,
        start + (i + 1) * PROGRAM_HEADER,
      )
    );
    const row = new DataView(new ArrayBuffer(PROGRAM_HEADER));
    row.setUint32(0, PT.LOAD, true);
    row.setUint32(4, PF_R | PF_X, true);
    row.setBigUint64(8, offset, true);
    row.setBigUint64(16, address, true);
    row.setBigUint64(24, address, true);
    row.setBigUint64(32, BigInt(size), true);
    row.setBigUint64(40, BigInt(size), true);
    row.setBigUint64(48, 4096n, true);
    // Loaded segments have to be in the order of their addresses.
    const last = headers.findLastIndex(({ type }) => type === PT.LOAD);
    rows.splice(last + 1, 0, new Uint8Array(row.buffer));
    rows.splice(note < last + 1 ? note : note + 1, 1);
    rows.forEach((bytes, i) =>
      this.bytes.set(bytes, start + i * PROGRAM_HEADER)
    );
  }

  /** The table of program headers. */
  headers(): ProgramHeader[] {
    const start = Number(this.u64(32));
    const count = this.view.getUint16(56, true);
    return Array.from({ length: count }, (_, i) => {
      const row = start + i * PROGRAM_HEADER;
      return {
        type: this.view.getUint32(row, true),
        offset: this.u64(row + 8),
        address: this.u64(row + 16),
        fileSize: this.u64(row + 32),
        memorySize: this.u64(row + 40),
        row,
      };
    });
  }

  /**
   * The entry of the dynamic section with a tag.
   *
   * @throws {Error} there is none
   */
  dynamic(tag: bigint): DynamicEntry {
    const found = this.findDynamic(tag);
    if (found === undefined) throw new Error(`it has no dynamic tag ${tag}`);
    return found;
  }

  /** The entry of the dynamic section with a tag, if there is one. */
  findDynamic(tag: bigint): DynamicEntry | undefined {
    const header = this.headers().find(({ type }) => type === PT.DYNAMIC);
    if (header === undefined) throw new Error("it is statically linked");
    const start = Number(header.offset);
    for (let p = start; p < start + Number(header.fileSize); p += 16) {
      if (this.u64(p) === tag) return { value: this.u64(p + 8), at: p + 8 };
    }
    return undefined;
  }

  /**
   * Where in the file the byte at an address is.
   *
   * @throws {Error} it is nowhere
   */
  offset(address: bigint): number {
    const found = this.headers().find((header) =>
      header.type === PT.LOAD && address >= header.address &&
      address < header.address + header.fileSize
    );
    if (found === undefined) throw new Error(`nothing is at ${address}`);
    return Number(found.offset + address - found.address);
  }

  /** The number of eight bytes at a place in the file. */
  u64(offset: number): bigint {
    return this.view.getBigUint64(offset, true);
  }

  #text(offset: number): string {
    const end = this.bytes.indexOf(0, offset);
    return new TextDecoder().decode(this.bytes.subarray(offset, end));
  }
}
