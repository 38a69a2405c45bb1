/**
 * Seccomp in the making of a container: the filter before, its listener while
 * init waits.
 *
 * @module
 */

import { close, type Fd } from "../ffi/fd.ts";
import { connect, sendDescriptor } from "../ffi/socket.ts";
import { ARCH } from "../ffi/syscall.ts";
import type { SeccompInput } from "../launch/input.ts";
import { RuntimeError } from "./errors.ts";
import { osText } from "./os_error.ts";
import type { Parts } from "./parts.ts";
import { quote } from "./quote.ts";
import type { Runtime } from "./runtime.ts";
import type { Spec } from "./spec.ts";
import type { ContainerRecord } from "./store.ts";

/**
 * The filter of the profile, if there is one.
 * @throws {RuntimeError} config: the kernel would not take it
 */
export function lowerFilter(
  parts: Parts,
  { linux }: Spec,
  log: Runtime["log"],
): { seccomp?: SeccompInput } {
  if (parts.seccomp === undefined || !linux?.seccomp) return {};
  try {
    const { input, notes } = parts.seccomp.lowerSeccomp(linux.seccomp, ARCH);
    for (const note of notes) log.info(note);
    return { seccomp: input };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RuntimeError(
      "config",
      `Cannot use linux.seccomp: ${error.message}`,
      { cause: error },
    );
  }
}

/**
 * Sends the listener of a process's filter to who decides its calls.
 * @param pid the process
 * @param exec whether it is not init
 * @throws {RuntimeError} system: nobody is there
 */
export function sendListener(
  listener: Fd,
  pid: number,
  parts: Parts,
  { linux }: Spec,
  record: ContainerRecord,
  exec = false,
): void {
  const { listenerPath = "", listenerMetadata } = linux!.seccomp!;
  const { ociVersion, id, bundle, annotations } = record;
  const state = {
    ociVersion,
    id,
    status: exec ? "running" as const : "creating" as const,
    pid: exec ? record.init!.pid : pid,
    bundle,
    annotations,
  };
  const message = parts.seccomp!.processState(state, pid, listenerMetadata);
  try {
    const agent = connect(listenerPath);
    try {
      sendDescriptor(agent, message, listener);
    } finally {
      close(agent);
    }
  } catch (error) {
    throw new RuntimeError(
      "system",
      `failed to connect with seccomp agent at linux.seccomp.listenerPath ${
        quote(listenerPath)
      }: ${osText(error)}`,
      { cause: error },
    );
  }
}
