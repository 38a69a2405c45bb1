/**
 * Writes a program and its executor into a static ELF executable, elf(5).
 *
 * @module
 */

import type { Arch } from "../ffi/syscall_numbers.ts";
import { CODE as AARCH64 } from "./executor/aarch64.ts";
import { CODE as X86_64 } from "./executor/x86_64.ts";
import { STRINGS_ROOM } from "./plan.ts";
import { ADDRESS, PAGE, type Program } from "./program.ts";

const CODES = { x86_64: X86_64, aarch64: AARCH64 };
/** ELF's number of each processor. */
const MACHINE = { x86_64: 62, aarch64: 183 };

const HEADER_SIZE = 64;
const PROGRAM_HEADER_SIZE = 56;
const PT_LOAD = 1, PT_GNU_STACK = 0x6474e551;
const EXECUTE = 1, WRITE = 2, READ = 4;

const executors = new Map<Arch, Uint8Array<ArrayBuffer>>();

/** The machine code of the executor for `arch`. */
export function executor(arch: Arch): Uint8Array<ArrayBuffer> {
  let code = executors.get(arch);
  if (code === undefined) {
    code = Uint8Array.fromHex(CODES[arch].replaceAll(" ", ""));
    executors.set(arch, code);
  }
  return code;
}

/** One program header: what of the file is loaded where. */
interface Segment {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

/** Bytes that a file holds from an offset on. */
export interface FilePart {
  readonly offset: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** How many bytes strings and the rest may take of a program to be finished. */
export interface Room {
  readonly strings: number;
  readonly constant: number;
}

/** The most that a program has of each. */
const ROOM: Room = { strings: STRINGS_ROOM, constant: 128 << 20 };

/** A static ELF executable for `arch` that runs `program`. */
export function elf(program: Program, arch: Arch): Uint8Array<ArrayBuffer> {
  const { head, changing } = elfParts(program, arch, {
    strings: program.strings.length,
    constant: program.constant.length,
  });
  const { offset, bytes } = changing.at(-1)!;
  const file = new Uint8Array(offset + bytes.length);
  file.set(head);
  for (const { offset, bytes } of changing) file.set(bytes, offset);
  return file;
}

/**
 * The parts of an executable of which the program is not whole yet. What
 * changes lies where it will lie in the whole, and can be written over the
 * beginning while that runs; what is between is not in use.
 *
 * @throws {RangeError} the program has no room
 */
export function elfParts(
  program: Program,
  arch: Arch,
  room: Room = ROOM,
): { head: Uint8Array<ArrayBuffer>; changing: readonly FilePart[] } {
  const { strings, constant } = program;
  if (strings.length > room.strings || constant.length > room.constant) {
    throw new RangeError(
      `a program of ${strings.length + constant.length} bytes is too large`,
    );
  }
  const page = PAGE[arch];
  const align = (size: number) => Math.ceil(size / page) * page;
  const code = executor(arch);
  const codeAt = HEADER_SIZE + 4 * PROGRAM_HEADER_SIZE;
  const textSize = codeAt + code.length;
  const writableAt = align(textSize);
  const writableSize = program.registerBytes + program.writable.length;
  const programAt = align(writableAt + writableSize) + align(room.strings);
  const segments: Segment[] = [
    {
      type: PT_LOAD,
      flags: READ | EXECUTE,
      offset: 0,
      address: ADDRESS.text,
      size: textSize,
    },
    {
      type: PT_LOAD,
      flags: READ | WRITE,
      offset: writableAt,
      address: ADDRESS.registers,
      size: writableSize,
    },
    {
      type: PT_LOAD,
      flags: READ,
      offset: programAt - room.strings,
      address: ADDRESS.program - room.strings,
      size: room.strings + room.constant,
    },
    // Without this header the kernel makes the stack executable.
    {
      type: PT_GNU_STACK,
      flags: READ | WRITE,
      offset: 0,
      address: 0,
      size: 0,
    },
  ];

  const head = new Uint8Array(writableAt + writableSize);
  const view = new DataView(head.buffer);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // 64 bits, little-endian
  view.setUint16(16, 2, true); // ET_EXEC
  view.setUint16(18, MACHINE[arch], true);
  view.setUint32(20, 1, true); // EV_CURRENT
  view.setBigUint64(24, BigInt(ADDRESS.text + codeAt), true); // entry
  view.setBigUint64(32, BigInt(HEADER_SIZE), true); // program headers
  view.setUint16(52, HEADER_SIZE, true);
  view.setUint16(54, PROGRAM_HEADER_SIZE, true);
  view.setUint16(56, segments.length, true);
  segments.forEach((segment, i) => {
    const at = HEADER_SIZE + i * PROGRAM_HEADER_SIZE;
    const { type, flags, offset, address, size } = segment;
    view.setUint32(at, type, true);
    view.setUint32(at + 4, flags, true);
    const words = [offset, address, address, size, size, page];
    words.forEach((word, k) =>
      view.setBigUint64(at + 8 + 8 * k, BigInt(word), true)
    );
  });
  head.set(code, codeAt);
  head.set(program.writable, writableAt + program.registerBytes);
  const changing = [
    { offset: programAt - strings.length, bytes: strings },
    { offset: programAt, bytes: constant },
  ];
  return { head, changing };
}
