/**
 * What every function of the API may be told.
 *
 * @module
 */

import { variable } from "../oci/variables.ts";
import { type Logger, silent } from "../oci/logger.ts";
import type { Runtime } from "../oci/runtime.ts";
import type { Spec } from "../oci/spec.ts";

/** Where containers are kept, and who hears of what happens. */
export interface DavitOptions {
  /**
   * The state root, an absolute path.
   * @default "/run/davit", or "$XDG_RUNTIME_DIR/davit" for another user than
   * root
   */
  readonly root?: string;
  /**
   * Hears of what is left out or done otherwise than asked.
   * @default nobody
   */
  readonly log?: Logger;
}

/** A configuration, or where it is. */
export interface BundleOptions {
  /** The bundle's path. */
  readonly bundle: string;
  /** The configuration, in the place of the bundle's `config.json`. */
  readonly spec?: Spec;
  /**
   * Refuse unknown properties, and null for none.
   * @default false
   */
  readonly strict?: boolean;
}

/** What the rooms below are told. */
export function runtimeOf({ root, log = silent }: DavitOptions): Runtime {
  return { root: root ?? defaultRoot(), log };
}

function defaultRoot(): string {
  const own = Deno.uid() === 0 ? "" : variable("XDG_RUNTIME_DIR");
  return own ? `${own}/davit` : "/run/davit";
}

/** ECMAScript has it, the compiler's library does not yet. */
const RAW = JSON as unknown as { rawJSON(text: string): unknown };

/** A configuration as the text that is checked and kept. */
export function configText(
  { spec }: BundleOptions,
): { readonly config?: Uint8Array<ArrayBuffer> } {
  if (spec === undefined) return {};
  const text = JSON.stringify(spec, (_name, value) =>
    // A number of more than 53 bits.
    typeof value === "bigint" ? RAW.rawJSON(`${value}`) : value);
  return { config: new TextEncoder().encode(text) };
}
