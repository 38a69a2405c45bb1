/**
 * Restoring a container from criu's images.
 *
 *     parameters -> config -> restoration -> wait, as run does
 *
 * @module
 */

import { SyscallError } from "../ffi/error.ts";
import { mkdirExactly } from "../ffi/files.ts";
import { readConfig } from "./config.ts";
import { validCreateParams } from "./create_params.ts";
import type { Created } from "./creation.ts";
import type { CriuFlags } from "./criu/options.ts";
import { Restoration } from "./criu/restoration.ts";
import {
  keepReady,
  type SavedService,
  savedService,
  withNotifyMount,
} from "./criu/service.ts";
import { describeProblem } from "./errors.ts";
import { explain } from "./explain.ts";
import { withoutForeignLabels } from "./labels.ts";
import { withoutOwnNamespaces } from "./namespace_paths.ts";
import type { NotifyRelay } from "./notify.ts";
import { loadNotifyRelay } from "./notify_tools.ts";
import { loadParts } from "./parts.ts";
import { quote } from "./quote.ts";
import { runContainer } from "./run.ts";
import type { CreateOptions, Runtime } from "./runtime.ts";
import { notifyFolder } from "./store.ts";

/** What `restore` is asked for. */
export interface RestoreOptions extends CriuFlags {
  readonly id: string;
  readonly bundle: string;
  readonly consoleSocket?: string;
  /** Where a service manager waits to be told that the program is ready. */
  readonly notifySocket?: string;
  readonly pidFile?: string;
  readonly detach: boolean;
  readonly subreaper: boolean;
  /** TCP connections are closed afterwards. */
  readonly tcpClose: boolean;
  readonly cgroupManager: NonNullable<CreateOptions["cgroupManager"]>;
  /** The label of the processes, `TYPE:NAME`. */
  readonly lsmProfile?: string;
  /** The SELinux label of mounts. */
  readonly lsmMountContext?: string;
}

/**
 * Restores a container and answers the exit status of its program, or 128 and
 * the number of the signal that ended it; detached, 0.
 *
 * @throws {RuntimeError | SyscallError} and nothing of the container is left
 */
export async function restore(
  runtime: Runtime,
  options: RestoreOptions,
): Promise<number> {
  const { detach, id, bundle, notifySocket, subreaper } = options;
  const service = savedService(options.imagePath);
  if (notifySocket !== undefined && service === undefined) {
    runtime.log.warn(
      "the service manager will not hear from the container: its checkpoint " +
        "does not tell of a NOTIFY_SOCKET",
    );
  }
  using notify = notifySocket === undefined || service === undefined
    ? undefined
    : await loadNotifyRelay(notifySocket, runtime.log);
  return await runContainer(
    runtime,
    { id, bundle, detach, keep: false, subreaper, last: true },
    (meanwhile) => restored(runtime, options, { service, notify, meanwhile }),
    notify,
  );
}

interface Around {
  readonly service: SavedService | undefined;
  readonly notify: NotifyRelay | undefined;
  readonly meanwhile: () => void;
}

async function restored(
  runtime: Runtime,
  options: RestoreOptions,
  { service, notify, meanwhile }: Around,
): Promise<Created> {
  const { consoleSocket, detach, id, notifySocket } = options;
  const doing = `restore container ${quote(options.id)}`;
  try {
    const bundle = validCreateParams(runtime, options.id, options.bundle);
    const { spec: whole, text, warnings } = readConfig(bundle, {
      strict: false,
    });
    for (const warning of warnings) {
      runtime.log.warn(`config.json: ${describeProblem(warning)}`);
    }
    const { spec: labelled } = withoutForeignLabels(whole);
    const own = withoutOwnNamespaces(labelled);
    // Images that runc has made do not tell.
    const isService = service ?? notifySocket;
    const spec = isService === undefined
      ? own
      : withNotifyMount(own, runtime.root, id);
    const parts = await loadParts(spec, runtime.log, options);
    const relays = !detach && consoleSocket === undefined;
    const order = { runtime, options, spec, text, bundle, relays, parts };
    const onClaimed = () => {
      if (isService === undefined) return;
      const folder = notifyFolder(runtime.root, id);
      const errno = mkdirExactly(folder, 0o755);
      if (errno !== 0) throw new SyscallError("mkdir", errno, folder);
      if (service?.ready) keepReady(folder);
      notify?.bind(folder, service?.ready);
    };
    return new Restoration(order).run({ meanwhile, onClaimed });
  } catch (error) {
    throw explain(doing, error);
  }
}
