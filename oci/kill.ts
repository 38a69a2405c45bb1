/**
 * Signals to a container.
 *
 * @module
 */

import { cgroupManagerFromState } from "../cgroup/existing.ts";
import { close } from "../ffi/fd.ts";
import { pidfdOpen, pidfdSendSignal } from "../ffi/process.ts";
import { signalName } from "../ffi/signals.ts";
import { getExistingContainerInfo } from "./container_info.ts";
import { RuntimeError } from "./errors.ts";
import { explained } from "./explain.ts";
import { initLives } from "./init_process.ts";
import { liveMembers } from "./pod.ts";
import { quote } from "./quote.ts";
import type { Runtime } from "./runtime.ts";
import type { ContainerRecord } from "./store.ts";

const SIGKILL = 9;

/**
 * Sends a signal to a container's init; with `all` to each of its processes,
 * and then it is no error when there is none.
 *
 * @throws {RuntimeError} not-found, or state: `container not running`
 */
export function kill(
  runtime: Runtime,
  id: string,
  signal: number,
  { all }: { readonly all: boolean },
): void {
  explained(`kill container ${quote(id)}`, () => {
    const { record } = getExistingContainerInfo(runtime, id);
    const sent = signalInit(record, signal);
    const cgroups = cgroupManagerFromState(record.cgroups);
    if (all && record.cgroupsMade) cgroups.signalAll(signal);
    else if (sent && signal === SIGKILL) cgroups.releaseKilled();
    runtime.log.debug(`sent ${signalName(signal)}`, {
      sandbox: record.sandboxId,
      toAll: all,
    });
    const members = sent ? liveMembers(runtime.root, record) : [];
    if (members.length > 0) {
      runtime.log.info(
        `only the sandbox got the signal, not its live containers: ${
          members.join(", ")
        }`,
      );
    }
    if (sent || all) return;
    throw new RuntimeError(
      "state",
      `Cannot kill container ${quote(id)}: container not running`,
    );
  });
}

/**
 * Sends a signal to init, and to no process that came after it. False when
 * init is gone.
 */
export function signalInit(record: ContainerRecord, signal: number): boolean {
  if (record.init === undefined) return false;
  const pidfd = pidfdOpen(record.init.pid);
  if (pidfd === undefined) return false;
  try {
    // Checked after the descriptor was opened: it is this process or none.
    return initLives(record) && pidfdSendSignal(pidfd, signal);
  } finally {
    close(pidfd);
  }
}
