/**
 * The seccomp compiler: a profile becomes a classic BPF program.
 *
 *     profile -> rules of each architecture -> ranges of numbers -> filter
 *
 * @module
 */

import type { Arch } from "../../ffi/syscall_numbers.ts";
import {
  ARCHES,
  type CallArch,
  callNumbers,
  isKnownCall,
  NATIVE,
  X32_BIT,
} from "./architectures.ts";
import { filterBytes, type Instruction, LENGTH_MAX } from "./bpf.ts";
import { type Branch, filter, rangesOf } from "./filter.ts";
import {
  actionName,
  ACTIONS,
  actionValue,
  flagBits,
  type Profile,
} from "./profile.ts";
import { type CallRules, rulesOf } from "./rules.ts";

/** A filter, ready to be loaded with seccomp(2). */
export interface Compiled {
  /** An array of struct sock_filter. */
  readonly filter: Uint8Array<ArrayBuffer>;
  /** SECCOMP_FILTER_FLAG_ bits that the profile asks for. */
  readonly flags: number;
  /** Whether some calls are to be decided by a listener. */
  readonly notifies: boolean;
  /** Names of calls that no architecture has: they are left out. */
  readonly unknown: readonly string[];
  /** Architectures of the profile that are left out. */
  readonly foreign: readonly string[];
}

/** How a filter differs from what libseccomp makes. */
export interface CompileOptions {
  /**
   * Answer ENOSYS to calls that are newer than all calls of a profile which
   * refuses by default, as runc does: programs then use older calls.
   */
  readonly newerCalls: boolean;
}

const ENOSYS = 38;
/** What a tracer replaces a call's number with that is not to be made. */
const SKIPPED = 0xffffffff;

/**
 * Compiles a profile for the processor `host`.
 * @throws {RangeError} the filter would have more than 4096 instructions
 */
export function compileSeccomp(
  profile: Profile,
  host: Arch,
  options: CompileOptions = { newerCalls: true },
): Compiled {
  const names = (profile.syscalls ?? []).flatMap((rule) => rule.names);
  const wanted = (profile.architectures ?? [])
    .map((name) => name.replace(/^SCMP_ARCH_/, ""));
  const instructions = seccompFilter(profile, host, options);
  if (instructions.length > LENGTH_MAX) {
    throw new RangeError(
      `the filter has ${instructions.length} instructions, the kernel takes ` +
        `${LENGTH_MAX}`,
    );
  }
  const used = (profile.syscalls ?? []).map(({ action }) => action);
  return {
    filter: filterBytes(instructions),
    flags: flagBits(profile),
    notifies: [profile.defaultAction, ...used]
      .some((action) => actionName(action) === "NOTIFY"),
    unknown: [...new Set(names)].filter((name) => !isKnownCall(name)),
    foreign: wanted.filter((name) => !Object.hasOwn(ARCHES, name)),
  };
}

/** The instructions of a profile's filter. */
export function seccompFilter(
  profile: Profile,
  host: Arch,
  { newerCalls }: CompileOptions,
): Instruction[] {
  const arches = new Set<CallArch>([NATIVE[host]]);
  for (const name of profile.architectures ?? []) {
    const arch = name.replace(/^SCMP_ARCH_/, "");
    if (Object.hasOwn(ARCHES, arch)) arches.add(arch as CallArch);
  }
  const branches: Branch[] = [];
  for (const arch of arches) {
    // X32 and X86_64 are told apart by the number: they share a branch.
    if (arch === "X32" && arches.has("X86_64")) continue;
    const parts: CallArch[] = arch === "X86_64" && arches.has("X32")
      ? ["X86_64", "X32"]
      : [arch];
    branches.push(branch(profile, parts, newerCalls));
  }
  return filter(branches, ACTIONS["KILL"]!);
}

/** The branch of an architecture, or of X86_64 and X32. */
function branch(
  profile: Profile,
  arches: readonly CallArch[],
  newerCalls: boolean,
): Branch {
  const { defaultAction, defaultErrnoRet } = profile;
  const byDefault = actionValue(defaultAction, defaultErrnoRet);
  const rules = new Map<number, CallRules>();
  const fallback = [{ first: 0, outcome: byDefault }];
  const badArch = ACTIONS["KILL"]!;
  for (const arch of arches) {
    const own = rulesOf(profile, arch);
    for (const [number, rule] of own) rules.set(number, rule);
    const base = arch === "X32" ? X32_BIT : 0;
    if (base > 0) fallback.push({ first: base, outcome: byDefault });
    const newest = newestCall(profile, arch);
    if (newerCalls && newest !== undefined && refusesByDefault(profile)) {
      const outcome = actionValue("ERRNO", ENOSYS);
      fallback.push({ first: newest + 1, outcome });
    }
  }
  if (arches.includes("X86_64") && !arches.includes("X32")) {
    fallback.push({ first: X32_BIT, outcome: badArch });
  }
  fallback.push({ first: SKIPPED, outcome: byDefault });
  const { audit } = ARCHES[arches[0]!];
  return { audit, ranges: rangesOf(rules, fallback) };
}

/** The highest number that any rule of the profile names. */
function newestCall(profile: Profile, arch: CallArch): number | undefined {
  const numbers = callNumbers(arch);
  let newest: number | undefined;
  for (const { names } of profile.syscalls ?? []) {
    for (const name of names) {
      const number = numbers.get(name) ?? 0;
      if (number > (newest ?? 0)) newest = number;
    }
  }
  return newest;
}

/** A tracer knows calls of the future itself. */
function refusesByDefault(profile: Profile): boolean {
  const { defaultAction, defaultErrnoRet } = profile;
  const name = actionName(defaultAction);
  return !["ALLOW", "LOG", "TRACE"].includes(name) &&
    !(name === "ERRNO" && defaultErrnoRet === ENOSYS);
}
