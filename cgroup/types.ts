import type { DeviceRuleInput } from "./devices.ts";
import type { CgroupKind, CgroupRecord, SystemdUnit } from "./existing.ts";
import type { CgroupLimits, RareLowering } from "./resources/lower.ts";
import type { ResourceWrite } from "./resources/write.ts";

/** `linux.resources`. */
export interface CgroupResources extends CgroupLimits {
  /** The device rules, in order. */
  readonly devices?: readonly DeviceRuleInput[];
}

/** Told of what is left out. */
export interface CgroupLog {
  /** What helps to find a fault. */
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** What is not as safe as it should be. */
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Who makes cgroups. */
export interface CgroupClaim {
  /** What marks them as this container's; see `CgroupLock`. */
  readonly mark?: string;
  /** The first process, where systemd has put it there. */
  readonly occupant?: number;
}

/** The cgroups of one container. */
export interface CgroupManager {
  /** The interface of these cgroups. */
  readonly kind: CgroupKind;
  /** Present where systemd makes and removes them. */
  readonly systemd: SystemdUnit | undefined;
  /**
   * The container's cgroup in each hierarchy, as absolute host paths. Before
   * create() where they will be; after it without those left out.
   */
  readonly directories: readonly string[];
  /** Every directory that create() made, parents included. */
  readonly created: readonly string[];
  /**
   * Makes the cgroups; on failure nothing that it made is left. Nobody else
   * has a container in them, or makes one, until release().
   */
  create(claim?: CgroupClaim): void;
  /** Lets others try for the cgroups: the container's processes are in. */
  release(): void;
  /** What sets the limits of resources, in order. */
  writes(resources?: CgroupResources): ResourceWrite[];
  /** Sets limits and device rules; without resources the default rules. */
  applyResources(resources?: CgroupResources): void;
  /** The files to which a process writes "0" to join. */
  processFiles(): string[];
  /** The IDs of all processes, those of sub-cgroups included. */
  pids(): number[];
  /** Sends a signal to all; SIGKILL until no process is left. */
  signalAll(signal: number): void;
  /** Removes the cgroups, and parents that were made for them. */
  destroy(): void;
  /** What the container's state keeps; plain data. */
  record(): CgroupRecord;
}

/** What a manager works on. */
export interface CgroupPlan {
  /** The cgroup below each hierarchy's root, an absolute path. */
  readonly place: string;
  /** `linux.resources`, empty when absent. */
  readonly resources: CgroupResources;
  /** Whether the config insists on a cgroup: it sets limits or a path. */
  readonly insists: boolean;
  /**
   * Present where systemd makes the cgroups, with a process in them, before
   * `create` makes the rest.
   */
  readonly systemd?: SystemdUnit;
  /**
   * Whether the caller is root of the host. Others cannot make device rules;
   * nor has anybody in their user namespaces a device but what is handed in.
   */
  readonly privileged: boolean;
  /** Lowers what few configurations have; see `needsRare`. */
  readonly rare?: RareLowering;
  /** Told of what is left out. */
  readonly log: CgroupLog;
}
