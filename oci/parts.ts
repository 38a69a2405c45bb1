/**
 * Parts of Davit that few configurations need: they are loaded when one does.
 * Loading code is what a short-lived command spends most of its time on.
 *
 * @module
 */

import type { Spec } from "./spec.ts";

/** What a configuration needs besides what every one needs. */
// deno-lint-ignore no-empty-interface
export interface Parts {}

/** Loads the parts that `spec` needs. */
export async function loadParts(_spec: Spec): Promise<Parts> {
  const parts: Parts = {};
  return await Promise.resolve(parts);
}
