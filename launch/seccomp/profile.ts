/**
 * A seccomp profile, as the runtime specification has it in `linux.seccomp`,
 * and what its words mean to the kernel, seccomp(2).
 *
 * @module
 */

/** One test of an argument. */
export interface ProfileArg {
  /** Number of the argument, 0 to 5. */
  readonly index: number;
  readonly value: number | bigint;
  /** What the argument is compared with after masking it with `value`. */
  readonly valueTwo?: number | bigint;
  /** `SCMP_CMP_...`. */
  readonly op: string;
}

/** What to do with some system calls. */
export interface ProfileRule {
  readonly names: readonly string[];
  /** `SCMP_ACT_...`. */
  readonly action: string;
  /** The errno of `ERRNO`, the message of `TRACE`; absent: EPERM. */
  readonly errnoRet?: number;
  readonly args?: readonly ProfileArg[];
}

/** A profile, checked. */
export interface Profile {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  /** `SCMP_ARCH_...`. */
  readonly architectures?: readonly string[];
  /** `SECCOMP_FILTER_FLAG_...`. */
  readonly flags?: readonly string[];
  readonly syscalls?: readonly ProfileRule[];
}

const EPERM = 1;

/** SECCOMP_RET_ values, by the action's name without its prefix. */
export const ACTIONS: Readonly<Record<string, number>> = {
  KILL: 0,
  KILL_THREAD: 0,
  KILL_PROCESS: 0x80000000,
  TRAP: 0x00030000,
  ERRNO: 0x00050000,
  NOTIFY: 0x7fc00000,
  TRACE: 0x7ff00000,
  LOG: 0x7ffc0000,
  ALLOW: 0x7fff0000,
};

/** SECCOMP_FILTER_FLAG_ values, by the flag's name without its prefix. */
export const FLAGS: Readonly<Record<string, number>> = {
  TSYNC: 1,
  LOG: 2,
  SPEC_ALLOW: 4,
  NEW_LISTENER: 8,
  WAIT_KILLABLE_RECV: 32,
};

/** The action's name without its prefix. */
export function actionName(action: string): string {
  return action.replace(/^SCMP_ACT_/, "");
}

/**
 * The value that a filter returns for an action.
 * @param data for ERRNO and TRACE; absent: EPERM
 */
export function actionValue(action: string, data: number = EPERM): number {
  const name = actionName(action);
  const takesData = name === "ERRNO" || name === "TRACE";
  // Unsigned: KILL_PROCESS has the highest bit.
  return (ACTIONS[name]! | (takesData ? data & 0xffff : 0)) >>> 0;
}

/**
 * The flags of a profile as seccomp(2) takes them. A profile without a list
 * gets SPEC_ALLOW, as in runc: slowing a container down is a choice.
 */
export function flagBits({ flags }: Profile): number {
  if (flags === undefined) return FLAGS["SPEC_ALLOW"]!;
  return flags.reduce(
    (bits, flag) => bits | FLAGS[flag.replace(/^SECCOMP_FILTER_FLAG_/, "")]!,
    0,
  );
}
