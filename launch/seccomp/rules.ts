/**
 * The rules of a profile for one architecture: what happens to each call.
 *
 * Rules on one call are merged as libseccomp does: a rule without conditions
 * beats those with some, of several of these the first one counts.
 *
 * @module
 */

import { ARCHES, type CallArch, callNumbers } from "./architectures.ts";
import {
  actionValue,
  type Profile,
  type ProfileArg,
  type ProfileRule,
} from "./profile.ts";

/** A test of one argument. */
export interface Condition {
  readonly index: number;
  readonly op: "NE" | "LT" | "LE" | "EQ" | "GE" | "GT";
  /** Bits of the argument that are looked at. */
  readonly mask: bigint;
  readonly value: bigint;
}

/** Conditions that have to hold together, and what follows. */
export interface Chain {
  readonly conditions: readonly Condition[];
  readonly result: number;
}

/** What happens to a call: always the same, or the first chain that holds. */
export interface CallRules {
  /** What a filter returns; undefined: it depends on the arguments. */
  always?: number;
  readonly chains: Chain[];
}

const WIDE = 0xffffffffffffffffn, NARROW = 0xffffffffn;

/** The rules for each call number of `arch`. */
export function rulesOf(
  profile: Profile,
  arch: CallArch,
): Map<number, CallRules> {
  const { defaultAction, defaultErrnoRet, syscalls = [] } = profile;
  const byDefault = actionValue(defaultAction, defaultErrnoRet);
  const numbers = callNumbers(arch);
  const rules = new Map<number, CallRules>();
  for (const rule of syscalls) {
    const result = actionValue(rule.action, rule.errnoRet);
    if (result === byDefault) continue;
    const alternatives = conditionsOf(rule, ARCHES[arch].narrow);
    for (const name of rule.names) {
      const direct = numbers.get(name);
      const shared = arch === "X86" ? sharedCall(name) : undefined;
      for (const conditions of alternatives) {
        if (direct !== undefined) add(rules, direct, conditions, result);
        if (shared === undefined) continue;
        const others = conditions.filter(({ index }) => index !== 0);
        const first = { index: 0, op: "EQ" as const, mask: NARROW };
        const number = numbers.get(shared.call)!;
        const chosen = { ...first, value: BigInt(shared.number) };
        add(rules, number, [chosen, ...others], result);
      }
    }
  }
  return rules;
}

function add(
  rules: Map<number, CallRules>,
  number: number,
  conditions: readonly Condition[],
  result: number,
): void {
  let rule = rules.get(number);
  if (rule === undefined) rules.set(number, rule = { chains: [] });
  if (rule.always !== undefined) return;
  if (conditions.length > 0) rule.chains.push({ conditions, result });
  else {
    rule.always = result;
    rule.chains.length = 0;
  }
}

/**
 * The conditions of a rule, as alternatives: of a rule that tests an argument
 * more than once each test is a rule of its own, as in runc.
 */
function conditionsOf(
  { args = [] }: ProfileRule,
  narrow: boolean,
): readonly Condition[][] {
  const conditions = args.map((arg) => condition(arg, narrow));
  // A test of no bits always holds.
  const real = conditions.filter(({ mask }) => mask !== 0n);
  const indexes = new Set(args.map(({ index }) => index));
  return indexes.size < args.length
    ? conditions.map((one) => one.mask === 0n ? [] : [one])
    : [real];
}

function condition(
  { index, op, value, valueTwo = 0 }: ProfileArg,
  narrow: boolean,
): Condition {
  const bits = narrow ? NARROW : WIDE;
  const name = op.replace(/^SCMP_CMP_/, "");
  if (name !== "MASKED_EQ") {
    const plain = name as Condition["op"];
    return { index, op: plain, mask: bits, value: BigInt(value) & bits };
  }
  const mask = BigInt(value) & bits;
  return { index, op: "EQ", mask, value: BigInt(valueTwo) & mask };
}

/** Calls that x86 has behind `socketcall` and `ipc`, by their numbers there. */
export const SHARED: Readonly<Record<string, string>> = {
  socketcall: "1 socket bind connect listen accept getsockname getpeername " +
    "socketpair send recv sendto recvfrom shutdown setsockopt getsockopt " +
    "sendmsg recvmsg accept4 recvmmsg sendmmsg",
  ipc: "1 semop semget semctl semtimedop 11 msgsnd msgrcv msgget msgctl " +
    "21 shmat shmdt shmget shmctl",
};

function sharedCall(
  name: string,
): { call: string; number: number } | undefined {
  for (const [call, text] of Object.entries(SHARED)) {
    let next = 0;
    for (const word of text.split(" ")) {
      if (word === name) return { call, number: next };
      const number = Number(word);
      next = Number.isInteger(number) ? number : next + 1;
    }
  }
  return undefined;
}
