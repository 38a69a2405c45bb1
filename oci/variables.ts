/** The environment that Davit is called with. */

import { RuntimeError } from "./errors.ts";

/**
 * A variable of the environment; none: it is not set.
 *
 * @throws RuntimeError (usage) when its value is not UTF-8, which JavaScript
 *   cannot hold
 */
export function variable(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (cause) {
    throw new RuntimeError(
      "usage",
      `Environment variable ${name}: its value is not UTF-8`,
      { hint: "set it to another one, or unset it", cause },
    );
  }
}

/** Every variable that is UTF-8, as `NAME=VALUE`. */
export function variables(): string[] {
  return Object.entries(Deno.env.toObject())
    .map(([name, value]) => `${name}=${value}`);
}
