/** `process.user`; what is absent is 0. */
export interface User {
  readonly uid?: number;
  readonly gid?: number;
  /** File mode creation mask, 0..0o777; absent: the runtime's default. */
  readonly umask?: number;
  readonly additionalGids?: readonly number[];
  /** Used on Windows only. */
  readonly username?: string;
}

/** `process.consoleSize`, in characters. */
export interface ConsoleSize {
  readonly height: number | bigint;
  readonly width: number | bigint;
}

/** `process.capabilities`: five sets of `CAP_...` names, capabilities(7). */
export interface Capabilities {
  readonly bounding?: readonly string[];
  readonly effective?: readonly string[];
  readonly inheritable?: readonly string[];
  readonly permitted?: readonly string[];
  readonly ambient?: readonly string[];
}

/** One entry of `process.rlimits`, getrlimit(2). */
export interface Rlimit {
  /** Such as `RLIMIT_NOFILE`. */
  readonly type: string;
  readonly soft: number | bigint;
  readonly hard: number | bigint;
}

/** `process.scheduler`, sched_setattr(2); times are in nanoseconds. */
export interface Scheduler {
  /** `SCHED_...`. */
  readonly policy: string;
  readonly nice?: number;
  readonly priority?: number;
  /** `SCHED_FLAG_...`. */
  readonly flags?: readonly string[];
  readonly runtime?: number | bigint;
  readonly deadline?: number | bigint;
  readonly period?: number | bigint;
}

/** `process.ioPriority`, ioprio_set(2). */
export interface IOPriority {
  readonly class: "IOPRIO_CLASS_RT" | "IOPRIO_CLASS_BE" | "IOPRIO_CLASS_IDLE";
  readonly priority?: number;
}

/** `process.execCPUAffinity`: processor lists for `exec`. */
export interface ExecCPUAffinity {
  /** Before the process joins the container's cgroup. */
  readonly initial?: string;
  /** After it has joined. */
  readonly final?: string;
}

/** The `process` section, also the file of `exec --process`. */
export interface Process {
  readonly terminal?: boolean;
  readonly consoleSize?: ConsoleSize;
  readonly user?: User;
  /** The program and its arguments; at least one. */
  readonly args: readonly string[];
  /** Used on Windows only. */
  readonly commandLine?: string;
  /** `NAME=value` entries. */
  readonly env?: readonly string[];
  /** Absolute working directory in the container. */
  readonly cwd: string;
  readonly capabilities?: Capabilities;
  readonly rlimits?: readonly Rlimit[];
  readonly noNewPrivileges?: boolean;
  /** AppArmor profile; "" is unset. */
  readonly apparmorProfile?: string;
  /** SELinux label; "" is unset. */
  readonly selinuxLabel?: string;
  /** -1000..1000. */
  readonly oomScoreAdj?: number;
  readonly scheduler?: Scheduler;
  readonly ioPriority?: IOPriority;
  readonly execCPUAffinity?: ExecCPUAffinity;
}
