/** Hooks for the tests: shell scripts of the host that write down what they see. */
import { assertEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { busybox } from "./bundle.ts";
import { change, type Container, type State } from "./container.ts";
import { readIfThere } from "./davit.ts";

export const KINDS = [
  "prestart",
  "createRuntime",
  "createContainer",
  "startContainer",
  "poststart",
  "poststop",
] as const;

export type Kind = typeof KINDS[number];

export interface Hook {
  path: string;
  args?: string[];
  env?: string[];
  timeout?: number;
}

/**
 * A hook that is a script for busybox's shell, on the host at its path and in
 * the container in /bin.
 */
export function shell(text: string, more: Partial<Hook> = {}): Hook {
  return { path: busybox()!, args: ["sh", "-c", text], ...more };
}

/** Sets the hooks of a container's configuration. */
export function setHooks(
  container: Container,
  hooks: { [K in Kind]?: Hook[] },
): void {
  change(container, (config) => config["hooks"] = hooks);
}

/** What a hook wrote into a file of the bundle. */
export function noted(container: Container, name: string): string {
  return readIfThere(join(container.bundle, name));
}

/** The lines of a file of the bundle. */
export function lines(container: Container, name: string): string[] {
  return noted(container, name).split("\n").filter((line) => line !== "");
}

/** The state that a hook copied into a file of the bundle. */
export function stateIn(container: Container, name: string): State {
  return JSON.parse(noted(container, name));
}

/** Fails when a container, or anything of it, is there. */
export function assertGone(container: Container): void {
  assertEquals(container.leftovers(), []);
}
