/**
 * What the operations of a runtime have in common.
 *
 * @module
 */

import type { Fd } from "../ffi/fd.ts";
import type { Plan } from "../launch/plan.ts";
import type { PlanNames } from "../launch/trace.ts";
import type { Logger } from "./logger.ts";

/** Where containers are kept, and who is told of what happens. */
export interface Runtime {
  /** The state root, an absolute path. */
  readonly root: string;
  readonly log: Logger;
  /** Told where the time goes, when that is asked for. */
  readonly trace?: Trace;
}

/** A launch whose steps are timed. */
export interface TracedLaunch {
  readonly plan: Plan;
  /** What the launch program gets as the descriptor that it was asked for. */
  readonly fd: Fd;
}

/** Where the time of a command goes. */
export interface Trace {
  /** Ends the phase before and begins one. */
  phase(name: string): void;
  /**
   * A plan with time stamps.
   * @param descriptor the number of the descriptor that the program is given
   * @param folder where what `start` does is to be found; absent: the program
   * runs at once
   */
  launch(
    plan: Plan,
    descriptor: number,
    names: PlanNames,
    folder?: string,
  ): TracedLaunch;
  /** The launch program has done its work. */
  launched(): void;
  /** Init, created with a trace in this folder, has become the program. */
  started(folder: string): void;
}

/** Sockets that a service manager has opened, sd_listen_fds(3). */
export interface ListenFds {
  /** How many, from descriptor 3 on. */
  readonly count: number;
  /** Their names, colons between. */
  readonly names?: string;
}

/** What a program has as stdin, stdout and stderr. */
export type Stdio = readonly [stdin: Fd, stdout: Fd, stderr: Fd];

/** Who makes a container's cgroups: Davit itself, systemd, or nobody. */
export type CgroupDriver = "cgroupfs" | "systemd" | "disabled";

/** What a container is made from. */
export interface CreateOptions {
  /** The text of the configuration; absent: the bundle's `config.json`. */
  readonly config?: Uint8Array<ArrayBuffer>;
  /** The configuration's path, from the bundle; absent: `config.json`. */
  readonly configFile?: string;
  /** Make later commands on it faster: other processes will call them. */
  readonly shortcuts?: boolean;
  /** The program's stdin, stdout and stderr; absent: this process's. */
  readonly stdio?: Stdio;
  readonly id: string;
  /** The bundle's path. */
  readonly bundle: string;
  /** The Unix socket that is sent the master of the container's terminal. */
  readonly consoleSocket?: string;
  /** The file that init's pid is written to, as digits alone. */
  readonly pidFile?: string;
  /** The Unix socket that is sent a pidfd of init. */
  readonly pidfdSocket?: string;
  /** Whether init gets a session keyring of its own; absent: yes. */
  readonly ownKeyring?: boolean;
  /** Change the root with chroot(2) where pivot_root(2) cannot work. */
  readonly noPivot?: boolean;
  /** How many descriptors from 3 on the user's process keeps. */
  readonly preserveFds?: number;
  /** Descriptors before those, which it gets as a service. */
  readonly listen?: ListenFds;
  /**
   * Where a service manager waits to be told that the program is ready: a
   * path, or `@` and a name.
   */
  readonly notifySocket?: string;
  /** Refuse unknown properties of the configuration, and null for none. */
  readonly strict?: boolean;
  /** Who makes cgroups; absent: cgroupfs, which is Davit itself. */
  readonly cgroupManager?: CgroupDriver;
}

/** A container's status, runtime.md ("State"). */
export type Status = "creating" | "created" | "running" | "paused" | "stopped";

/** A container's state as engines read it. */
export interface StateReport {
  /** The version of the specification that its configuration names. */
  readonly ociVersion: string;
  /** Its ID. */
  readonly id: string;
  /** How far it is. */
  readonly status: Status;
  /** Init's pid, 0 when there is none. */
  readonly pid: number;
  /** The bundle's path. */
  readonly bundle: string;
  /** The root file system's path. */
  readonly rootfs: string;
  /** When it was created, RFC 3339. */
  readonly created: string;
  /** The name of the user that created it, or `#` and the ID. */
  readonly owner: string;
  /** The configuration's annotations. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** The sandbox (pod) that it belongs to, where that is not itself. */
  readonly sandbox?: string;
  /** It has stopped, and processes of it were killed for memory. */
  readonly oomKilled?: boolean;
}
