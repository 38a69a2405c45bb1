/**
 * A plan: what a launch program will do, as data.
 *
 * A plan is a list of steps. Each says why it is there, what asked for it, and
 * the one thing that it does. Registers, labels and blocks have names, so that
 * a plan can be read, compared and printed; `program.ts` gives them numbers.
 *
 * @module
 */

import type { SyscallName } from "../ffi/syscall_numbers.ts";

/** A value that a step uses. */
export type Operand =
  | number
  | bigint
  /** The address of a NUL-terminated string. */
  | string
  /** What a register holds. */
  | { readonly reg: string }
  /** The address of a NULL-terminated array of strings. */
  | { readonly strings: readonly string[] }
  /** The address of a structure that does not change. */
  | { readonly struct: readonly Field[] }
  /** The address of bytes that do not change. */
  | { readonly bytes: Uint8Array }
  /** The number of the instruction that uses it. */
  | { readonly self: true }
  /** The number of the instruction with a label. */
  | { readonly label: string }
  /** The bytes of the whole pages before the step with this label. */
  | { readonly before: string }
  /** The address of a named block, which the program may write to. */
  | { readonly block: string; readonly at?: number };

/** Bytes of a structure: a little-endian number of 1, 2, 4 or 8 bytes. */
export type Field = readonly [size: 1 | 2 | 4 | 8, value: Operand];

/** Where to go on an error that is expected. */
export interface Tolerance {
  /** The error number, or "any". */
  readonly errno: number | "any";
  /** The label to go to. */
  readonly goto: string;
}

/** A system call. */
export interface Call {
  readonly call: SyscallName;
  readonly args: readonly Operand[];
  /** The register for the result; on an error, for the negative errno. */
  readonly to?: string;
  /** Errors that do not end the program. */
  readonly tolerate?: readonly Tolerance[];
  /** Where to go when the result is 0. */
  readonly ifZero?: string;
}

/** How two values are compared, unsigned. */
export type Comparison = "==" | "!=" | "<";

/** What a step does: a system call, or a move within the program. */
export type Action =
  | Call
  | { readonly set: string; readonly value: Operand }
  | { readonly and: string; readonly a: Operand; readonly b: Operand }
  | { readonly add: string; readonly a: Operand; readonly b: Operand }
  | {
    readonly load: string;
    readonly from: Operand;
    /** Bytes from there on. */
    readonly at?: number;
    readonly size: 1 | 2 | 4 | 8;
  }
  | {
    readonly store: Operand;
    readonly into: Operand;
    readonly size: 4 | 8;
  }
  | {
    readonly jump: string;
    readonly when?: readonly [Operand, Comparison, Operand];
  }
  /** Goes to the instruction whose number a register holds. */
  | { readonly go: { readonly reg: string } }
  /** Ends the program as if this step had failed with an errno. */
  | { readonly fail: number };

/** One step of a plan. */
export interface Step {
  /** What the step is for, as a person would say it. */
  readonly why: string;
  /** The JSON pointer into config.json that asked for it; empty for none. */
  readonly pointer: string;
  /** The label that other steps jump to. */
  readonly label?: string;
  /** What it does. */
  readonly action: Action;
}

/** A block's contents; a number stands for as many bytes of zero. */
export type Block = readonly Field[] | number;

/** A launch, whole. */
export interface Plan {
  /** The steps in their order; the program starts with the first. */
  readonly steps: readonly Step[];
  /** Blocks that the program writes to, by name. */
  readonly blocks: Readonly<Record<string, Block>>;
  /**
   * The label from which on the program may follow when it runs already: the
   * step before waits until Davit says that it is there.
   */
  readonly rest?: string;
}

/** The most bytes of strings that a plan with a `rest` may have. */
export const STRINGS_ROOM = 32 << 20;

/** The register that holds the descriptor which failures are reported to. */
export const REPORT = "report";

/**
 * The register that names the step to blame for a failure in a routine; 0 for
 * the step that fails itself.
 */
export const BLAME = "blame";

/** The register with the address of the arguments of a routine. */
export const FRAME = "frame";

/** Puts a plan together. */
export class PlanBuilder {
  readonly #steps: Step[] = [];
  readonly #blocks: Record<string, Block> = {};
  #why = "";
  #pointer = "";
  #label: string | undefined;
  #labels = 0;
  readonly #routines = new Map<string, (plan: PlanBuilder) => void>();
  #rest: string | undefined;

  /** Says what the following steps are for, and what asked for them. */
  because(why: string, pointer = ""): this {
    this.#why = why;
    this.#pointer = pointer;
    return this;
  }

  /** Adds a step. */
  add(action: Action): this {
    const label = this.#label;
    const why = this.#why, pointer = this.#pointer;
    if (label === undefined) this.#steps.push({ why, pointer, action });
    else this.#steps.push({ why, pointer, label, action });
    this.#label = undefined;
    return this;
  }

  /** Adds a system call. */
  call(
    call: SyscallName,
    args: readonly Operand[],
    more?: Omit<Call, "call" | "args">,
  ): this {
    return this.add(
      more === undefined ? { call, args } : { call, args, ...more },
    );
  }

  /** Adds a jump, always or under a condition. */
  jump(
    to: string,
    when?: readonly [Operand, Comparison, Operand],
  ): this {
    return this.add(when === undefined ? { jump: to } : { jump: to, when });
  }

  /** Gives the next step a label. */
  label(name: string): this {
    // Two labels on one step: the first one becomes a jump to the next step.
    if (this.#label !== undefined) this.jump(name);
    this.#label = name;
    return this;
  }

  /** A label that no other step has. */
  fresh(hint: string): string {
    return `${hint} ${++this.#labels}`;
  }

  /** Lets the program follow from the next step on; see `Plan.rest`. */
  restFollows(): this {
    this.#label ??= this.fresh("rest");
    this.#rest = this.#label;
    return this;
  }

  /** Whether a step before calls a routine: these lie behind all steps. */
  get hasRoutines(): boolean {
    return this.#routines.size > 0;
  }

  /** Whether a step before uses a block. */
  hasBlock(name: string): boolean {
    return this.#blocks[name] !== undefined;
  }

  /** Declares a block that the program may write to. */
  block(name: string, contents: Block): this {
    this.#blocks[name] = contents;
    return this;
  }

  /**
   * Adds a call of a routine: steps that several others share. The arguments
   * are found at FRAME, 8 bytes each; see `argument`. A failure in it is told
   * as one of the step that calls.
   *
   * @param steps adds the routine's steps; they go to the plan's end, once
   */
  routine(
    name: string,
    args: readonly Operand[],
    steps: (plan: PlanBuilder) => void,
  ): this {
    if (!this.#routines.has(name)) this.#routines.set(name, steps);
    const back = this.fresh("back");
    const frame: Field[] = [[8, { self: true }], [8, { label: back }]];
    for (const arg of args) frame.push([8, arg]);
    return this.add({ set: FRAME, value: { struct: frame } })
      .jump(name)
      .label(back);
  }

  /** Loads the argument `index` of a routine into a register. */
  argument(index: number, to: string): this {
    return this.add({
      load: to,
      from: reg(FRAME),
      at: 16 + 8 * index,
      size: 8,
    });
  }

  /** Goes back to where the routine was called. */
  goBack(): this {
    return this.add({ set: BLAME, value: 0 })
      .add({ load: "back", from: reg(FRAME), at: 8, size: 8 })
      .add({ go: reg("back") });
  }

  /** The plan, with the routines that it calls. */
  build(): Plan {
    for (const [name, steps] of this.#routines) {
      this.because(name).label(name)
        .add({ load: BLAME, from: reg(FRAME), at: 0, size: 8 });
      steps(this);
    }
    this.#routines.clear();
    const plan = { steps: this.#steps, blocks: this.#blocks };
    return this.#rest === undefined ? plan : { ...plan, rest: this.#rest };
  }
}

/** The register `name` as an operand. */
export function reg(name: string): { readonly reg: string } {
  return { reg: name };
}
