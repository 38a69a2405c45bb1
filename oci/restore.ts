/**
 * Restoring a container from criu's images.
 *
 *     parameters -> config -> restoration -> wait, as run does
 *
 * @module
 */

import { readConfig } from "./config.ts";
import { validCreateParams } from "./create_params.ts";
import type { Created } from "./creation.ts";
import type { CriuFlags } from "./criu/options.ts";
import { Restoration } from "./criu/restoration.ts";
import { describeProblem } from "./errors.ts";
import { explain } from "./explain.ts";
import { withoutForeignLabels } from "./labels.ts";
import { withoutOwnNamespaces } from "./namespace_paths.ts";
import { loadParts } from "./parts.ts";
import { quote } from "./quote.ts";
import { runContainer } from "./run.ts";
import type { CreateOptions, Runtime } from "./runtime.ts";

/** What `restore` is asked for. */
export interface RestoreOptions extends CriuFlags {
  readonly id: string;
  readonly bundle: string;
  readonly consoleSocket?: string;
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
export function restore(
  runtime: Runtime,
  options: RestoreOptions,
): Promise<number> {
  const { consoleSocket, detach, id, bundle, subreaper } = options;
  const relays = !detach && consoleSocket === undefined;
  return runContainer(
    runtime,
    { id, bundle, detach, keep: false, subreaper, last: true },
    (meanwhile) => restored(runtime, options, relays, meanwhile),
  );
}

async function restored(
  runtime: Runtime,
  options: RestoreOptions,
  relays: boolean,
  meanwhile: () => void,
): Promise<Created> {
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
    const spec = withoutOwnNamespaces(labelled);
    const parts = await loadParts(spec, runtime.log, options);
    const order = { runtime, options, spec, text, bundle, relays, parts };
    return new Restoration(order).run(meanwhile);
  } catch (error) {
    throw explain(doing, error);
  }
}
