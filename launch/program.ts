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
import { ConstantData } from "./constant_data.ts";
import {
  type Action,
  BLAME,
  type Field,
  type Operand,
  type Plan,
  REPORT,
} from "./plan.ts";

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
  go: 0xff0c,
  add: 0xff0d,
} as const;

/** The largest page that a processor may use, in bytes. */
export const PAGE: Readonly<Record<Arch, number>> = {
  x86_64: 0x1000,
  aarch64: 0x10000,
};

const ANY_ERRNO = 0xffff;

/** Registers that the executor knows by number. */
const FIXED_REGISTERS = ["errno", REPORT, BLAME] as const;

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
  readonly to: string;
  readonly errno: number;
  /** Instructions to go to, by label or number; 0 is nowhere. */
  readonly onError: number | string;
  readonly onZero: number | string;
}

function instruction(
  number: number,
  args: readonly Operand[],
  to = "errno",
  onZero: number | string = 0,
  errno = 0,
  onError: number | string = 0,
): Instruction {
  return { number, args, to, errno, onError, onZero };
}

/** The instructions of `plan`; the first ones match its steps one to one. */
function instructions(plan: Plan, arch: Arch): Instruction[] {
  const list: Instruction[] = [];
  const tail: Instruction[] = [];
  const count = plan.steps.length;
  for (let i = 0; i < count; i++) {
    list.push(lower(plan.steps[i]!.action, i, arch, count, tail));
  }
  return tail.length === 0 ? list : list.concat(tail);
}

/** The instruction of a step; comparisons of errnos go to `tail`. */
function lower(
  action: Action,
  index: number,
  arch: Arch,
  count: number,
  tail: Instruction[],
): Instruction {
  if ("call" in action) {
    const { call, args, to = "errno", tolerate, ifZero = 0 } = action;
    const number = syscallNumber(call, arch);
    if (tolerate === undefined || tolerate.length === 0) {
      return instruction(number, args, to, ifZero);
    }
    if (tolerate.length === 1) {
      const { errno, goto } = tolerate[0]!;
      const code = errno === "any" ? ANY_ERRNO : errno;
      return instruction(number, args, to, ifZero, code, goto);
    }
    // Several errnos: any of them leads to a chain of comparisons.
    const chain = count + tail.length;
    for (const { errno, goto } of tolerate) {
      const compared = errno === "any" ? [0, 0] : [{ reg: to }, -errno];
      tail.push(instruction(OPERATION["=="], compared, "errno", goto));
    }
    tail.push(instruction(OPERATION.fail, [{ reg: to }, index]));
    return instruction(number, args, to, ifZero, ANY_ERRNO, chain);
  }
  if ("set" in action) {
    return instruction(OPERATION.set, [action.value], action.set);
  }
  if ("load" in action) {
    const { load, from, at = 0, size } = action;
    return instruction(OPERATION[`load${size}`], [from, at], load);
  }
  if ("jump" in action) {
    const { jump, when } = action;
    return when === undefined
      ? instruction(OPERATION["=="], [0, 0], "errno", jump)
      : instruction(OPERATION[when[1]], [when[0], when[2]], "errno", jump);
  }
  if ("store" in action) {
    const { store, into, size } = action;
    return instruction(OPERATION[`store${size}`], [into, store]);
  }
  if ("and" in action) {
    return instruction(OPERATION.and, [action.a, action.b], action.and);
  }
  if ("add" in action) {
    return instruction(OPERATION.add, [action.a, action.b], action.add);
  }
  if ("go" in action) return instruction(OPERATION.go, [action.go]);
  return instruction(OPERATION.fail, [-action.fail, index]);
}

/** Bytes of a structure. */
function fieldsSize(fields: readonly Field[]): number {
  let size = 0;
  for (const [bytes] of fields) size += bytes;
  return size;
}

/** The number of each name, in the order in which they first come. */
function numbered(names: Iterable<string>): Map<string, number> {
  const numbers = new Map<string, number>();
  for (const name of names) {
    if (!numbers.has(name)) numbers.set(name, numbers.size);
  }
  return numbers;
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
    if (label === undefined) return;
    if (labels.has(label)) throw new RangeError(`label "${label}" is twice`);
    labels.set(label, index);
  });
  const registers = numbered([...FIXED_REGISTERS, ...list.map((i) => i.to)]);
  const registerBytes = 8 * registers.size;
  const blocks = new Map<string, number>();
  let next: number = ADDRESS.registers + registerBytes;
  for (const [name, fields] of Object.entries(plan.blocks)) {
    blocks.set(name, next);
    next += (fieldsSize(fields) + 7) & ~7;
  }
  const writableSize = next - ADDRESS.registers - registerBytes;
  const constant = new ConstantData(
    ADDRESS.program,
    INSTRUCTION_SIZE * list.length,
  );

  const find = (map: Map<string, number>, name: string, what: string) => {
    const found = map.get(name);
    if (found === undefined) throw new RangeError(`no ${what} "${name}"`);
    return found;
  };
  const target = (to: number | string): number => {
    if (typeof to === "number") return to;
    const index = find(labels, to, "label");
    // 0 says "nowhere", so no jump can lead to the first instruction.
    if (index === 0) throw new RangeError(`"${to}" is the first instruction`);
    return index;
  };
  const value = (operand: Operand, self: number): number | bigint => {
    if (typeof operand !== "object") {
      return typeof operand === "string" ? constant.string(operand) : operand;
    }
    if ("reg" in operand) return find(registers, operand.reg, "register");
    if ("struct" in operand) return structure(operand.struct, self);
    if ("block" in operand) {
      return find(blocks, operand.block, "block") + (operand.at ?? 0);
    }
    if ("self" in operand) return self;
    if ("label" in operand) return target(operand.label);
    if ("before" in operand) {
      const bytes = INSTRUCTION_SIZE * target(operand.before);
      return bytes - bytes % PAGE[arch];
    }
    const pointers = operand.strings.map((text): Field => [8, text]);
    return structure([...pointers, [8, 0]], self);
  };
  // A structure that several steps share is stored once.
  const structures = new Map<readonly Field[], number>();
  const structure = (fields: readonly Field[], self: number): number => {
    const known = structures.get(fields);
    if (known !== undefined) return known;
    // What the fields point to may move the data: it comes first.
    const values = fields.map(([, operand]) => value(operand, self));
    const at = constant.reserve(fieldsSize(fields));
    put(constant.view, at, fields, values);
    const address = constant.base + at;
    structures.set(fields, address);
    return address;
  };

  const code = new Uint32Array(list.length * INSTRUCTION_SIZE / 4);
  for (let index = 0; index < list.length; index++) {
    const { number, args, to, errno, onError, onZero } = list[index]!;
    let at = index * INSTRUCTION_SIZE / 4;
    let mask = 0;
    let word = at + 4;
    for (let i = 0; i < args.length; i++) {
      const arg = args[i]!;
      if (typeof arg === "object" && "reg" in arg) mask |= 1 << i;
      const whole = value(arg, index);
      if (typeof whole === "bigint") {
        code[word++] = Number(whole & LOW_BITS);
        code[word++] = Number(BigInt.asUintN(64, whole) >> 32n);
      } else {
        // Stores keep the low 32 bits, of negative numbers too.
        code[word++] = whole;
        code[word++] = Math.floor(whole / HIGH);
      }
    }
    code[at++] = number | registers.get(to)! << 16;
    code[at++] = errno | mask << 16;
    code[at++] = target(onError);
    code[at] = target(onZero);
  }
  constant.put(new Uint8Array(code.buffer));
  const writable = new Uint8Array(writableSize);
  const view = new DataView(writable.buffer);
  for (const [name, fields] of Object.entries(plan.blocks)) {
    const at = blocks.get(name)! - ADDRESS.registers - registerBytes;
    put(view, at, fields, fields.map(([, operand]) => value(operand, 0)));
  }
  return {
    constant: constant.finish(),
    writable,
    registerBytes,
    length: list.length,
  };
}

/** Writes the values of a structure's fields. */
function put(
  view: DataView,
  offset: number,
  fields: readonly Field[],
  values: readonly (number | bigint)[],
): void {
  let at = offset;
  for (let i = 0; i < fields.length; i++) {
    const [size] = fields[i]!;
    const number = values[i]!;
    if (size === 8) set64(view, at, number);
    else if (size === 4) view.setUint32(at, Number(number), true);
    else if (size === 2) view.setUint16(at, Number(number), true);
    else view.setUint8(at, Number(number));
    at += size;
  }
}

const HIGH = 2 ** 32;
const LOW_BITS = 0xffffffffn;

/** Writes a 64-bit value; a negative one as two's complement. */
function set64(view: DataView, at: number, value: number | bigint): void {
  if (typeof value === "bigint") {
    view.setBigUint64(at, BigInt.asUintN(64, value), true);
  } else {
    view.setUint32(at, value, true);
    view.setUint32(at + 4, Math.floor(value / HIGH), true);
  }
}
