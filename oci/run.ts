/**
 * Running a container: create, start, and in the foreground wait and delete.
 *
 * @module
 */

import { close, type Fd, Handle } from "../ffi/fd.ts";
import { poll, pollAsync } from "../ffi/poll.ts";
import {
  type Ended,
  pidfdOpen,
  pidfdSendSignal,
  reapAny,
  setSubreaper,
  waitChild,
} from "../ffi/process.ts";
import { SIGNALS } from "../ffi/signals.ts";
import { createContainer } from "./create.ts";
import type { Created } from "./creation.ts";
import type { NotifyRelay } from "./notify.ts";
import { loadNotifyRelay } from "./notify_tools.ts";
import { killsAbove, tellOom } from "./oom_report.ts";
import { awaitEnd, Relay } from "./relay.ts";
import { remove, removeEnded } from "./remove.ts";
import type { CreateOptions, Runtime } from "./runtime.ts";
import { type Poll, Signals } from "./signals.ts";
import { startCreated } from "./start.ts";
import { notifyFolder } from "./store.ts";

/** What `run` does besides creating. */
export interface RunOptions extends CreateOptions {
  /** Return once the program runs. */
  readonly detach: boolean;
  /** Do not delete the container when it has ended. */
  readonly keep: boolean;
  /** Take in the processes that the container orphans; absent: yes. */
  readonly subreaper?: boolean;
  /** This process ends with it: nothing has to be put back. */
  readonly last?: boolean;
}

/**
 * Runs a container and answers the exit status of its program, or 128 and the
 * number of the signal that ended it; detached, 0.
 *
 * @throws {RuntimeError | SyscallError} and nothing of the container is left
 */
export async function run(
  runtime: Runtime,
  options: RunOptions,
): Promise<number> {
  const { consoleSocket, detach, id, notifySocket } = options;
  const relays = !detach && consoleSocket === undefined;
  const start = { startNow: true };
  if (notifySocket === undefined) {
    return await runContainer(
      runtime,
      options,
      (meanwhile) =>
        createContainer(runtime, options, relays, { ...start, meanwhile }),
    );
  }
  using notify = await loadNotifyRelay(notifySocket, runtime.log);
  const onClaimed = () => notify.bind(notifyFolder(runtime.root, id));
  return await runContainer(
    runtime,
    options,
    (meanwhile) =>
      createContainer(runtime, options, relays, {
        ...start,
        meanwhile,
        onClaimed,
      }),
    notify,
  );
}

/**
 * As `run`, of a container that `create` makes. It calls its argument while
 * the container is being set up.
 *
 * @param notify hears what the program tells its service manager
 */
export async function runContainer(
  runtime: Runtime,
  options: RunOptions,
  create: (meanwhile: () => void) => Promise<Created>,
  notify?: NotifyRelay,
): Promise<number> {
  const { id, detach, keep, subreaper = true } = options;
  if (detach) {
    const created = await create(() => {});
    await orRemove(runtime, id, created, async () => {
      if (!created.started) await startCreated(runtime, created.record);
      notify?.untilReady(initPid(created));
    });
    return 0;
  }
  using signals = new Signals(options.last ?? false);
  // Orphans of a container without a pid namespace come to this process.
  if (subreaper) setSubreaper(true);
  const created = await create(() => signals.listen());
  try {
    const { ended, killed } = await orRemove(runtime, id, created, async () => {
      using pidfd = new Handle(pidfdOpen(initPid(created))!);
      const killed = killsAbove(created.record);
      const [ended] = await Promise.all([
        foreground(runtime, created, pidfd.fd, {
          signals,
          // Alone, it need not let anything else go on.
          wait: notify === undefined ? poll : pollAsync,
        }),
        notify?.untilEnd(pidfd.fd),
      ]);
      return { ended, killed };
    });
    runtime.log.debug("the program has ended", { ...ended });
    if (ended.status !== 0) {
      tellOom(runtime.log, created.record, ended, killed);
    }
    if (!keep) await removeEnded(runtime, created.record);
    while (reapAny() !== undefined);
    return ended.status;
  } finally {
    if (created.master !== undefined) close(created.master);
  }
}

async function foreground(
  runtime: Runtime,
  created: Created,
  pidfd: Fd,
  { signals, wait }: { readonly signals: Signals; readonly wait: Poll },
): Promise<Ended> {
  const { master } = created;
  runtime.trace?.phase("wait for the program");
  if (master === undefined) {
    signals.forward((signal) => pidfdSendSignal(pidfd, signal));
    if (!created.started) await startCreated(runtime, created.record);
    await awaitEnd(pidfd, signals, wait);
  } else {
    using relay = new Relay(master);
    signals.forward((signal) => {
      if (signal === SIGNALS["WINCH"]) relay.resize();
      else pidfdSendSignal(pidfd, signal);
    });
    if (!created.started) await startCreated(runtime, created.record);
    await relay.run(pidfd, signals, wait);
  }
  return waitChild(initPid(created)) ?? { status: 0, signal: 0 };
}

/** Its pid also when it has ended already; the state tells no pid then. */
function initPid({ record }: Created): number {
  return record.init!.pid;
}

/** A container that cannot be run to its end is of no use. */
async function orRemove<T>(
  runtime: Runtime,
  id: string,
  created: Created,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await remove(runtime, id, { force: true });
    waitChild(initPid(created));
    throw error;
  }
}
