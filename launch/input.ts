/**
 * What a launch is made from: the parts of a bundle that the first process
 * needs, checked and in one shape. `oci/` makes it from `config.json`; each
 * part keeps the JSON pointer that asked for it.
 *
 * @module
 */

/** A kind of namespace, as the runtime specification names them. */
export type NamespaceKind =
  | "pid"
  | "network"
  | "mount"
  | "ipc"
  | "uts"
  | "user"
  | "cgroup"
  | "time";

/** A namespace to make, or with `path` to join. */
export interface NamespaceInput {
  readonly kind: NamespaceKind;
  readonly path?: string;
  readonly pointer: string;
}

/** How far a clock of a new time namespace is from the host's. */
export interface TimeOffsetInput {
  readonly clock: "monotonic" | "boottime";
  /** May be negative. */
  readonly seconds: bigint;
  /** 0 to 999999999. */
  readonly nanoseconds: number;
  readonly pointer: string;
}

/**
 * Who launches: root of the host; root of a user namespace that Davit runs in,
 * who has no rights over what is outside; or an ordinary user, who has rights
 * only in the container's user namespace.
 */
export type Privileges = "host" | "namespace" | "user";

/**
 * Whether setgroups(2) has to work: `possible`, when the joined user namespace
 * may deny it and no groups are asked for; `denied`, when it cannot work.
 */
export type SetGroups = "needed" | "possible" | "denied";

/** One change of a mount's propagation. */
export interface Propagation {
  /** An MS_ propagation flag. */
  readonly flag: number;
  /** Whether the mounts below change too. */
  readonly recursive: boolean;
}

/** What mounts have in common. */
interface Target {
  /** The absolute path in the container. */
  readonly destination: string;
  /** The same without links, where it is known to have some. */
  readonly mountPoint?: string;
  readonly pointer: string;
}

/** Attributes of a mount: MOUNT_ATTR_ flags to set and to clear. */
export interface AttributesInput {
  readonly set: number;
  readonly clear: number;
  readonly recursiveSet: number;
  readonly recursiveClear: number;
  readonly propagation: readonly Propagation[];
}

/** Which files' owners a mount shows in the place of the real ones. */
export interface IdmapInput {
  /** Of the user namespaces that are handed over, the one with the maps. */
  readonly index: number;
  /** For the mounts below the source, too. */
  readonly recursive: boolean;
}

/** A new mount of a file system. */
export interface FilesystemMount extends Target, AttributesInput {
  readonly kind: "filesystem";
  readonly type: string;
  readonly source: string;
  /** Options for the file system: `name` or `name=value`. */
  readonly data: readonly string[];
  readonly idmap?: IdmapInput;
  /** Whether it begins with the files that it covers. */
  readonly copyUp?: boolean;
}

/** A mount of a part of the host's files. */
export interface BindMount extends Target, AttributesInput {
  readonly kind: "bind";
  /** The absolute path on the host. */
  readonly source: string;
  /** Where it is in the container, if it is among the mounts before it. */
  readonly inside?: string;
  /** Whether the mounts below the source come too. */
  readonly recursive: boolean;
  /**
   * Whether it is a directory that has its place in the file system mounted
   * before it, which can be written to and holds nothing but others like it.
   */
  readonly inNew?: boolean;
  readonly idmap?: IdmapInput;
}

/** A symbolic link, made where the container's mounts need one. */
export interface LinkInput extends Target {
  readonly kind: "link";
  readonly text: string;
  /** As of a bind mount. */
  readonly inNew?: boolean;
}

/** A later change of what is mounted at `destination`. */
export interface MountChange extends Target, AttributesInput {
  readonly kind: "change";
  /** Options that the file system gets, for all of its mounts. */
  readonly data: readonly string[];
}

/** One thing to do in the container's mount tree. */
export type MountInput =
  | FilesystemMount
  | BindMount
  | LinkInput
  | MountChange;

/** A character device that every container has. */
export interface DeviceInput {
  /** Its name below /dev. */
  readonly name: string;
  readonly major: number;
  readonly minor: number;
}

/** Where memory is to come from, set_mempolicy(2). */
export interface MemoryPolicyInput {
  /** The mode's name. */
  readonly name: string;
  /** An MPOL_ mode and its flags. */
  readonly mode: number;
  /** Bit i stands for node i; 64 bits a word, none for no nodes. */
  readonly nodes: readonly bigint[];
}

/** A device that the configuration asks for. */
export interface DeviceNodeInput {
  /** Its absolute path in the container. */
  readonly path: string;
  /** A character device, a block device or a FIFO. */
  readonly type: "c" | "b" | "p";
  readonly major: number;
  readonly minor: number;
  /** Permissions; absent: 0666, and those of a file that is there are kept. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly pointer: string;
}

/** A kernel parameter of the container's namespaces. */
export interface SysctlInput {
  /** As the configuration has it. */
  readonly name: string;
  /** Below /proc/sys. */
  readonly path: string;
  readonly value: string;
  readonly pointer: string;
}

/** The five capability sets, as bit masks. */
export interface CapabilityInput {
  readonly bounding: bigint;
  readonly effective: bigint;
  readonly inheritable: bigint;
  readonly permitted: bigint;
  readonly ambient: bigint;
}

/** A resource limit. */
export interface RlimitInput {
  /** Its name, such as RLIMIT_NOFILE. */
  readonly name: string;
  /** Its number. */
  readonly resource: number;
  readonly soft: bigint;
  readonly hard: bigint;
  /** Whether `hard` is more than this process has itself. */
  readonly raises: boolean;
  readonly pointer: string;
}

/** The terminal of the container's process. */
export interface TerminalInput {
  /**
   * Where it is made: in the container's devpts, or on the host, whose slave
   * comes as the descriptor `console`.
   */
  readonly from: "container" | "host";
  readonly rows?: number;
  readonly columns?: number;
}

/** How the kernel schedules a process, sched_setattr(2). */
export interface SchedulerInput {
  /** The policy's name. */
  readonly name: string;
  readonly policy: number;
  readonly flags: number;
  readonly nice: number;
  readonly priority: number;
  /** Nanoseconds, as are the next two. */
  readonly runtime: number | bigint;
  readonly deadline: number | bigint;
  readonly period: number | bigint;
}

/** A seccomp filter. */
export interface SeccompInput {
  /** An array of struct sock_filter. */
  readonly filter: Uint8Array;
  /** SECCOMP_FILTER_FLAG_ bits. */
  readonly flags: number;
  /** Whether somebody else decides some calls, through a listener. */
  readonly notifies: boolean;
}

/** The user's process. */
export interface ProcessInput {
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly setGroups: SetGroups;
  readonly umask: number;
  readonly capabilities: CapabilityInput;
  readonly rlimits: readonly RlimitInput[];
  readonly noNewPrivileges: boolean;
  readonly oomScoreAdj?: number;
  readonly terminal?: TerminalInput;
  readonly seccomp?: SeccompInput;
  readonly scheduler?: SchedulerInput;
  /** As ioprio_set(2) takes it. */
  readonly ioPriority?: number;
  /** For a kernel with AppArmor. */
  readonly apparmorProfile?: string;
  /** For a kernel with SELinux. */
  readonly selinuxLabel?: string;
}

/** A hook that init runs. */
export interface HookInput {
  /** The program's absolute path. */
  readonly path: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  /** What its failure is told with. */
  readonly why: string;
  readonly pointer: string;
}

/** Hooks that a launch has a part in. */
export interface HooksInput {
  /** Whether init waits for Davit's hooks before it changes its root. */
  readonly pause: boolean;
  /** What init runs after the pause. */
  readonly createContainer: readonly HookInput[];
  /** What init runs before the user's program. */
  readonly startContainer: readonly HookInput[];
}

/** A whole launch. */
export interface LaunchInput {
  readonly id: string;
  /** The root file system. */
  readonly root: {
    /** Its absolute path on the host. */
    readonly path: string;
    readonly readonly: boolean;
    /** Whether the host's mounts below it are read-only in any case. */
    readonly recursive: boolean;
    /** The propagation that it ends with; absent: it receives mounts. */
    readonly propagation?: Propagation;
    /** Change the root with chroot(2), for a host that runs from an initramfs. */
    readonly noPivot: boolean;
    /**
     * With `noPivot`: the host's mounts of procfs and sysfs, outermost last.
     * The root does not take them away, and the kernel would let a process
     * that sees one whole mount another.
     */
    readonly hidden?: readonly string[];
  };
  /** Absent: the host's. */
  readonly privileges?: Privileges;
  readonly namespaces: readonly NamespaceInput[];
  /** For a new time namespace. */
  readonly timeOffsets?: readonly TimeOffsetInput[];
  /** Somebody else puts the first process into its cgroups, for Davit. */
  readonly awaitsPlace?: { readonly why: string; readonly pointer: string };
  /**
   * Davit may lay out most of the program while the first process makes init;
   * absent: it does not.
   */
  readonly inParts?: boolean;
  /** Davit has to do something for init before it sets anything up. */
  readonly awaitsDavit?: { readonly why: string; readonly pointer: string };
  readonly hostname?: string;
  readonly domainname?: string;
  /** `tasks` files of cgroup v1 that init writes itself into. */
  readonly cgroupTasks: readonly string[];
  /** The directory of the cgroup v2 that init is to be in. */
  readonly cgroupDirectory?: string;
  readonly mounts: readonly MountInput[];
  /** How many user namespaces are handed over for them; absent: none. */
  readonly idMaps?: number;
  /** Default devices; empty where the container has the host's /dev. */
  readonly devices: readonly DeviceInput[];
  readonly deviceNodes: readonly DeviceNodeInput[];
  readonly sysctls: readonly SysctlInput[];
  /** As personality(2) takes it; absent: the caller's. */
  readonly personality?: number;
  readonly memoryPolicy?: MemoryPolicyInput;
  /** Links below /dev; empty where the container has the host's /dev. */
  readonly deviceLinks: readonly { path: string; text: string }[];
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
  /** Whether init gets a session keyring of its own; absent: yes. */
  readonly ownKeyring?: boolean;
  /** Absent: the container has no program to start. */
  readonly process?: ProcessInput;
  readonly hooks?: HooksInput;
  /** How many descriptors from 3 on belong to the user's process. */
  readonly preserveFds: number;
  /** Run the program as soon as Davit has init on record, without `start`. */
  readonly startNow: boolean;
  /** End with who launched it: nobody else would clean up; absent: no. */
  readonly endsWithLauncher?: boolean;
}
