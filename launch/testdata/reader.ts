/**
 * Reads what layOut() has laid out, by address, as a running program would.
 *
 * @module
 */

import { ADDRESS, INSTRUCTION_SIZE, type Program } from "../program.ts";

/** An instruction, decoded. */
export interface Instruction {
  readonly number: number;
  readonly to: number;
  readonly errno: number;
  readonly mask: number;
  readonly onError: number;
  readonly onZero: number;
  readonly args: readonly bigint[];
}

function view({ constant }: Program): DataView {
  const { buffer, byteOffset, byteLength } = constant;
  return new DataView(buffer, byteOffset, byteLength);
}

/** The instruction `index` of a program. */
export function instruction(program: Program, index: number): Instruction {
  const at = INSTRUCTION_SIZE * index;
  const bytes = view(program);
  return {
    number: bytes.getUint16(at, true),
    to: bytes.getUint16(at + 2, true),
    errno: bytes.getUint16(at + 4, true),
    mask: bytes.getUint16(at + 6, true),
    onError: bytes.getUint32(at + 8, true),
    onZero: bytes.getUint32(at + 12, true),
    args: Array.from(
      { length: 6 },
      (_, i) => bytes.getBigUint64(at + 16 + 8 * i, true),
    ),
  };
}

/** The 8 bytes at an address of the constant data. */
export function read64(program: Program, address: bigint): bigint {
  const at = Number(address) - ADDRESS.program;
  return view(program).getBigUint64(at, true);
}

/** The NUL-terminated string at an address. */
export function readString({ strings }: Program, address: bigint): string {
  const at = strings.length + Number(address) - ADDRESS.program;
  const end = strings.indexOf(0, at);
  if (at < 0 || end < 0) throw new RangeError(`no string at ${address}`);
  return new TextDecoder().decode(strings.subarray(at, end));
}

/** The strings of a NULL-terminated vector. */
export function readStrings(program: Program, address: bigint): string[] {
  const strings: string[] = [];
  for (let at = address;; at += 8n) {
    const pointer = read64(program, at);
    if (pointer === 0n) return strings;
    strings.push(readString(program, pointer));
  }
}
