/**
 * What a launch of `exec` is made from.
 *
 * @module
 */

import type {
  MemoryPolicyInput,
  NamespaceKind,
  Privileges,
  ProcessInput,
} from "./input.ts";

/** Processors that a process may run on, sched_setaffinity(2). */
export interface AffinityInput {
  /** Until it is in the container's cgroups: bit i stands for processor i. */
  readonly initial?: readonly bigint[];
  /** From then on; absent: what the kernel makes of the former. */
  readonly final?: readonly bigint[];
}

/** One more process of a container. */
export interface ExecInput {
  /** The container's. */
  readonly id: string;
  /** The pid of the container's init. */
  readonly initPid: number;
  readonly privileges: Privileges;
  /** Namespaces of init's that are not the caller's. */
  readonly namespaces: readonly NamespaceKind[];
  /** Whether it gets the container's session keyring. */
  readonly ownKeyring: boolean;
  /** `tasks` files of cgroup v1. */
  readonly cgroupTasks: readonly string[];
  /** The directory of the cgroup v2. */
  readonly cgroupDirectory?: string;
  /** Where to go if no process may be in that one. */
  readonly initCgroup?: string;
  /** Somebody else puts the first process into its cgroups, for Davit. */
  readonly awaitsPlace?: { readonly why: string; readonly pointer: string };
  /** As personality(2) takes it; absent: the caller's. */
  readonly personality?: number;
  readonly memoryPolicy?: MemoryPolicyInput;
  readonly affinity: AffinityInput;
  /** Whether the process's filter lets CALLS_UNDER_FILTER happen. */
  readonly loadsFilterEarly: boolean;
  readonly process: ProcessInput;
  /** How many descriptors from 3 on belong to the program. */
  readonly preserveFds: number;
}
