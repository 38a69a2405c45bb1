/**
 * Signals to a container.
 *
 * @module
 */

import { cgroupManagerFromState } from "../cgroup/existing.ts";
import { close } from "../ffi/fd.ts";
import { pidfdOpen, pidfdSendSignal } from "../ffi/process.ts";
import { signalName } from "../ffi/signals.ts";
import { whose } from "./cgroup_mark.ts";
import { getExistingContainerInfo } from "./container_info.ts";
import { RuntimeError } from "./errors.ts";
import { explained } from "./explain.ts";
import { initLives, initWaits, isNamespaceInit } from "./init_process.ts";
import { liveMembers } from "./pod.ts";
import { quote } from "./quote.ts";
import type { Runtime } from "./runtime.ts";
import { type ContainerRecord, hasStartSocket } from "./store.ts";

const SIGKILL = 9;

/**
 * Sends a signal to a container's init; with `all` to each of its processes,
 * and then it is no error when there is none. SIGKILL is always for all of
 * them: without a pid namespace of its own they do not end with init, and may
 * be there after it.
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
    const sent = send(runtime, record, effective(runtime, record, signal), all);
    runtime.log.debug(`sent ${signalName(signal)}`, { toAll: all });
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

/** HUP, INT, QUIT and TERM. */
const POLITE = [1, 2, 3, 15];

/**
 * The signal that has the effect of `signal`. The first process of a pid
 * namespace is spared what it does not handle: before it is the user's program,
 * what asks it to end has to force it. runc's init ends by these signals, too.
 */
function effective(
  { root }: Runtime,
  record: ContainerRecord,
  signal: number,
): number {
  return POLITE.includes(signal) && hasStartSocket(root, record.id) &&
      initWaits(record)
    ? SIGKILL
    : signal;
}

/** Whether there was a process to send it to. */
function send(
  { root }: Runtime,
  record: ContainerRecord,
  signal: number,
  all: boolean,
): boolean {
  const { cgroups, cgroupsMade, init } = record;
  const group = cgroupManagerFromState(cgroups);
  const isLast = signal === SIGKILL && !isNamespaceInit(record);
  if (!cgroupsMade || !(all || isLast)) {
    const sent = signalInit(record, signal);
    if (sent && signal === SIGKILL) group.releaseKilled();
    return sent;
  }
  const pids = initLives(record)
    ? group.signalAll(signal)
    : group.signalOwn(signal, whose(root, record, () => true));
  // An ordinary user's container may have no cgroup.
  const missed = init !== undefined && !pids.includes(init.pid);
  return missed && signalInit(record, signal) || pids.length > 0;
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
