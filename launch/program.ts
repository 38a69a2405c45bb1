/**
 * Lays a plan out as a program: instructions, then their data.
 *
 * An instruction has 64 bytes:
 *
 *      0 u16 system call number, or an operation of the executor
 *      2 u16 register for the result
 *      4 u16 tolerated errno: 0 none, 0xffff any
 *      6 u16 bit i set: argument i names a register
 *      8 u32 instruction to go to on a tolerated errno
 *     12 u32 instruction to go to on a zero result, or when a jump is taken
 *     16 six u64 arguments
 *
 * @module
 */

import { type Arch, syscallNumber } from "../ffi/syscall_numbers.ts";
import type { Action, Comparison, Field, Operand, Plan } from "./plan.ts";
import { REPORT } from "./plan.ts";

/** Where the parts of a program lie in memory. */
export const ADDRESS = {
  /** The ELF header and the executor. */
  text: 0x400000,
  /** Registers of 8 bytes each, then the blocks. Writable. */
  registers: 0x800000,
  /** The instructions, then the data that does not change. */
  program: 0x10000000,
} as const;

/** Bytes of one instruction. */
export const INSTRUCTION_SIZE = 64;

/** Operations that the executor does itself, in place of a system call. */
export const OPERATION = {
  set: 0xff00,
  and: 0xff01,
  load1: 0xff02,
  load2: 0xff03,
  load4: 0xff04,
  load8: 0xff05,
  store4: 0xff06,
  store8: 0xff07,
  "==": 0xff08,
  "!=": 0xff09,
  "<": 0xff0a,
  fail: 0xff0b,
} as const;

/** The largest page that a processor may use, in bytes. */
export const PAGE: Readonly<Record<Arch, number>> = {
  x86_64: 0x1000,
  aarch64: 0x10000,
};

const ANY_ERRNO = 0xffff;

/** A program, ready to be put into an ELF file. */
export interface Program {
  /** Instructions and constant data, to be loaded at `ADDRESS.program`. */
  readonly constant: Uint8Array<ArrayBuffer>;
  /** Blocks, to be loaded behind the registers. */
  readonly writable: Uint8Array<ArrayBuffer>;
  /** Bytes of the registers, which start as zero. */
  readonly registerBytes: number;
  /** How many instructions there are. */
  readonly length: number;
}

/** One instruction before its addresses are known. */
interface Instruction {
  readonly number: number;
  readonly args: readonly Operand[];
  readonly to?: string;
  readonly errno?: number;
  readonly onError?: number | string;
  readonly onZero?: number | string;
}

/** The instructions of `plan`; the first ones match its steps one to one. */
function instructions(plan: Plan, arch: Arch): Instruction[] {
  const main: Instruction[] = [];
  const tail: Instruction[] = [];
  plan.steps.forEach(({ action }, index) => {
    main.push(instruction(action, index));
  });
  return [...main, ...tail];

  function instruction(action: Action, index: number): Instruction {
    if ("call" in action) {
      const { call, args, to, tolerate = [], ifZero } = action;
      const base = {
        number: syscallNumber(call, arch),
        args,
        ...(to !== undefined && { to }),
        ...(ifZero !== undefined && { onZero: ifZero }),
      };
      if (tolerate.length === 0) return base;
      const [first] = tolerate;
      if (tolerate.length === 1 && first !== undefined) {
        const errno = first.errno === "any" ? ANY_ERRNO : first.errno;
        return { ...base, errno, onError: first.goto };
      }
      // Several errnos: any of them leads to a chain of comparisons.
      const result = to ?? "errno";
      const chain = plan.steps.length + tail.length;
      for (const { errno, goto } of tolerate) {
        const args = errno === "any" ? [0, 0] : [{ reg: result }, -errno];
        tail.push({ number: OPERATION["=="], args, onZero: goto });
      }
      tail.push({ number: OPERATION.fail, args: [{ reg: result }, index] });
      return { ...base, to: result, errno: ANY_ERRNO, onError: chain };
    }
    if ("set" in action) {
      return { number: OPERATION.set, args: [action.value], to: action.set };
    }
    if ("and" in action) {
      const { and, a, b } = action;
      return { number: OPERATION.and, args: [a, b], to: and };
    }
    if ("load" in action) {
      const number = OPERATION[`load${action.size}`];
      return { number, args: [action.from], to: action.load };
    }
    if ("store" in action) {
      const number = OPERATION[`store${action.size}`];
      return { number, args: [action.into, action.store] };
    }
    if ("fail" in action) {
      return { number: OPERATION.fail, args: [-action.fail, index] };
    }
    const [a, comparison, b]: readonly [Operand, Comparison, Operand] =
      action.when ?? [0, "==", 0];
    return {
      number: OPERATION[comparison],
      args: [a, b],
      onZero: action.jump,
    };
  }
}

/** Bytes that grow, with each distinct content stored once. */
class Data {
  #bytes = new Uint8Array(16 * 1024);
  #length = 0;
  readonly #known = new Map<string, number>();
  readonly #encoder = new TextEncoder();

  /** @param base the address of the first byte */
  constructor(readonly base: number) {}

  get address(): number {
    return this.base + this.#length;
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  align(): void {
    this.#length = (this.#length + 7) & ~7;
  }

  append(bytes: Uint8Array): number {
    const at = this.#length;
    const end = at + bytes.length;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, at);
    this.#length = end;
    return this.base + at;
  }

  /** The address of what `key` names, made by `make` the first time. */
  once(key: string, make: () => number): number {
    let address = this.#known.get(key);
    if (address === undefined) this.#known.set(key, address = make());
    return address;
  }

  string(text: string): number {
    return this.once(
      `s${text}`,
      () => this.append(this.#encoder.encode(`${text}\0`)),
    );
  }
}

/** Bytes of a structure. */
function fieldsSize(fields: readonly Field[]): number {
  return fields.reduce((sum, [size]) => sum + size, 0);
}

/**
 * Lays out `plan` for the processor `arch`.
 * @throws {RangeError} when it names a label, register or block that is not
 * there
 */
export function layOut(plan: Plan, arch: Arch): Program {
  const list = instructions(plan, arch);
  const labels = new Map<string, number>();
  plan.steps.forEach(({ label }, index) => {
    if (label !== undefined) labels.set(label, index);
  });
  const registers = new Map([["errno", 0], [REPORT, 1]]);
  for (const { action } of plan.steps) {
    const name = written(action);
    if (name !== undefined && !registers.has(name)) {
      registers.set(name, registers.size);
    }
  }
  const register = (name: string) => {
    const number = registers.get(name);
    if (number === undefined) throw new RangeError(`no register "${name}"`);
    return number;
  };
  const registerBytes = 8 * registers.size;

  const constant = new Data(ADDRESS.program + INSTRUCTION_SIZE * list.length);
  const blocks = new Map<string, number>();
  let next = ADDRESS.registers + registerBytes;
  for (const [name, fields] of Object.entries(plan.blocks)) {
    blocks.set(name, next);
    next += (fieldsSize(fields) + 7) & ~7;
  }

  const value = (operand: Operand): bigint => {
    if (typeof operand === "bigint") return operand;
    if (typeof operand === "number") return BigInt(operand);
    if (typeof operand === "string") return BigInt(constant.string(operand));
    if ("reg" in operand) return BigInt(register(operand.reg));
    if ("block" in operand) {
      const address = blocks.get(operand.block);
      if (address === undefined) {
        throw new RangeError(`no block "${operand.block}"`);
      }
      return BigInt(address + (operand.at ?? 0));
    }
    if ("before" in operand) {
      const bytes = INSTRUCTION_SIZE * target(operand.before);
      return BigInt(bytes - bytes % PAGE[arch]);
    }
    if ("struct" in operand) return BigInt(structure(operand.struct));
    const pointers = operand.strings.map((s): Field => [8, s]);
    return BigInt(structure([...pointers, [8, 0]]));
  };
  const encode = (fields: readonly Field[]): Uint8Array => {
    const view = new DataView(new ArrayBuffer(fieldsSize(fields)));
    let at = 0;
    for (const [size, operand] of fields) {
      const number = value(operand);
      if (size === 8) view.setBigUint64(at, BigInt.asUintN(64, number), true);
      else if (size === 4) view.setUint32(at, Number(number), true);
      else if (size === 2) view.setUint16(at, Number(number), true);
      else view.setUint8(at, Number(number));
      at += size;
    }
    return new Uint8Array(view.buffer);
  };
  const structure = (fields: readonly Field[]): number => {
    const bytes = encode(fields);
    return constant.once(`b${bytes.join()}`, () => {
      constant.align();
      return constant.append(bytes);
    });
  };
  const target = (to: number | string | undefined): number => {
    if (typeof to !== "string") return to ?? 0;
    const index = labels.get(to);
    // 0 says "nowhere", so no jump can lead to the first instruction.
    if (!index) throw new RangeError(`no label "${to}" to jump to`);
    return index;
  };

  const code = new DataView(new ArrayBuffer(INSTRUCTION_SIZE * list.length));
  list.forEach((instruction, index) => {
    const at = INSTRUCTION_SIZE * index;
    const { number, args, to, errno = 0, onError, onZero } = instruction;
    code.setUint16(at, number, true);
    code.setUint16(at + 2, to === undefined ? 0 : register(to), true);
    code.setUint16(at + 4, errno, true);
    code.setUint32(at + 8, target(onError), true);
    code.setUint32(at + 12, target(onZero), true);
    let mask = 0;
    args.forEach((arg, i) => {
      if (typeof arg === "object" && "reg" in arg) mask |= 1 << i;
      const word = BigInt.asUintN(64, value(arg));
      code.setBigUint64(at + 16 + 8 * i, word, true);
    });
    code.setUint16(at + 6, mask, true);
  });
  const writable = new Data(ADDRESS.registers + registerBytes);
  for (const fields of Object.values(plan.blocks)) {
    writable.append(encode(fields));
    writable.align();
  }
  // Nothing may be appended to the constants after this line.
  const data = constant.bytes;
  const whole = new Uint8Array(code.byteLength + data.length);
  whole.set(new Uint8Array(code.buffer));
  whole.set(data, code.byteLength);
  return {
    constant: whole,
    writable: writable.bytes,
    registerBytes,
    length: list.length,
  };
}

/** The register that `action` writes to. */
function written(action: Action): string | undefined {
  if ("call" in action) return action.to;
  if ("set" in action) return action.set;
  if ("and" in action) return action.and;
  if ("load" in action) return action.load;
}
