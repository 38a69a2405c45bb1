/**
 * Compiles device rules to a BPF program for cgroup v2.
 *
 * Sources: the kernel's Documentation/bpf/standardization/instruction-set.rst;
 * `struct bpf_cgroup_dev_ctx` in `linux/bpf.h`; kernel/bpf/cgroup.c.
 *
 * @module
 */

import { type DeviceRule, EVERY, isTotal } from "./devices.ts";

/** One BPF instruction. */
export interface BpfInstruction {
  /** One of BPF. */
  readonly opcode: number;
  /** Destination register, 0..10. */
  readonly dst: number;
  /** Source register, 0..10. */
  readonly src: number;
  /** Jump distance in instructions, or offset in bytes. */
  readonly offset: number;
  /** 32-bit constant. */
  readonly imm: number;
}

/** The opcodes in use: class, operation and operand in one byte. */
export const BPF = {
  /** dst = *(u32 *)(src + offset) */
  LOAD_WORD: 0x61,
  /** dst = imm, 64 bits */
  MOVE: 0xb7,
  /** dst = dst & imm, 32 bits */
  AND: 0x54,
  /** dst = dst >> imm, 32 bits, logical */
  SHIFT_RIGHT: 0x74,
  /** dst = src, 32 bits */
  COPY: 0xbc,
  /** if dst == imm (32 bits) skip offset instructions */
  JUMP_EQUAL: 0x16,
  /** if dst != imm (32 bits) skip offset instructions */
  JUMP_NOT_EQUAL: 0x56,
  /** leave with r0 */
  EXIT: 0x95,
} as const;

/** Registers of the program: the context comes in r1, the answer is in r0. */
const RESULT = 0;
const CONTEXT = 1;
const TYPE = 2;
/** The access bits that no rule has decided on yet. */
const OPEN = 3;
const MAJOR = 4;
const MINOR = 5;
const SCRATCH = 6;

/** Offsets in `struct bpf_cgroup_dev_ctx`. */
const CTX = { ACCESS_TYPE: 0, MAJOR: 4, MINOR: 8 } as const;

/** BPF_DEVCG_DEV_*: the low 16 bits of `access_type`; access is above them. */
const DEVICE_TYPE = { b: 1, c: 2 } as const;

/** Size of an encoded instruction, in bytes. */
export const INSTRUCTION_SIZE = 8;

/**
 * The program that answers 1 (allow) or 0 (deny) to one access. For each kind
 * of access asked for, the last rule that matches decides; what no rule
 * matches is denied, and one denied kind denies the whole.
 */
export function deviceProgram(rules: readonly DeviceRule[]): BpfInstruction[] {
  const program = [
    insn(BPF.LOAD_WORD, OPEN, CONTEXT, CTX.ACCESS_TYPE),
    insn(BPF.COPY, TYPE, OPEN),
    insn(BPF.AND, TYPE, 0, 0, 0xffff),
    insn(BPF.SHIFT_RIGHT, OPEN, 0, 0, 16),
    insn(BPF.LOAD_WORD, MAJOR, CONTEXT, CTX.MAJOR),
    insn(BPF.LOAD_WORD, MINOR, CONTEXT, CTX.MINOR),
  ];
  // From the last rule to the first: the first match found is the last one.
  for (const rule of rules.toReversed()) {
    // What stands before a rule about everything never decides.
    if (isTotal(rule)) return [...program, ...answer(rule.allow)];
    program.push(...block(rule));
  }
  return [...program, ...answer(false)];
}

/** The program as the kernel reads it, `struct bpf_insn` after another. */
export function encodeProgram(
  program: readonly BpfInstruction[],
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(program.length * INSTRUCTION_SIZE);
  const view = new DataView(bytes.buffer);
  program.forEach(({ opcode, dst, src, offset, imm }, index) => {
    const at = index * INSTRUCTION_SIZE;
    // Both processors that Davit runs on are little-endian.
    view.setUint8(at, opcode);
    view.setUint8(at + 1, src << 4 | dst);
    view.setInt16(at + 2, offset, true);
    view.setInt32(at + 4, imm, true);
  });
  return bytes;
}

/** One rule: tests that skip the block, then what the rule does on a match. */
function block(rule: DeviceRule): BpfInstruction[] {
  const tests: [number, number][] = [];
  if (rule.type !== "a") tests.push([TYPE, DEVICE_TYPE[rule.type]]);
  if (rule.major !== EVERY) tests.push([MAJOR, rule.major]);
  if (rule.minor !== EVERY) tests.push([MINOR, rule.minor]);
  const action = rule.allow ? allow(rule.access) : deny(rule.access);
  return [
    ...tests.map(([register, value], index) =>
      insn(
        BPF.JUMP_NOT_EQUAL,
        register,
        0,
        tests.length - index - 1 + action.length,
        value,
      )
    ),
    ...action,
  ];
}

/** The kinds of access are settled; when none is left the answer is yes. */
function allow(access: number): BpfInstruction[] {
  return [
    insn(BPF.AND, OPEN, 0, 0, ~access),
    insn(BPF.JUMP_NOT_EQUAL, OPEN, 0, 2, 0),
    ...answer(true),
  ];
}

/** One open kind of access that is denied makes the answer no. */
function deny(access: number): BpfInstruction[] {
  return [
    insn(BPF.COPY, SCRATCH, OPEN),
    insn(BPF.AND, SCRATCH, 0, 0, access),
    insn(BPF.JUMP_EQUAL, SCRATCH, 0, 2, 0),
    ...answer(false),
  ];
}

function answer(yes: boolean): BpfInstruction[] {
  return [insn(BPF.MOVE, RESULT, 0, 0, yes ? 1 : 0), insn(BPF.EXIT)];
}

function insn(
  opcode: number,
  dst = 0,
  src = 0,
  offset = 0,
  imm = 0,
): BpfInstruction {
  return { opcode, dst, src, offset, imm };
}
