/**
 * Seccomp: what is needed of it only by configurations with a profile.
 *
 * @module
 */

import type { Arch } from "../ffi/syscall_numbers.ts";
import type { SeccompInput } from "../launch/input.ts";
import { compileSeccomp } from "../launch/seccomp/compile.ts";
import type { Seccomp } from "./spec_linux.ts";
import type { StateReport } from "./runtime.ts";

export { allowsAll } from "../launch/seccomp/run_filter.ts";

/** A profile's filter, and what a user may want to know of it. */
export interface LoweredSeccomp {
  readonly input: SeccompInput;
  /** What of the profile is left out. */
  readonly notes: readonly string[];
}

/**
 * Compiles a profile that has been checked.
 * @throws {RangeError} the kernel would not take the filter
 */
export function lowerSeccomp(profile: Seccomp, host: Arch): LoweredSeccomp {
  const { filter, flags, notifies, unknown, foreign } = compileSeccomp(
    profile,
    host,
  );
  const notes: string[] = [];
  if (unknown.length > 0) {
    notes.push(`linux.seccomp: unknown system calls: ${unknown.join(", ")}`);
  }
  if (foreign.length > 0) {
    notes.push(
      `linux.seccomp: calls of other architectures are refused: ${
        foreign.join(", ")
      }`,
    );
  }
  return { input: { filter, flags, notifies }, notes };
}

/**
 * What the listener of a filter is sent with: the container process state,
 * config-linux.md, as JSON.
 *
 * @param state the container's
 * @param pid that of the process that has the filter
 */
export function processState(
  state: Pick<
    StateReport,
    "ociVersion" | "id" | "status" | "pid" | "bundle" | "annotations"
  >,
  pid: number,
  metadata: string | undefined,
): Uint8Array<ArrayBuffer> {
  const { ociVersion } = state;
  const message = {
    ociVersion,
    fds: ["seccompFd"],
    pid,
    ...(metadata !== undefined && { metadata }),
    state,
  };
  return new TextEncoder().encode(JSON.stringify(message));
}
