/** `process.user`; what is absent is 0. */
export interface User {
  /** The user ID. */
  readonly uid?: number;
  /** The group ID. */
  readonly gid?: number;
  /** File mode creation mask, 0..0o777; absent: the runtime's default. */
  readonly umask?: number;
  /** Further groups. */
  readonly additionalGids?: readonly number[];
  /** Used on Windows only. */
  readonly username?: string;
}

/** `process.consoleSize`, in characters. */
export interface ConsoleSize {
  /** Lines. */
  readonly height: number | bigint;
  /** Columns. */
  readonly width: number | bigint;
}

/** `process.capabilities`: five sets of `CAP_...` names, capabilities(7). */
export interface Capabilities {
  /** What may ever be gained. */
  readonly bounding?: readonly string[];
  /** What is in force. */
  readonly effective?: readonly string[];
  /** What execve(2) may hand on. */
  readonly inheritable?: readonly string[];
  /** What may be put in force. */
  readonly permitted?: readonly string[];
  /** What programs without capabilities of their own keep. */
  readonly ambient?: readonly string[];
}

/** One entry of `process.rlimits`, getrlimit(2). */
export interface Rlimit {
  /** Such as `RLIMIT_NOFILE`. */
  readonly type: string;
  /** The limit in force. */
  readonly soft: number | bigint;
  /** How far the soft one may be raised. */
  readonly hard: number | bigint;
}

/** `process.scheduler`, sched_setattr(2); times are in nanoseconds. */
export interface Scheduler {
  /** `SCHED_...`. */
  readonly policy: string;
  /** -20 to 19. */
  readonly nice?: number;
  /** The priority within the class or policy. */
  readonly priority?: number;
  /** `SCHED_FLAG_...`. */
  readonly flags?: readonly string[];
  /** Time that it gets in each period. */
  readonly runtime?: number | bigint;
  /** By when it gets it. */
  readonly deadline?: number | bigint;
  /** How long a period is. */
  readonly period?: number | bigint;
}

/** `process.ioPriority`, ioprio_set(2). */
export interface IOPriority {
  /** The scheduling class. */
  readonly class: "IOPRIO_CLASS_RT" | "IOPRIO_CLASS_BE" | "IOPRIO_CLASS_IDLE";
  /** The priority within the class or policy. */
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
  /** Whether it has a terminal. */
  readonly terminal?: boolean;
  /** The terminal's size. */
  readonly consoleSize?: ConsoleSize;
  /** Who runs it. */
  readonly user?: User;
  /** The program and its arguments; at least one. */
  readonly args: readonly string[];
  /** Used on Windows only. */
  readonly commandLine?: string;
  /** `NAME=value` entries. */
  readonly env?: readonly string[];
  /** Absolute working directory in the container. */
  readonly cwd: string;
  /** Its capabilities; absent: none. */
  readonly capabilities?: Capabilities;
  /** Its resource limits. */
  readonly rlimits?: readonly Rlimit[];
  /** Whether set-user-ID files gain it nothing. */
  readonly noNewPrivileges?: boolean;
  /** AppArmor profile; "" is unset. */
  readonly apparmorProfile?: string;
  /** SELinux label; "" is unset. */
  readonly selinuxLabel?: string;
  /** -1000..1000. */
  readonly oomScoreAdj?: number;
  /** How it is scheduled. */
  readonly scheduler?: Scheduler;
  /** Its I/O priority. */
  readonly ioPriority?: IOPriority;
  /** Processors for `exec`. */
  readonly execCPUAffinity?: ExecCPUAffinity;
}
