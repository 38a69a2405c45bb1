/**
 * Gives a position-independent executable for x86_64 its place in memory.
 *
 * Deno's base binary holds 120,000 addresses that the dynamic linker has to
 * add the place to at each start, on 440 pages that each process then has to
 * itself: a tenth of the time of a short command. Here that is done once, and
 * the kernel loads the file where it says. What it costs: the addresses of
 * Deno's own code and data are the same in each process. Those of the stack,
 * of the heaps and of the libraries differ as before.
 *
 * @module
 */

import { DT, ElfFile, PT, R_X86_64, RELOCATION, SYMBOL } from "./elf_file.ts";

/** Where executables with a fixed place usually are. */
export const USUAL_PLACE = 0x400000n;

const ET_EXEC = 2, ET_DYN = 3;
const PT_GNU_STACK = 0x6474e551;
const DT_VERSYM = 0x6ffffff0n, DT_RELACOUNT = 0x6ffffff9n;
const DT_FLAGS_1 = 0x6ffffffbn, DF_1_PIE = 0x08000000n;
/** Tags whose value is an address. */
const ADDRESSES = [
  3n, // PLTGOT
  DT.STRTAB,
  DT.SYMTAB,
  DT.RELA,
  12n, // INIT
  13n, // FINI
  DT.JMPREL,
  25n, // INIT_ARRAY
  26n, // FINI_ARRAY
  32n, // PREINIT_ARRAY
  0x6ffffef5n, // GNU_HASH
  DT_VERSYM,
  0x6ffffffcn, // VERDEF
  0x6ffffffen, // VERNEED
];
/** DT_RELR: relative relocations in a form that is not read here. */
const DT_RELR = 36n;
const SHT_SYMTAB = 2, SHF_ALLOC = 2n;
const SHN_UNDEF = 0, SHN_LORESERVE = 0xff00, STT_TLS = 6;

/**
 * Changes `bytes`, an executable, so that it is loaded at `base`.
 *
 * @throws {Error} it is none that can be changed so, and `bytes` is as it was
 */
export function prelink(bytes: Uint8Array, base = USUAL_PLACE): void {
  const elf = new ElfFile(bytes);
  if (elf.view.getUint16(16, true) !== ET_DYN) {
    throw new Error("it has a fixed place already");
  }
  const symbolic = symbolicRelocations(elf);
  const relative = relativeRelocations(elf);
  const tables = [
    ...dynamicSymbols(elf),
    ...sectionsAndSymbols(elf),
    ...ADDRESSES.map((tag) => elf.findDynamic(tag)?.at ?? 0),
    ...elf.headers().filter(({ type }) => type !== PT_GNU_STACK)
      .flatMap(({ row }) => [row + 16, row + 24]),
    24, // the entry
  ].filter((at) => at !== 0);

  for (const { at, addend } of relative) {
    elf.view.setBigUint64(at, addend + base, true);
  }
  for (const at of [...symbolic, ...tables]) {
    elf.view.setBigUint64(at, elf.u64(at) + base, true);
  }
  dropRelative(elf, relative.length);
  elf.view.setUint16(16, ET_EXEC, true);
  const flags = elf.findDynamic(DT_FLAGS_1);
  if (flags !== undefined) {
    elf.view.setBigUint64(flags.at, flags.value & ~DF_1_PIE, true);
  }
}

/** The relocations that the place is added in: they come first. */
function relativeRelocations(
  elf: ElfFile,
): { readonly at: number; readonly addend: bigint }[] {
  if (elf.findDynamic(DT_RELR) !== undefined) {
    throw new Error("it has relative relocations in DT_RELR");
  }
  const start = elf.offset(elf.dynamic(DT.RELA).value);
  const count = Number(elf.findDynamic(DT_RELACOUNT)?.value ?? 0n);
  const place = finder(elf);
  return Array.from({ length: count }, (_, i) => {
    const row = start + i * RELOCATION;
    if (elf.u64(row + 8) !== BigInt(R_X86_64.RELATIVE)) {
      throw new Error(`relocation ${i} is not relative`);
    }
    return { at: place(elf.u64(row)), addend: elf.u64(row + 16) };
  });
}

/** As `elf.offset`, of many addresses that are near each other. */
function finder(elf: ElfFile): (address: bigint) => number {
  const loaded = elf.headers().filter(({ type }) => type === PT.LOAD);
  let last = loaded[0]!;
  return (address) => {
    const within = ({ address: start, fileSize }: typeof last) =>
      address >= start && address < start + fileSize;
    if (!within(last)) {
      const found = loaded.find(within);
      if (found === undefined) throw new Error(`nothing is at ${address}`);
      last = found;
    }
    return Number(last.offset + address - last.address);
  };
}

/** Where the addresses in the other relocations are. */
function symbolicRelocations(elf: ElfFile): number[] {
  const skipped = elf.findDynamic(DT_RELACOUNT)?.value ?? 0n;
  const tables = [
    [DT.RELA, DT.RELASZ, skipped],
    [DT.JMPREL, DT.PLTRELSZ, 0n],
  ] as const;
  const known: readonly number[] = [
    R_X86_64.WORD,
    R_X86_64.GLOB_DAT,
    R_X86_64.JUMP_SLOT,
  ];
  return tables.flatMap(([address, size, before]) => {
    const start = elf.offset(elf.dynamic(address).value);
    const rows = Number(elf.dynamic(size).value) / RELOCATION;
    return Array.from({ length: rows }, (_, i) => start + i * RELOCATION)
      .slice(Number(before))
      .flatMap((row) => {
        const type = elf.view.getUint32(row + 8, true);
        // One that was added later (ElfFile.replaceImport).
        if (type === R_X86_64.RELATIVE) return [row, row + 16];
        if (known.includes(type)) return [row];
        throw new Error(`a relocation of type ${type} is not known`);
      });
  });
}

/** Takes the first `count` relocations out of their table. */
function dropRelative(elf: ElfFile, count: number): void {
  const size = BigInt(count * RELOCATION);
  const table = elf.dynamic(DT.RELA), length = elf.dynamic(DT.RELASZ);
  elf.view.setBigUint64(table.at, table.value + size, true);
  elf.view.setBigUint64(length.at, length.value - size, true);
  const relative = elf.findDynamic(DT_RELACOUNT);
  if (relative !== undefined) elf.view.setBigUint64(relative.at, 0n, true);
}

/** Where the addresses of the symbols are that libraries may look for. */
function dynamicSymbols(elf: ElfFile): number[] {
  // Each symbol has a version: their table comes next.
  const start = elf.offset(elf.dynamic(DT.SYMTAB).value);
  const end = elf.offset(elf.dynamic(DT_VERSYM).value);
  if (end < start) throw new Error("its symbols are in an unknown order");
  return symbolAddresses(elf, start, Math.floor((end - start) / SYMBOL));
}

function symbolAddresses(elf: ElfFile, start: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => start + i * SYMBOL)
    .filter((row) => {
      const section = elf.view.getUint16(row + 6, true);
      const isTls = (elf.bytes[row + 4]! & 15) === STT_TLS;
      return section !== SHN_UNDEF && section < SHN_LORESERVE && !isTls;
    })
    .map((row) => row + 8);
}

/** Where the addresses are that only debuggers and profilers look at. */
function sectionsAndSymbols(elf: ElfFile): number[] {
  const start = Number(elf.u64(40));
  const size = elf.view.getUint16(58, true);
  const count = elf.view.getUint16(60, true);
  return Array.from({ length: count }, (_, i) => start + i * size)
    .flatMap((row) => {
      const address = elf.u64(row + 8) & SHF_ALLOC ? [row + 16] : [];
      if (elf.view.getUint32(row + 4, true) !== SHT_SYMTAB) return address;
      const rows = Number(elf.u64(row + 32)) / SYMBOL;
      return symbolAddresses(elf, Number(elf.u64(row + 24)), rows);
    });
}
