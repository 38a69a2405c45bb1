import { assertEquals } from "@std/assert";
import {
  ARCHES,
  type CallArch,
  callNumbers,
  X32_BIT,
} from "../launch/seccomp/architectures.ts";
import { filterBytes } from "../launch/seccomp/bpf.ts";
import { seccompFilter } from "../launch/seccomp/compile.ts";
import type { Profile } from "../launch/seccomp/profile.ts";
import { hasLibseccomp, knownToBoth, libseccompFilter } from "./libseccomp.ts";
import { type Call, runFilter } from "../launch/seccomp/run_filter.ts";
import {
  engineProfile,
  Random,
  randomProfile,
  SHARED_CALLS,
} from "./seccomp_profiles.ts";

/**
 * How much to compare; the environment may ask for more:
 * SECCOMP_PROFILES=10000 SECCOMP_INPUTS=1000 deno test -A THIS_FILE
 */
const PROFILES = Number(Deno.env.get("SECCOMP_PROFILES") ?? 300);
const INPUTS = Number(Deno.env.get("SECCOMP_INPUTS") ?? 200);
const SEED = Number(Deno.env.get("SECCOMP_SEED") ?? Date.now() % 1e9);

const NAMES = Object.keys(ARCHES) as CallArch[];
const UNKNOWN_AUDIT = 0x80000016;

/** A call: most often one that the profile names, with values near its own. */
function randomCall(random: Random, profile: Profile): Call {
  const arch = random.pick(NAMES);
  const numbers = callNumbers(arch);
  const rules = profile.syscalls ?? [];
  const rule = rules.length > 0 ? random.pick(rules) : undefined;
  const named = rule && numbers.get(random.pick(rule.names));
  const odd = [X32_BIT, X32_BIT - 1, 0xffffffff, 0, 102, 117, 600];
  const number = random.below(8) === 0
    ? random.pick(odd)
    : random.below(8) === 0 || named === undefined
    ? random.below(480) + (arch === "X32" ? X32_BIT : 0)
    : named + (random.below(8) === 0 ? random.below(3) - 1 : 0);
  const args = Array.from({ length: 6 }, () => random.word());
  for (const { index, value, valueTwo = 0 } of rule?.args ?? []) {
    const wanted = random.below(3) === 0 ? valueTwo : value;
    const near = BigInt(wanted) + BigInt(random.below(3) - 1);
    if (random.below(4) > 0) args[index] = BigInt.asUintN(64, near);
  }
  if (random.below(3) === 0) args[0] = BigInt(random.below(26));
  const { audit, narrow } = ARCHES[arch];
  return {
    audit: random.below(20) === 0 ? UNKNOWN_AUDIT : audit,
    number: number >>> 0,
    args: narrow ? args.map((arg) => BigInt.asUintN(32, arg)) : args,
  };
}

/** Architectures that the kernel calls by one name. */
const GROUPS: readonly (readonly CallArch[])[] = [
  ["X86_64", "X32"],
  ["X86"],
  ["AARCH64"],
  ["ARM"],
];

/**
 * libseccomp's filters of a profile, by audit architecture, each for that one
 * alone: 2.5.4 mixes small filters of several up (a test of a call's number
 * without loading it first).
 */
function peers(profile: Profile): Map<number, Uint8Array> {
  const wanted = ["SCMP_ARCH_X86_64", ...profile.architectures ?? []];
  const filters = new Map<number, Uint8Array>();
  for (const group of GROUPS) {
    const architectures = group.map((arch) => `SCMP_ARCH_${arch}`)
      .filter((arch) => wanted.includes(arch));
    if (architectures.length === 0) continue;
    const foreign = !architectures.includes("SCMP_ARCH_X86_64");
    const numbers = callNumbers(group[0]!);
    const has = (name: string) =>
      numbers.has(name) || group[0] === "X86" && SHARED_CALLS.has(name);
    const syscalls = (profile.syscalls ?? []).map((rule) => ({
      ...rule,
      names: rule.names.filter(has),
    }));
    const part = { ...profile, architectures, syscalls };
    const filter = libseccompFilter(part, foreign);
    filters.set(ARCHES[group[0]!].audit, filter);
  }
  return filters;
}

const KILL = 0;

function compare(
  profile: Profile,
  random: Random,
  inputs: number,
): void {
  const options = { newerCalls: false };
  const own = filterBytes(seccompFilter(profile, "x86_64", options));
  const filters = peers(profile);
  for (let i = 0; i < inputs; i++) {
    const call = randomCall(random, profile);
    const peer = filters.get(call.audit);
    const expected = peer === undefined ? KILL : runFilter(peer, call).value;
    const { value } = runFilter(own, call);
    if (value === expected) continue;
    const about = JSON.stringify(
      { profile, call },
      (_, value) =>
        typeof value === "bigint" ? `0x${value.toString(16)}` : value,
    );
    assertEquals(value.toString(16), expected.toString(16), about);
  }
}

const ignore = !hasLibseccomp() || Deno.build.arch !== "x86_64";
const why = ignore ? " (skipped: libseccomp.so.2 is not here)" : "";

Deno.test({
  name: `an engine's profile decides as libseccomp's filter${why}`,
  ignore,
  fn() {
    const known = knownToBoth();
    const random = new Random(SEED);
    compare(engineProfile(known), random, 50 * INPUTS);
  },
});

Deno.test({
  name: `random profiles decide as libseccomp's filters${why}`,
  ignore,
  fn() {
    // Calls that X86 has only behind another one bring up the same mix-up.
    const known = knownToBoth().filter((name) =>
      callNumbers("X86").has(name) || !SHARED_CALLS.has(name)
    );
    for (let i = 0; i < PROFILES; i++) {
      const random = new Random(SEED + i);
      try {
        compare(randomProfile(random, known), random, INPUTS);
      } catch (error) {
        throw new Error(`SECCOMP_SEED=${SEED + i} SECCOMP_PROFILES=1`, {
          cause: error,
        });
      }
    }
  },
});
