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

import type { Arch } from "../ffi/syscall_numbers.ts";
import { ConstantData, putNumber } from "./constant_data.ts";
import {
  type AnyAction,
  type AnyOperand,
  chainLength,
  type Emit,
  ERRNO,
  lower,
  lowerChain,
  result,
} from "./instructions.ts";
import {
  BLAME,
  type Block,
  type Field,
  type Operand,
  type Plan,
  REPORT,
  STRINGS_ROOM,
} from "./plan.ts";

/** Where the parts of a program lie in memory. */
export const ADDRESS = {
  /** The ELF header and the executor. */
  text: 0x400000,
  /** Registers of 8 bytes each, then the blocks. Writable. */
  registers: 0x800000,
  /** The instructions, then structures; strings end here. */
  program: 0x10000000,
} as const;

/** Bytes of one instruction. */
export const INSTRUCTION_SIZE = 64;

/** The largest page that a processor may use, in bytes. */
export const PAGE: Readonly<Record<Arch, number>> = {
  x86_64: 0x1000,
  aarch64: 0x10000,
};

/** So many registers have numbers of 16 bits. */
const REGISTERS_MAX = 0x10000;

/** Registers that the executor knows by number. */
const FIXED_REGISTERS = [ERRNO, REPORT, BLAME] as const;

/** A program, ready to be put into an ELF file. */
export interface Program {
  /** Strings, to be loaded so that they end at `ADDRESS.program`. */
  readonly strings: Uint8Array<ArrayBuffer>;
  /** Instructions and structures, to be loaded at `ADDRESS.program`. */
  readonly constant: Uint8Array<ArrayBuffer>;
  /** Blocks, to be loaded behind the registers. */
  readonly writable: Uint8Array<ArrayBuffer>;
  /** Bytes of the registers, which start as zero. */
  readonly registerBytes: number;
  /** How many instructions there are. */
  readonly length: number;
}

/** Bytes of a structure. */
function fieldsSize(fields: readonly Field[]): number {
  let size = 0;
  for (let i = 0; i < fields.length; i++) size += fields[i]![0];
  return size;
}

/** The names of a plan, and the numbers that they get. */
interface Names {
  readonly labels: Map<string, number>;
  readonly registers: Map<string, number>;
  /** Steps that need comparisons behind the instructions of all steps. */
  readonly chained: readonly number[];
  /** Instructions of the program. */
  readonly length: number;
}

function numberNames({ steps }: Plan): Names {
  const labels = new Map<string, number>();
  const registers = new Map<string, number>();
  for (const name of FIXED_REGISTERS) registers.set(name, registers.size);
  const chained: number[] = [];
  let length = steps.length;
  for (let index = 0; index < steps.length; index++) {
    const { label, action } = steps[index]!;
    if (label !== undefined) {
      if (labels.has(label)) throw new RangeError(`label "${label}" is twice`);
      labels.set(label, index);
    }
    const to = result(action);
    if (to !== undefined && !registers.has(to)) {
      registers.set(to, registers.size);
    }
    const { tolerate } = action as AnyAction;
    if (tolerate !== undefined && tolerate.length > 1) {
      chained.push(index);
      length += chainLength(tolerate);
    }
  }
  return { labels, registers, chained, length };
}

/** Bytes of a block. */
function blockSize(block: Block): number {
  return typeof block === "number" ? block : fieldsSize(block);
}

/**
 * Lays out `plan` for the processor `arch`.
 * @throws {RangeError} when it names a label, register or block that is not
 * there, holds a number that does not fit, or is too large
 */
export function layOut(plan: Plan, arch: Arch): Program {
  return layOutBeginning(plan, arch).finish();
}

/** A program that can run up to where its plan waits for the rest. */
export interface ProgramBeginning {
  /** With as many registers and blocks as the whole. */
  readonly beginning: Program;
  /**
   * The whole: what the beginning has is at the same addresses.
   * @throws {RangeError} as layOut()
   */
  finish(): Program;
}

/**
 * Lays out the beginning of `plan`; all of it, where it has no `rest`.
 * @throws {RangeError} as layOut()
 */
export function layOutBeginning(plan: Plan, arch: Arch): ProgramBeginning {
  // Nearly all plans are ASCII: that a text is not is seen when all are encoded.
  let laying = lay(plan, arch, true);
  let first = laying.next();
  if (first.value === undefined) {
    laying = lay(plan, arch, false);
    first = laying.next();
  }
  const beginning = first.value!;
  const finish = () =>
    first.done
      ? beginning
      : laying.next().value ?? last(lay(plan, arch, false));
  return { beginning, finish };
}

function last(laying: ReturnType<typeof lay>): Program {
  const { done, value } = laying.next();
  return done ? value! : laying.next().value!;
}

/**
 * The program, first up to the plan's rest. Undefined where strings that were
 * to be ASCII are not: strings before them have the same addresses in any case.
 */
function* lay(
  plan: Plan,
  arch: Arch,
  ascii: boolean,
): Generator<Program | undefined, Program | undefined> {
  const { steps } = plan;
  const { labels, registers, chained, length } = numberNames(plan);
  const registerBytes = 8 * registers.size;
  const named = Object.entries(plan.blocks);
  const blocks = new Map<string, number>();
  let next: number = ADDRESS.registers + registerBytes;
  for (const [name, block] of named) {
    blocks.set(name, next);
    next += (blockSize(block) + 7) & ~7;
  }
  const writableSize = next - ADDRESS.registers - registerBytes;
  const constant = new ConstantData(
    ADDRESS.program,
    INSTRUCTION_SIZE * length,
    ascii,
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
    if (typeof operand === "string") return constant.string(operand);
    if (typeof operand !== "object") return operand;
    const { reg } = operand as AnyOperand;
    if (reg !== undefined) return find(registers, reg, "register");
    const { struct } = operand as AnyOperand;
    if (struct !== undefined) return structure(struct, self);
    const { block, label, before, bytes, strings } = operand as AnyOperand;
    if (block !== undefined) {
      return find(blocks, block, "block") + ((operand as AnyOperand).at ?? 0);
    }
    if (label !== undefined) return target(label);
    if (before !== undefined) {
      const bytes = INSTRUCTION_SIZE * target(before);
      return bytes - bytes % PAGE[arch];
    }
    if (bytes !== undefined) return constant.bytes(bytes);
    if (strings === undefined) return self;
    const pointers = strings.map((text): Field => [8, text]);
    return structure([...pointers, [8, 0]], self);
  };
  // A structure that several steps share is stored once.
  const structures = new Map<readonly Field[], number>();
  const structure = (fields: readonly Field[], self: number): number => {
    const known = structures.get(fields);
    if (known !== undefined) return known;
    let at = constant.reserve(fieldsSize(fields));
    const address = constant.base + at;
    structures.set(fields, address);
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i]!; // to take it apart takes time
      const size = field[0], operand = field[1];
      const number = typeof operand === "number"
        ? operand
        : value(operand, self);
      if (number !== 0) constant.put(at, size, number);
      at += size;
    }
    return address;
  };

  const code = new Uint32Array(length * INSTRUCTION_SIZE / 4);
  let index = 0;
  const emit: Emit = (number, args, to, onZero, errno, onError) => {
    const at = index * INSTRUCTION_SIZE / 4;
    let mask = 0;
    let word = at + 4;
    for (let i = 0; i < args.length; i++, word += 2) {
      const arg = args[i]!;
      const whole = typeof arg === "number" ? arg : value(arg, index);
      if (typeof arg === "object" && (arg as AnyOperand).reg !== undefined) {
        mask |= 1 << i;
      }
      if (whole === 0) continue;
      if (typeof whole === "bigint") {
        code[word] = Number(whole & LOW_BITS);
        code[word + 1] = Number(BigInt.asUintN(64, whole) >> 32n);
      } else {
        // A store keeps the low 32 bits, of negative numbers too.
        code[word] = whole;
        if (whole < 0 || whole >= HIGH) {
          code[word + 1] = Math.floor(whole / HIGH);
        }
      }
    }
    code[at] = to === ERRNO ? number : number | registers.get(to)! << 16;
    if (mask !== 0 || errno !== 0) code[at + 1] = errno | mask << 16;
    if (onError !== 0) code[at + 2] = target(onError);
    if (onZero !== 0) code[at + 3] = target(onZero);
    index++;
  };
  // Behind the instructions of all steps are the comparisons that they need.
  let chain = steps.length, chains = 0;
  const emitSteps = (from: number, to: number) => {
    const firstChain = chain, firstChained = chains;
    index = from;
    for (let i = from; i < to; i++) {
      const { action } = steps[i]!;
      lower(action, i, arch, chain, emit);
      if (i !== chained[chains]) continue;
      chain += chainLength((action as AnyAction).tolerate!);
      chains++;
    }
    index = firstChain;
    for (let i = firstChained; i < chains; i++) {
      const step = chained[i]!;
      lowerChain(steps[step]!.action, step, emit);
    }
  };
  const writable = new Uint8Array(writableSize);
  const fillBlocks = () => {
    const view = new DataView(writable.buffer);
    for (const [name, block] of named) {
      if (typeof block === "number") continue; // all zero
      let at = blocks.get(name)! - ADDRESS.registers - registerBytes;
      for (const [size, operand] of block) {
        putNumber(view, at, size, value(operand, 0));
        at += size;
      }
    }
  };
  // Below the strings are the blocks, on pages of their own.
  const free = ADDRESS.program - next - 2 * PAGE[arch];
  const room = plan.rest === undefined ? free : Math.min(free, STRINGS_ROOM);
  const program = (): Program | undefined => {
    if (constant.stringBytes > room || registers.size > REGISTERS_MAX) {
      throw new RangeError(
        `a program of ${constant.stringBytes} bytes of strings and ` +
          `${registers.size} registers is too large`,
      );
    }
    constant.begin(code);
    const strings = constant.strings();
    return strings && {
      strings,
      constant: constant.finish(),
      writable,
      registerBytes,
      length,
    };
  };
  const rest = plan.rest === undefined ? steps.length : target(plan.rest);
  emitSteps(0, rest);
  fillBlocks();
  if (rest < steps.length) {
    yield program();
    emitSteps(rest, steps.length);
  }
  return program();
}

const HIGH = 2 ** 32;
const LOW_BITS = 0xffffffffn;
