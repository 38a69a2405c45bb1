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
  readonly uidMappings?: readonly IdMapping[];
  readonly gidMappings?: readonly IdMapping[];
}

/** A program that runs at a point of the container's life cycle. */
export interface Hook {
  /** Absolute path. */
  readonly path: string;
  /** Arguments, including the program's own name. */
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  /** Seconds, at least 1. */
  readonly timeout?: number | bigint;
}

/** The `hooks` section. */
export interface Hooks {
  /** Deprecated by the specification in favour of the next three. */
  readonly prestart?: readonly Hook[];
  readonly createRuntime?: readonly Hook[];
  readonly createContainer?: readonly Hook[];
  readonly startContainer?: readonly Hook[];
  readonly poststart?: readonly Hook[];
  readonly poststop?: readonly Hook[];
}

/** A whole `config.json`; sections of other platforms are not looked at. */
export interface Spec {
  /** Version of the specification, `1.x.y`. */
  readonly ociVersion: string;
  readonly root: Root;
  /** Absent: the container can be created, but not started. */
  readonly process?: Process;
  readonly hostname?: string;
  readonly domainname?: string;
  readonly mounts?: readonly Mount[];
  readonly hooks?: Hooks;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly linux?: Linux;
}
