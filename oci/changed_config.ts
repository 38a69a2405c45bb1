/**
 * Configurations of one change, for tests of what validate() says of it.
 *
 * @module
 */

import { defaultSpec } from "./default_spec.ts";
import { describeProblem } from "./errors.ts";
import { validate } from "./validate.ts";

/** The default configuration with `value` at a path. */
export function changed(path: string, value: unknown): unknown {
  const config = structuredClone(defaultSpec({ cgroupNamespace: false }));
  const names = path.split(".");
  const last = names.pop()!;
  // deno-lint-ignore no-explicit-any
  let at = config as any;
  for (const name of names) at = at[name] ??= {};
  if (value === undefined) delete at[last];
  else at[last] = value;
  return config;
}

/** What is wrong with the default configuration, so changed. */
export function errors(path: string, value: unknown): string[] {
  return validate(changed(path, value)).errors.map(describeProblem);
}

/** What is odd about it, where nothing is wrong. */
export function warnings(path: string, value: unknown): string[] {
  const { errors, warnings } = validate(changed(path, value));
  const wrong = errors.map(describeProblem);
  if (wrong.length > 0) throw new Error(wrong.join("\n"));
  return warnings.map(describeProblem);
}
