/**
 * A small interpreter for the classic BPF that seccomp filters are made of.
 *
 * @module
 */

import {
  type Arch,
  type SyscallName,
  syscallNumber,
} from "../../ffi/syscall_numbers.ts";
import { ARCHES, NATIVE } from "./architectures.ts";

/** What a filter sees of a call: struct seccomp_data, without the pointer. */
export interface Call {
  readonly audit: number;
  readonly number: number;
  readonly args: readonly bigint[];
}

/** What a filter answers, and what it took. */
export interface Verdict {
  readonly value: number;
  /** Conditional jumps on the way. */
  readonly comparisons: number;
}

/**
 * Runs a filter, an array of struct sock_filter.
 * @throws {Error} an instruction that seccomp filters do not have
 */
export function runFilter(filter: Uint8Array, call: Call): Verdict {
  const code = new DataView(filter.buffer, filter.byteOffset, filter.length);
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, call.number, true);
  data.setUint32(4, call.audit, true);
  call.args.forEach((arg, i) => data.setBigUint64(16 + 8 * i, arg, true));
  let a = 0, comparisons = 0;
  const scratch = new Uint32Array(16);
  for (let pc = 0; pc < filter.length / 8; pc++) {
    const k = code.getUint32(pc * 8 + 4, true);
    const jump = (holds: boolean) => {
      comparisons++;
      pc += code.getUint8(pc * 8 + (holds ? 2 : 3));
    };
    switch (code.getUint16(pc * 8, true)) {
      case 0x20: // ld [k]
        a = data.getUint32(k, true);
        break;
      case 0x60: // ld M[k]
        a = scratch[k]!;
        break;
      case 0x02: // st M[k]
        scratch[k] = a;
        break;
      case 0x54: // and
        a = (a & k) >>> 0;
        break;
      case 0x05: // ja
        pc += k;
        break;
      case 0x15:
        jump(a === k);
        break;
      case 0x25:
        jump(a > k);
        break;
      case 0x35:
        jump(a >= k);
        break;
      case 0x45:
        jump((a & k) !== 0);
        break;
      case 0x06: // ret
        return { value: k, comparisons };
      default:
        throw new Error(`unknown instruction at ${pc}`);
    }
  }
  throw new Error("the filter has no end");
}

const SECCOMP_RET_LOG = 0x7ffc0000, SECCOMP_RET_ALLOW = 0x7fff0000;

/**
 * Whether a filter lets all of these calls happen.
 * @param arch the processor that makes them
 */
export function allowsAll(
  filter: Uint8Array,
  arch: Arch,
  calls: readonly (readonly [name: SyscallName, ...args: number[]])[],
): boolean {
  const { audit } = ARCHES[NATIVE[arch]];
  return calls.every(([name, ...args]) => {
    const { value } = runFilter(filter, {
      audit,
      number: syscallNumber(name, arch),
      args: args.map(BigInt),
    });
    return value === SECCOMP_RET_ALLOW || value === SECCOMP_RET_LOG;
  });
}
