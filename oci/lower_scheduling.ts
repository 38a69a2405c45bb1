/**
 * `process.scheduler`, `process.ioPriority`, `linux.personality` and
 * `linux.memoryPolicy` in the kernel's numbers.
 *
 * @module
 */

import type { MemoryPolicyInput, SchedulerInput } from "../launch/input.ts";
import type { MemoryPolicy, Personality } from "./spec_linux.ts";
import type { IOPriority, Scheduler } from "./spec_process.ts";

/** SCHED_ policies, linux/sched.h. */
const POLICIES: Readonly<Record<string, number>> = {
  SCHED_OTHER: 0,
  SCHED_FIFO: 1,
  SCHED_RR: 2,
  SCHED_BATCH: 3,
  SCHED_ISO: 4,
  SCHED_IDLE: 5,
  SCHED_DEADLINE: 6,
};

/** SCHED_FLAG_ bits, linux/sched.h, in their order. */
const FLAGS = "RESET_ON_FORK RECLAIM DL_OVERRUN KEEP_POLICY KEEP_PARAMS " +
  "UTIL_CLAMP_MIN UTIL_CLAMP_MAX";

/** IOPRIO_CLASS_ values, ioprio_set(2). */
const CLASSES = {
  IOPRIO_CLASS_RT: 1,
  IOPRIO_CLASS_BE: 2,
  IOPRIO_CLASS_IDLE: 3,
};

/** The scheduler's settings, which have been checked. */
export function lowerScheduler(scheduler: Scheduler): SchedulerInput {
  const { policy, nice = 0, priority = 0, flags = [] } = scheduler;
  const { runtime = 0, deadline = 0, period = 0 } = scheduler;
  const names = FLAGS.split(" ");
  return {
    name: policy,
    policy: POLICIES[policy]!,
    flags: flags.reduce(
      (bits, flag) =>
        bits | 1 << names.indexOf(flag.replace(/^SCHED_FLAG_/, "")),
      0,
    ),
    nice,
    priority,
    runtime,
    deadline,
    period,
  };
}

/** What ioprio_set(2) takes: the class above 13 bits of priority. */
export function lowerIoPriority(
  { class: name, priority = 0 }: IOPriority,
): number {
  return CLASSES[name] << 13 | priority;
}

/** personality(2): the native domain, or that of 32-bit programs. */
export function lowerPersonality({ domain }: Personality): number {
  return domain === "LINUX32" ? 0x0008 : 0;
}

/** MPOL_ modes in the order of their numbers, linux/mempolicy.h. */
const MODES = "DEFAULT PREFERRED BIND INTERLEAVE LOCAL PREFERRED_MANY " +
  "WEIGHTED_INTERLEAVE";

/** MPOL_F_ flags. */
const POLICY_FLAGS: Readonly<Record<string, number>> = {
  MPOL_F_STATIC_NODES: 1 << 15,
  MPOL_F_RELATIVE_NODES: 1 << 14,
  MPOL_F_NUMA_BALANCING: 1 << 13,
};

/** A memory policy that has been checked. */
export function lowerMemoryPolicy(policy: MemoryPolicy): MemoryPolicyInput {
  const { mode = "MPOL_DEFAULT", nodes = "", flags = [] } = policy;
  const number = MODES.split(" ").indexOf(mode.replace(/^MPOL_/, ""));
  return {
    name: mode,
    mode: flags.reduce((bits, flag) => bits | POLICY_FLAGS[flag]!, number),
    nodes: bitMask(nodes),
  };
}

/** A list of nodes or processors like "0-3,7", as words of 64 bits. */
export function bitMask(list: string): bigint[] {
  const words: bigint[] = [];
  for (const part of list.split(",")) {
    const [first, last = first] = part.trim().split("-");
    if (first === undefined || first === "") continue;
    for (let bit = Number(first); bit <= Number(last); bit++) {
      const word = bit >> 6;
      while (words.length <= word) words.push(0n);
      words[word]! |= 1n << BigInt(bit & 63);
    }
  }
  return words;
}
