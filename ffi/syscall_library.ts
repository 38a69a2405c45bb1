/**
 * A shared library with one function: a system call that answers the negative
 * errno, as the kernel does.
 *
 * libc's `syscall` keeps the errno in the thread's memory, where the next
 * failure of anything puts its own. Between a call of Deno's and a look at it
 * V8 may collect garbage and wait for its threads with futex(2), which is said
 * to fail where it need not wait.
 *
 * Sources: elf(5), syscall(2), the System V ABI's chapter 5 on dynamic linking.
 *
 * @module
 */

import type { Arch } from "./syscall_numbers.ts";

/** The name of the function: `long call(long number, long a, ... long f)`. */
export const FUNCTION = "call";

/** Machine code with what it means. */
const X86_64 = "" +
  "4889f8          " + // mov rax,rdi
  "4889f7          " + // mov rdi,rsi
  "4889d6          " + // mov rsi,rdx
  "4889ca          " + // mov rdx,rcx
  "4d89c2          " + // mov r10,r8
  "4d89c8          " + // mov r8,r9
  "4c8b4c2408      " + // mov r9,QWORD PTR [rsp+0x8]
  "0f05            " + // syscall
  "c3              "; // ret

const AARCH64 = "" +
  "e80300aa        " + // mov x8, x0
  "e00301aa        " + // mov x0, x1
  "e10302aa        " + // mov x1, x2
  "e20303aa        " + // mov x2, x3
  "e30304aa        " + // mov x3, x4
  "e40305aa        " + // mov x4, x5
  "e50306aa        " + // mov x5, x6
  "010000d4        " + // svc #0x0
  "c0035fd6        "; // ret

/** The function's code for the processor `arch`. */
export function callCode(arch: Arch): Uint8Array<ArrayBuffer> {
  const listing = arch === "x86_64" ? X86_64 : AARCH64;
  return Uint8Array.fromHex(listing.replaceAll(" ", ""));
}

/** ELF's number of each processor. */
const MACHINE = { x86_64: 62, aarch64: 183 };
const ET_DYN = 3;
const PT_LOAD = 1n, PT_DYNAMIC = 2n, PT_GNU_STACK = 0x6474e551n;
const EXECUTE = 1n, WRITE = 2n, READ = 4n;
const DT_NULL = 0n, DT_HASH = 4n, DT_STRTAB = 5n, DT_SYMTAB = 6n;
const DT_STRSZ = 10n, DT_SYMENT = 11n;
/** A function that everybody sees. */
const GLOBAL_FUNCTION = 0x12;
const HEADER = 64, PROGRAM_HEADER = 56, SYMBOL = 24;

/** No processor has larger pages. */
const PAGE = 0x10000;

/** Where the parts of the file are. */
const HASH = HEADER + 4 * PROGRAM_HEADER;
const SYMBOLS = HASH + 24;
const STRINGS = SYMBOLS + 2 * SYMBOL;
const CODE = STRINGS + 8;
const DYNAMIC = CODE + 40;
const DYNAMIC_SIZE = 6 * 16;

/** The library, an ELF file, for the processor `arch`. */
export function syscallLibrary(arch: Arch): Uint8Array<ArrayBuffer> {
  const code = callCode(arch);
  const file = new Uint8Array(DYNAMIC + DYNAMIC_SIZE);
  const view = new DataView(file.buffer);
  const words = (at: number, ...values: bigint[]) =>
    values.forEach((value, i) => view.setBigUint64(at + 8 * i, value, true));
  const halves = (at: number, ...values: number[]) =>
    values.forEach((value, i) => view.setUint16(at + 2 * i, value, true));

  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // 64 bits, little-endian
  halves(16, ET_DYN, MACHINE[arch]);
  view.setUint32(20, 1, true); // EV_CURRENT
  words(32, BigInt(HEADER)); // program headers
  halves(52, HEADER, PROGRAM_HEADER, 4);

  // The dynamic linker may write to the dynamic section: it is mapped again.
  const at = BigInt(PAGE + DYNAMIC), length = BigInt(DYNAMIC_SIZE);
  const dynamic = [BigInt(DYNAMIC), at, at, length, length];
  const size = BigInt(file.length), page = BigInt(PAGE);
  const segments: [type: bigint, flags: bigint, ...bigint[]][] = [
    [PT_LOAD, READ | EXECUTE, 0n, 0n, 0n, size, size, page],
    [PT_LOAD, READ | WRITE, ...dynamic, page],
    [PT_DYNAMIC, READ | WRITE, ...dynamic, 8n],
    // Without this header the stacks would have to be executable.
    [PT_GNU_STACK, READ | WRITE, 0n, 0n, 0n, 0n, 0n, 16n],
  ];
  segments.forEach(([type, flags, ...rest], i) =>
    words(HEADER + i * PROGRAM_HEADER, type | flags << 32n, ...rest)
  );

  // One bucket with the second symbol; the first one is always empty.
  [1, 2, 1, 0, 0].forEach((value, i) =>
    view.setUint32(HASH + 4 * i, value, true)
  );
  const symbol = SYMBOLS + SYMBOL;
  view.setUint32(symbol, 1, true); // its name, behind the empty one
  file[symbol + 4] = GLOBAL_FUNCTION;
  view.setUint16(symbol + 6, 1, true); // some section
  words(symbol + 8, BigInt(CODE), BigInt(code.length));
  file.set(new TextEncoder().encode(FUNCTION), STRINGS + 1);
  file.set(code, CODE);
  words(
    DYNAMIC,
    ...[DT_HASH, BigInt(HASH)],
    ...[DT_STRTAB, BigInt(STRINGS)],
    ...[DT_SYMTAB, BigInt(SYMBOLS)],
    ...[DT_STRSZ, 8n],
    ...[DT_SYMENT, BigInt(SYMBOL)],
    ...[DT_NULL, 0n],
  );
  return file;
}
