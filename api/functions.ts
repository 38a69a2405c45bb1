/**
 * Functions on bundles, and on containers by their IDs.
 *
 * @module
 */

import type { Statistics } from "../cgroup/statistics/types.ts";
import { build as buildLauncher, type BuildOptions } from "../oci/build.ts";
import { type BundlePlan, planBundle } from "../oci/bundle_plan.ts";
import { type BundleReport, checkBundle } from "../oci/bundle_check.ts";
import { list as listContainers } from "../oci/container_info.ts";
import type { StateReport } from "../oci/runtime.ts";
import { validate as validateSpec } from "../oci/validate.ts";
import {
  type Container,
  type ExecContainerOptions,
  get,
  type ProgramEnd,
} from "./container.ts";
import {
  type BundleOptions,
  configText,
  type DavitOptions,
  runtimeOf,
} from "./options.ts";

/**
 * Every problem of a bundle; with `spec`, of that configuration alone.
 *
 * @throws {RuntimeError} config: the bundle is no directory
 */
export function validate(options: BundleOptions): BundleReport {
  const { bundle, spec, strict = false } = options;
  if (spec === undefined) return checkBundle(bundle, { strict });
  return { bundle, ...validateSpec(spec, { strict }) };
}

/** What a plan is made for. */
export interface PlanBundleOptions extends BundleOptions {
  /**
   * The ID that the container would have.
   * @default "plan"
   */
  readonly id?: string;
}

/**
 * What creating a container would do; nothing is done.
 * @throws {RuntimeError | ConfigError}
 */
export function plan(options: PlanBundleOptions): Promise<BundlePlan> {
  const { bundle, id = "plan", strict = false } = options;
  return planBundle({ bundle, id, strict, ...configText(options) });
}

/** A plan's entries as lines of text, for comparisons. */
export function planLines({ sections }: BundlePlan): string[] {
  return sections.flatMap(({ name, entries }) =>
    entries.map(({ subject, detail }) => `${name}: ${subject}: ${detail}`)
  );
}

/**
 * What differs between two plans: lines of the first alone begin with "-",
 * those of the second alone with "+".
 */
export function planDifference(a: BundlePlan, b: BundlePlan): string[] {
  const [before, after] = [planLines(a), planLines(b)];
  return [
    ...before.filter((line) => !after.includes(line)).map((l) => `- ${l}`),
    ...after.filter((line) => !before.includes(line)).map((l) => `+ ${l}`),
  ];
}

/**
 * A static executable that runs a bundle's container with no runtime.
 * @throws {RuntimeError | ConfigError} what cannot be built ahead
 */
export async function build(
  options: BuildOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  return (await buildLauncher(options)).program;
}

/** The states of all containers, by ID. */
export function list(options: DavitOptions = {}): StateReport[] {
  return listContainers(runtimeOf(options));
}

/** As `Container.start()`, of the container with this ID. */
export async function start(
  id: string,
  options: DavitOptions = {},
): Promise<void> {
  await get(id, options).start();
}

/** As `Container.wait()`. */
export function wait(container: Container): Promise<ProgramEnd> {
  return container.wait();
}

/** As `Container.exec()`, of the container with this ID. */
export async function exec(
  id: string,
  args: readonly string[],
  options: DavitOptions & ExecContainerOptions = {},
): Promise<ProgramEnd> {
  const { root: _r, log: _l, ...how } = options;
  return await get(id, options).exec(args, how);
}

/** As `Container.kill()`, of the container with this ID. */
export function kill(
  id: string,
  signal: string | number = "TERM",
  options: DavitOptions & { readonly all?: boolean } = {},
): void {
  get(id, options).kill(signal, options);
}

/** As `Container.remove()`, of the container with this ID. */
export async function remove(
  id: string,
  options: DavitOptions & { readonly force?: boolean } = {},
): Promise<void> {
  await get(id, options).remove(options);
}

/** As `Container.stats()`, of the container with this ID. */
export function stats(id: string, options: DavitOptions = {}): Statistics {
  return get(id, options).stats();
}
