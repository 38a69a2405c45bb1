/**
 * What a standalone launcher is made from, besides the launch itself.
 *
 * @module
 */

import type { LockFile } from "../cgroup_lock.ts";
import type { LaunchInput } from "../input.ts";

/** A cgroup that the launcher makes and removes. */
export interface LauncherCgroup {
  /** Its absolute path on the host. */
  readonly path: string;
  /**
   * Whether it is the container's own; others are on the way to it, and may
   * be there already.
   */
  readonly leaf: boolean;
  /** Whether it is a v1 cgroup that takes no process without processors. */
  readonly cpuset: boolean;
}

/** A file of a cgroup that the launcher writes. */
export interface LauncherWrite {
  /** Its absolute path on the host. */
  readonly path: string;
  readonly value: string;
  readonly why: string;
  readonly pointer: string;
  /** Whether the container runs without it, too. */
  readonly optional: boolean;
}

/** A BPF program that decides which devices a cgroup may use. */
export interface LauncherDevices {
  /** The cgroup's path. */
  readonly path: string;
  /** Its instructions. */
  readonly code: Uint8Array;
}

/** Whose a cgroup of v2 is to be. */
export interface LauncherOwner {
  /** The cgroup's path. */
  readonly path: string;
  /** A user of the host. */
  readonly uid: number;
}

/** Where cgroups have to be mounted for a launcher. */
export interface LauncherMount {
  readonly path: string;
  /** The file system's type, statfs(2). */
  readonly type: number;
  /** What it is called. */
  readonly name: string;
}

/** The lock of the container's cgroups, that Davit's commands heed, too. */
export interface LauncherLock {
  /** Which of the cgroups it is in: the first one of the container's own. */
  readonly index: number;
  readonly file: LockFile;
}

/** A whole launcher. */
export interface LauncherInput {
  readonly launch: LaunchInput;
  readonly mounts: readonly LauncherMount[];
  /** Parents before what is in them; what is removed last comes first. */
  readonly cgroups: readonly LauncherCgroup[];
  /** Held from before the first process is in the cgroups until they go. */
  readonly lock?: LauncherLock;
  /** In order; those for controllers to be handed down first. */
  readonly writes: readonly LauncherWrite[];
  readonly devices?: LauncherDevices;
  readonly owner?: LauncherOwner;
  /** The file that ends what is in the cgroup, where the kernel has it. */
  readonly killFile?: string;
  /** `uid_map` and `gid_map` of a new user namespace. */
  readonly idMaps?: { readonly uid: string; readonly gid: string };
}
