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
import { ConstantData, putNumber } from "./constant_data.ts";
import {
  type Action,
  BLAME,
  type Block,
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
  /** The instructions, then structures; strings end here. */
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
/** So many registers have numbers of 16 bits. */
const REGISTERS_MAX = 0x10000;

/** Registers that the executor knows by number. */
const FIXED_REGISTERS = ["errno", REPORT, BLAME] as const;

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

/** The properties that the members of a union have between them. */
type Merged<T, K extends PropertyKey = T extends unknown ? keyof T : never> = {
  readonly [P in K]?: T extends Partial<Record<P, infer V>> ? V : never;
};

/**
 * An action or an operand of any kind. That a property is undefined is seen
 * much faster than that it is not there: a plan has some fifty shapes of them.
 */
type AnyAction = Merged<Action>;
type AnyOperand = Merged<Extract<Operand, object>>;

/** Adds an instruction; jumps are to a label, or to a number: 0 is nowhere. */
type Emit = (
  number: number,
  args: readonly Operand[],
  to: string,
  onZero: number | string,
  errno: number,
  onError: number | string,
) => void;

/**
 * Adds the instruction of the step `index`. Several tolerated errnos lead to a
 * chain of comparisons at `chain`.
 */
function lower(
  action: AnyAction,
  index: number,
  arch: Arch,
  chain: number,
  emit: Emit,
): void {
  if (action.call !== undefined) {
    const { call, args, to = "errno", tolerate, ifZero = 0 } = action;
    const number = syscallNumber(call, arch);
    if (tolerate === undefined || tolerate.length === 0) {
      return emit(number, args!, to, ifZero, 0, 0);
    }
    if (tolerate.length > 1) {
      return emit(number, args!, to, ifZero, ANY_ERRNO, chain);
    }
    const { errno, goto } = tolerate[0]!;
    const code = errno === "any" ? ANY_ERRNO : errno;
    return emit(number, args!, to, ifZero, code, goto);
  }
  const { set, load, jump, store, and, add, go } = action;
  const plain = (
    operation: number,
    args: readonly Operand[],
    to = "errno",
    onZero: number | string = 0,
  ) => emit(operation, args, to, onZero, 0, 0);
  if (set !== undefined) return plain(OPERATION.set, [action.value!], set);
  if (load !== undefined) {
    const { from, at = 0, size } = action;
    return plain(OPERATION[`load${size!}`], [from!, at], load);
  }
  if (jump !== undefined) {
    const { when } = action;
    return when === undefined
      ? plain(OPERATION["=="], [0, 0], "errno", jump)
      : plain(OPERATION[when[1]], [when[0], when[2]], "errno", jump);
  }
  if (store !== undefined) {
    const size = action.size as 4 | 8;
    return plain(OPERATION[`store${size}`], [action.into!, store]);
  }
  if (and !== undefined) {
    return plain(OPERATION.and, [action.a!, action.b!], and);
  }
  if (add !== undefined) {
    return plain(OPERATION.add, [action.a!, action.b!], add);
  }
  if (go !== undefined) return plain(OPERATION.go, [go]);
  plain(OPERATION.fail, [-action.fail!, index]);
}

/** How many comparisons a step needs behind the instructions of all steps. */
function chainLength({ tolerate }: AnyAction): number {
  const count = tolerate === undefined ? 0 : tolerate.length;
  return count > 1 ? count + 1 : 0;
}

/** Adds the comparisons of the step `index`. */
function lowerChain(action: AnyAction, index: number, emit: Emit): void {
  const { to = "errno", tolerate } = action;
  for (const { errno, goto } of tolerate!) {
    const compared = errno === "any" ? [0, 0] : [{ reg: to }, -errno];
    emit(OPERATION["=="], compared, "errno", goto, 0, 0);
  }
  emit(OPERATION.fail, [{ reg: to }, index], "errno", 0, 0, 0);
}

/** Bytes of a structure. */
function fieldsSize(fields: readonly Field[]): number {
  let size = 0;
  for (const [bytes] of fields) size += bytes;
  return size;
}

/** The names of a plan, and the numbers that they get. */
interface Names {
  readonly labels: Map<string, number>;
  readonly registers: Map<string, number>;
  /** Instructions of the program. */
  readonly length: number;
}

function numberNames({ steps }: Plan): Names {
  const labels = new Map<string, number>();
  const registers = new Map<string, number>();
  for (const name of FIXED_REGISTERS) registers.set(name, registers.size);
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
    length += chainLength(action);
  }
  return { labels, registers, length };
}

/** The register that an action puts its result into. */
function result(action: AnyAction): string | undefined {
  return action.to ?? action.set ?? action.load ?? action.add ?? action.and;
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
  const { steps } = plan;
  const { labels, registers, length } = numberNames(plan);
  const registerBytes = 8 * registers.size;
  const named = Object.entries(plan.blocks);
  const blocks = new Map<string, number>();
  let next: number = ADDRESS.registers + registerBytes;
  for (const [name, block] of named) {
    blocks.set(name, next);
    next += (blockSize(block) + 7) & ~7;
  }
  const writableSize = next - ADDRESS.registers - registerBytes;
  const constant = new ConstantData(ADDRESS.program, INSTRUCTION_SIZE * length);

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
    const { reg, struct, block, label, before, bytes, strings } =
      operand as AnyOperand;
    if (reg !== undefined) return find(registers, reg, "register");
    if (struct !== undefined) return structure(struct, self);
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
      const [size, operand] = fields[i]!;
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
      let whole: number | bigint;
      if (typeof arg === "number") whole = arg;
      else {
        whole = value(arg, index);
        if ((arg as AnyOperand).reg !== undefined) mask |= 1 << i;
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
    code[at] = number | registers.get(to)! << 16;
    if (mask !== 0 || errno !== 0) code[at + 1] = errno | mask << 16;
    if (onError !== 0) code[at + 2] = target(onError);
    if (onZero !== 0) code[at + 3] = target(onZero);
    index++;
  };
  let chain = steps.length;
  for (let i = 0; i < steps.length; i++) {
    const { action } = steps[i]!;
    lower(action, i, arch, chain, emit);
    chain += chainLength(action);
  }
  for (let i = 0; i < steps.length && index < length; i++) {
    const { action } = steps[i]!;
    if (chainLength(action) > 0) lowerChain(action, i, emit);
  }
  // Below the strings are the blocks, on pages of their own.
  const room = ADDRESS.program - next - 2 * PAGE[arch];
  if (constant.stringBytes > room || registers.size > REGISTERS_MAX) {
    throw new RangeError(
      `a program of ${constant.stringBytes} bytes of strings and ` +
        `${registers.size} registers is too large`,
    );
  }
  constant.begin(code);
  const writable = new Uint8Array(writableSize);
  const view = new DataView(writable.buffer);
  for (const [name, block] of named) {
    if (typeof block === "number") continue; // all zero
    let at = blocks.get(name)! - ADDRESS.registers - registerBytes;
    for (const [size, operand] of block) {
      putNumber(view, at, size, value(operand, 0));
      at += size;
    }
  }
  return {
    strings: constant.strings(),
    constant: constant.finish(),
    writable,
    registerBytes,
    length,
  };
}

const HIGH = 2 ** 32;
const LOW_BITS = 0xffffffffn;
