/**
 * Types of a `config.json` for Linux, OCI runtime-spec 1.3 (config.md and
 * config-linux.md). A value of these types comes out of `readConfig()`, which
 * has checked it: `null` properties are left out, and integers that a `number`
 * cannot hold exactly are `bigint`s.
 *
 * @module
 */
import type { IdMapping, Linux } from "./spec_linux.ts";
import type { Process } from "./spec_process.ts";

export type * from "./spec_linux.ts";
export type * from "./spec_process.ts";
export type * from "./spec_resources.ts";

/** The container's root file system. */
export interface Root {
  /** Path on the host, absolute or relative to the bundle. */
  readonly path: string;
  /** Whether nothing can be written to it. */
  readonly readonly?: boolean;
}

/** One entry of `mounts`, mounted in the order given. */
export interface Mount {
  /** Path in the container; a relative one is meant from `/`. */
  readonly destination: string;
  /** File system type, or `bind`. */
  readonly type?: string;
  /** Device, path (relative to the bundle for bind mounts) or a dummy. */
  readonly source?: string;
  /** See `parseMountOptions()`. */
  readonly options?: readonly string[];
  /** Owners of files, as the mount shows them. */
  readonly uidMappings?: readonly IdMapping[];
  /** Groups of files, as the mount shows them. */
  readonly gidMappings?: readonly IdMapping[];
}

/** A program that runs at a point of the container's life cycle. */
export interface Hook {
  /** Absolute path. */
  readonly path: string;
  /** Arguments, including the program's own name. */
  readonly args?: readonly string[];
  /** `NAME=value` each; the hook gets nothing else. */
  readonly env?: readonly string[];
  /** Seconds, at least 1. */
  readonly timeout?: number | bigint;
}

/** The `hooks` section. */
export interface Hooks {
  /** Deprecated by the specification in favour of the next three. */
  readonly prestart?: readonly Hook[];
  /** In create, in the host's namespaces. */
  readonly createRuntime?: readonly Hook[];
  /** In create, in the container's namespaces. */
  readonly createContainer?: readonly Hook[];
  /** In start, in the container, before its program. */
  readonly startContainer?: readonly Hook[];
  /** In start, when the program runs. */
  readonly poststart?: readonly Hook[];
  /** In delete, when the container is gone. */
  readonly poststop?: readonly Hook[];
}

/** A whole `config.json`; sections of other platforms are not looked at. */
export interface Spec {
  /** Version of the specification, `1.x.y`. */
  readonly ociVersion: string;
  /** The root file system. */
  readonly root: Root;
  /** Absent: the container can be created, but not started. */
  readonly process?: Process;
  /** The host name, in a UTS namespace. */
  readonly hostname?: string;
  /** The NIS domain name, in a UTS namespace. */
  readonly domainname?: string;
  /** What is mounted, in this order. */
  readonly mounts?: readonly Mount[];
  /** Programs that run at certain points. */
  readonly hooks?: Hooks;
  /** Names and values for whoever reads the state. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** What only Linux has. */
  readonly linux?: Linux;
}
