/**
 * Seccomp profiles for tests: one as engines use, and random ones.
 *
 * @module
 */

import type {
  Profile,
  ProfileArg,
  ProfileRule,
} from "../launch/seccomp/profile.ts";
import { SHARED } from "../launch/seccomp/rules.ts";

/** What an engine's default profile refuses, beside what it does not know. */
const REFUSED = "acct add_key bpf clock_adjtime clock_settime create_module " +
  "delete_module finit_module get_kernel_syms init_module ioperm iopl kcmp " +
  "kexec_file_load kexec_load keyctl lookup_dcookie mount move_mount " +
  "name_to_handle_at nfsservctl open_by_handle_at open_tree perf_event_open " +
  "pivot_root process_vm_readv process_vm_writev query_module quotactl " +
  "quotactl_fd reboot request_key setdomainname sethostname setns " +
  "settimeofday stime swapon swapoff sysfs _sysctl umount umount2 unshare " +
  "uselib userfaultfd ustat vm86 vm86old fsopen fsconfig fsmount fspick " +
  "mount_setattr vserver afs_syscall bdflush break ftime getpmsg gtty lock " +
  "mpx prof profil putpmsg security stty tuxcall ulimit idle socket clone " +
  "clone3 personality syslog vhangup chroot";

/** A profile of the shape of docker's and podman's default ones. */
export function engineProfile(known: readonly string[]): Profile {
  const refused = new Set(REFUSED.split(" "));
  const personalities = [0, 8, 0x20000, 0x20008, 0xffffffff];
  return {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: 1,
    architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
    syscalls: [
      {
        names: known.filter((name) => !refused.has(name)),
        action: "SCMP_ACT_ALLOW",
      },
      ...personalities.map((value): ProfileRule => ({
        names: ["personality"],
        action: "SCMP_ACT_ALLOW",
        args: [{ index: 0, value, op: "SCMP_CMP_EQ" }],
      })),
      {
        names: ["socket"],
        action: "SCMP_ACT_ALLOW",
        args: [{ index: 0, value: 40, op: "SCMP_CMP_NE" }],
      },
      {
        names: ["clone"],
        action: "SCMP_ACT_ALLOW",
        args: [{
          index: 0,
          value: 0x7e020000,
          valueTwo: 0,
          op: "SCMP_CMP_MASKED_EQ",
        }],
      },
      { names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: 38 },
    ],
  };
}

/** Numbers that look random and are the same for the same seed. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An integer from 0 up to and without `limit`, at most 2^32. */
  below(limit: number): number {
    // A multiply and xor-shift generator of 32 bits (Weyl sequence).
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let z = this.#state;
    z = Math.imul(z ^ z >>> 16, 0x85ebca6b);
    z = Math.imul(z ^ z >>> 13, 0xc2b2ae35);
    return ((z ^ z >>> 16) >>> 0) % limit;
  }

  /** One of some values. */
  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }

  /** 64 bits, often near a boundary. */
  word(): bigint {
    const edges = [0n, 1n, 0xffffffffn, 0x100000000n, 0x7fffffffn, 1n << 63n];
    const near = () =>
      BigInt.asUintN(64, this.pick(edges) + BigInt(this.below(5) - 2));
    const any = () =>
      BigInt(this.below(2 ** 32)) << 32n | BigInt(this.below(2 ** 32));
    return this.below(4) === 0 ? any() : near();
  }
}

const ACTIONS = "KILL KILL_PROCESS TRAP ERRNO TRACE ALLOW LOG".split(" ");
const OPERATORS = "NE LT LE EQ GE GT MASKED_EQ".split(" ");
const ARCHES = "X86_64 X86 X32 AARCH64 ARM".split(" ");
/** Calls that x86 has behind `socketcall` or `ipc`, and these two. */
export const SHARED_CALLS: ReadonlySet<string> = new Set([
  ...Object.keys(SHARED),
  ...Object.values(SHARED).join(" ").split(" "),
]);

/**
 * A random profile over the calls `known`.
 *
 * Of a call that is tested there is one rule, or several that do the same and
 * compare one argument with a value each, and calls that x86 has behind
 * another one have one rule without tests: libseccomp 2.5.4 merges other rules wrongly (of
 * "A1 < 2^63" and "A1 < 2^32 - 1", for one, it makes a filter that refuses
 * A1 = 2^32 - 1).
 */
export function randomProfile(
  random: Random,
  known: readonly string[],
): Profile {
  const outcome = () => ({
    action: `SCMP_ACT_${random.pick(ACTIONS)}`,
    errnoRet: 1 + random.below(100),
  });
  const names = new Set<string>();
  for (let i = random.below(30); i > 0; i--) names.add(random.pick(known));
  const rules: ProfileRule[] = [];
  for (const name of names) {
    const own = { names: [name], ...outcome() };
    const isShared = SHARED_CALLS.has(name);
    const kind = isShared ? 0 : random.below(4);
    if (kind === 0) rules.push(own);
    else if (kind === 1) {
      const index = random.below(6), op = "SCMP_CMP_EQ";
      for (let n = 1 + random.below(5); n > 0; n--) {
        rules.push({ ...own, args: [{ index, op, value: random.word() }] });
      }
    } else {
      rules.push({ ...own, args: someArgs(random, 1 + random.below(3)) });
    }
    // A rule without conditions beats those; of two of these the first counts.
    if (isShared || random.below(4) > 0) continue;
    rules.push({ ...own, ...outcome(), args: [] });
  }
  const { action, errnoRet } = outcome();
  return {
    defaultAction: action,
    defaultErrnoRet: errnoRet,
    architectures: ARCHES.filter(() => random.below(2) === 0)
      .map((arch) => `SCMP_ARCH_${arch}`),
    syscalls: rules,
  };
}

/** Tests of different arguments. */
function someArgs(random: Random, count: number): ProfileArg[] {
  const args = new Map<number, ProfileArg>();
  while (args.size < count) {
    const index = random.below(6);
    const op = random.pick(OPERATORS);
    args.set(index, {
      index,
      op: `SCMP_CMP_${op}`,
      value: random.word(),
      ...(op === "MASKED_EQ" && { valueTwo: random.word() }),
    });
  }
  return [...args.values()];
}
