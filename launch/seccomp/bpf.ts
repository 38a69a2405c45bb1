/**
 * Writing classic BPF, from the end to the beginning: jumps only lead forward,
 * so where they lead to is known when they are written.
 *
 * Source: the kernel's linux/bpf_common.h and linux/seccomp.h.
 *
 * @module
 */

/** One instruction: struct sock_filter. */
export interface Instruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

/** Operations; BPF_LD | BPF_W | BPF_ABS and so on. */
export const OP = {
  load: 0x20,
  and: 0x54,
  jump: 0x05,
  equal: 0x15,
  greater: 0x25,
  greaterOrEqual: 0x35,
  return: 0x06,
} as const;

/** Offsets in struct seccomp_data. */
export const DATA = { nr: 0, arch: 4, args: 16 } as const;

/** Most instructions of a filter, BPF_MAXINSNS. */
export const LENGTH_MAX = 4096;

const REACH = 255;

/** A place in the filter: how many instructions follow it, itself included. */
export type Place = number;

/** A filter that grows at its beginning. */
export class FilterWriter {
  /** The last instruction first. */
  readonly #written: Instruction[] = [];
  readonly #returns = new Map<number, Place>();

  #put(code: number, k: number, jt = 0, jf = 0): Place {
    return this.#written.push({ code, jt, jf, k: k >>> 0 });
  }

  /** The instructions between the next one to be written and `place`. */
  #distance(place: Place): number {
    return this.#written.length - place;
  }

  /** Ends the filter with a value; equal ends near by are shared. */
  end(value: number): Place {
    const known = this.#returns.get(value);
    // Some room, for what is written before the jump that leads here.
    if (known !== undefined && this.#distance(known) < REACH - 32) return known;
    const place = this.#put(OP.return, value);
    this.#returns.set(value, place);
    return place;
  }

  /** A comparison of the accumulator with `k`. */
  test(
    code: typeof OP.equal | typeof OP.greater | typeof OP.greaterOrEqual,
    k: number,
    yes: Place,
    no: Place,
  ): Place {
    if (yes === no) return yes;
    const far = Math.min(yes, no);
    const near = Math.max(yes, no);
    let nearHere = near, farHere = far;
    // A hop for one of them may push the other one out of reach.
    if (this.#distance(far) > REACH - 1) farHere = this.#hop(far);
    if (this.#distance(near) > REACH) nearHere = this.#hop(near);
    const [jt, jf] = yes === far ? [farHere, nearHere] : [nearHere, farHere];
    return this.#put(code, k, this.#distance(jt), this.#distance(jf));
  }

  #hop(place: Place): Place {
    return this.#put(OP.jump, this.#distance(place));
  }

  /** Goes on at `place`, which need not be what was written last. */
  continueAt(place: Place): Place {
    return this.#distance(place) === 0 ? place : this.#hop(place);
  }

  /** Loads 32 bits of the call's data. */
  load(offset: number): Place {
    return this.#put(OP.load, offset);
  }

  /** Keeps some bits of the accumulator. */
  and(mask: number): Place {
    return this.#put(OP.and, mask);
  }

  /** The instructions in their order. */
  finish(): Instruction[] {
    return this.#written.toReversed();
  }
}

/** The bytes of instructions, 8 each, little-endian. */
export function filterBytes(
  instructions: readonly Instruction[],
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(instructions.length * 8);
  const view = new DataView(bytes.buffer);
  instructions.forEach(({ code, jt, jf, k }, i) => {
    view.setUint16(i * 8, code, true);
    view.setUint8(i * 8 + 2, jt);
    view.setUint8(i * 8 + 3, jf);
    view.setUint32(i * 8 + 4, k, true);
  });
  return bytes;
}
