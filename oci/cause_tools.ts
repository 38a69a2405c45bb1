/**
 * What is known of a failed launch, for `causes.ts`, which is loaded only
 * then.
 *
 * @module
 */

import { CgroupError } from "../cgroup/error.ts";
import { SyscallError } from "../ffi/error.ts";
import { LaunchError } from "../launch/error.ts";
import { ConfigError, RuntimeError } from "./errors.ts";
import type { Process, Spec } from "./spec.ts";

/** A failure as the kernel told it. */
export interface Failure {
  /** What was tried, in the words of a plan; empty where none are known. */
  readonly why: string;
  /** The JSON pointer that asked for it; empty for none. */
  readonly pointer: string;
  readonly errno: number;
  /** The path that it is about, where one is known. */
  readonly path?: string;
}

/** What the failure happened to. */
export interface CauseContext {
  /** The root file system's path on the host. */
  readonly rootfs?: string;
  readonly spec?: Spec;
  /** Where the configuration is, in the place of `spec`. */
  readonly config?: string;
  /** The process that was to run, where it is not the configuration's. */
  readonly process?: Process;
  /** The container's init, when it was joined. */
  readonly initPid?: number;
}

/** The failure behind an error; undefined when the kernel told none. */
export function failureOf(error: unknown): Failure | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof LaunchError) return { ...at.reason, errno: at.errno };
    if (at instanceof SyscallError) {
      return { why: "", pointer: "", errno: at.errno, path: at.subject };
    }
  }
  return undefined;
}

/** The JSON pointer of what asked for what failed; undefined for none. */
export function pointerOf(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof LaunchError) return at.reason.pointer || undefined;
    if (at instanceof ConfigError) return at.problems[0]?.pointer || undefined;
    if (at instanceof CgroupError && at.pointer !== "") return at.pointer;
  }
  return undefined;
}

/** The error with its cause and mend, where they are found. */
export async function withCause(
  error: unknown,
  context: CauseContext,
): Promise<unknown> {
  if (!(error instanceof RuntimeError) || error.hint !== undefined) {
    return error;
  }
  const failure = failureOf(error);
  if (failure === undefined) return error;
  const { findCause } = await import("./causes.ts");
  const hint = findCause(failure, context);
  return hint === undefined ? error : error.withHint(hint);
}
