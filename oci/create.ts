/**
 * Creating a container.
 *
 *     parameters -> config -> what it needs -> creation
 *
 * @module
 */

import { SyscallError } from "../ffi/error.ts";
import { close, closesOnExec } from "../ffi/fd.ts";
import { mkdirExactly } from "../ffi/files.ts";
import { type CauseContext, withCause } from "./cause_tools.ts";
import { checkConfig, readConfig } from "./config.ts";
import { validCreateParams } from "./create_params.ts";
import { ConfigError, describeProblem } from "./errors.ts";
import { explain } from "./explain.ts";
import { withoutForeignLabels } from "./labels.ts";
import { rootfsPath } from "./lower.ts";
import { unraisableAmbient } from "./lower_process.ts";
import { withoutOwnNamespaces } from "./namespace_paths.ts";
import { report } from "./container_info.ts";
import { loadParts } from "./parts.ts";
import { quote } from "./quote.ts";
import type { CreateOptions, Runtime, StateReport } from "./runtime.ts";
import { writeShortcuts } from "./shortcuts.ts";
import type { Spec } from "./spec.ts";
import { notifyFolder } from "./store.ts";

import { type Created, Creation, type CreationExtras } from "./creation.ts";

/**
 * Creates a container: everything up to the user's program, which waits for
 * `start`.
 *
 * @throws {RuntimeError | SyscallError} and nothing of the container is left
 */
export async function create(
  runtime: Runtime,
  options: CreateOptions,
): Promise<StateReport> {
  const { master, record } = await createContainer(
    runtime,
    options,
    false,
  );
  if (master !== undefined) close(master);
  if (options.shortcuts) writeShortcuts(runtime, record);
  return report(runtime, record, "created");
}

/**
 * As `create`; with `relays` the caller takes the terminal itself, if there
 * is one.
 */
export async function createContainer(
  runtime: Runtime,
  options: CreateOptions,
  relays: boolean,
  extras: CreationExtras = {},
): Promise<Created> {
  const { id } = options;
  const { trace } = runtime;
  let context: CauseContext = {};
  try {
    trace?.phase("read and check config.json");
    const bundle = validCreateParams(runtime, id, options.bundle);
    const strict = options.strict === true;
    const { spec: whole, text, warnings } = options.config === undefined
      ? readConfig(bundle, { strict }, options.configFile)
      : checkConfig("the configuration", options.config, { strict });
    for (const warning of warnings) {
      runtime.log.warn(`config.json: ${describeProblem(warning)}`);
    }
    const { spec: labelled, missing } = withoutForeignLabels(whole);
    if (options.strict === true && missing.length > 0) {
      throw new ConfigError(missing);
    }
    for (const problem of missing) {
      runtime.log.warn(`config.json: ${describeProblem(problem)}`);
    }
    trace?.phase("look at the host");
    const spec = withoutOwnNamespaces(labelled);
    context = { spec, rootfs: rootfsPath(spec, bundle) };
    const unraisable = unraisableAmbient(spec.process?.capabilities);
    const inheritable = spec.process?.capabilities?.inheritable ?? [];
    // Engines ask for ambient sets alone, and mean nothing by it.
    const level = inheritable.length > 0 ? "warn" : "info";
    for (const name of unraisable) {
      runtime.log[level](
        `can't raise ambient capability ${name}: it has to be permitted and ` +
          "inheritable as well",
      );
    }
    const order = await withService(runtime, {
      spec,
      options,
      extras: { ...extras, config: text },
    });
    const parts = await loadParts(
      order.spec,
      runtime.log,
      order.options,
    );
    return new Creation(
      runtime,
      order.options,
      order.spec,
      bundle,
      relays,
      parts,
      order.extras,
    ).run();
  } catch (error) {
    const explained = explain(`create container ${quote(id)}`, error);
    throw await withCause(explained, context);
  }
}

/** What is asked for. */
interface Order {
  readonly spec: Spec;
  readonly options: CreateOptions;
  readonly extras: CreationExtras;
}

/** An order with what the options say of a service manager. */
async function withService(
  { root }: Runtime,
  order: Order,
): Promise<Order> {
  const { spec, options, extras } = order;
  const { id, listen, notifySocket, preserveFds = 0 } = options;
  if (listen === undefined && notifySocket === undefined) return order;
  const { asService, preservedInAll } = await import("./service.ts");
  const isInherited = (fd: number) => closesOnExec(fd) === false;
  const count = preservedInAll(listen?.count ?? 0, preserveFds, isInherited);
  const all = { ...options, preserveFds: count };
  const forSockets = listen === undefined ? {} : { listen };
  if (notifySocket === undefined) {
    return { spec: asService(spec, forSockets), options: all, extras };
  }
  const folder = notifyFolder(root, id);
  const onClaimed = () => {
    const errno = mkdirExactly(folder, 0o755);
    if (errno !== 0) throw new SyscallError("mkdir", errno, folder);
    extras.onClaimed?.();
  };
  return {
    spec: asService(spec, { ...forSockets, notifyFolder: folder }),
    options: all,
    extras: { ...extras, onClaimed },
  };
}
