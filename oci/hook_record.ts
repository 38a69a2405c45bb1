/**
 * Hooks as they are kept of a container, and as its init is given them.
 *
 * @module
 */

import type { HookInput, HooksInput } from "../launch/input.ts";
import type { Hook, Hooks } from "./spec.ts";

/** A kind of hook. */
export type HookKind = keyof Hooks;

/** A hook with what the configuration left out. */
export interface RecordedHook {
  readonly path: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  /** Seconds; absent: as long as it likes. */
  readonly timeout?: number;
}

/** Hooks by their kind. */
export type RecordedHooks = {
  readonly [K in HookKind]?: readonly RecordedHook[];
};

/** The hooks of a configuration; undefined when it has none. */
export function recordHooks(hooks: Hooks = {}): RecordedHooks | undefined {
  const kinds = Object.entries(hooks).filter(([, list]) => list?.length > 0)
    .map(([kind, list]) => [kind, (list as readonly Hook[]).map(record)]);
  return kinds.length === 0 ? undefined : Object.fromEntries(kinds);
}

function record({ path, args = [], env = [], timeout }: Hook): RecordedHook {
  return {
    path,
    args: args.length === 0 ? [path] : args,
    env,
    ...(timeout !== undefined && { timeout: Number(timeout) }),
  };
}

/**
 * What a launch has to do with hooks.
 *
 * @param processEnv what hooks of startContainer without an environment of
 * their own get, as in runc: they are the container's
 */
export function lowerHooks(
  hooks: RecordedHooks,
  processEnv: readonly string[] = [],
): HooksInput {
  const { prestart = [], createRuntime = [], createContainer = [] } = hooks;
  const startContainer = (hooks.startContainer ?? []).map((hook) =>
    hook.env.length > 0 ? hook : { ...hook, env: processEnv }
  );
  const before = [prestart, createRuntime, createContainer];
  return {
    pause: before.some((list) => list.length > 0),
    createContainer: inputs("createContainer", createContainer),
    startContainer: inputs("startContainer", startContainer),
  };
}

function inputs(kind: HookKind, hooks: readonly RecordedHook[]): HookInput[] {
  return hooks.map(({ path, args, env }, index) => ({
    path,
    args,
    env,
    why: `run ${kind} hook #${index} ${JSON.stringify(path)}`,
    pointer: `/hooks/${kind}/${index}`,
  }));
}
