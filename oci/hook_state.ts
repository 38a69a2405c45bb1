/**
 * The state that hooks read.
 *
 * @module
 */

import type { ContainerRecord } from "./store.ts";

/** What a hook finds on stdin, runtime.md ("State"). */
export interface HookState {
  readonly ociVersion: string;
  readonly id: string;
  readonly status: "created" | "running" | "stopped";
  /** Init's pid as Davit sees it, 0 when it is gone. */
  readonly pid: number;
  readonly bundle: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The state of a container as its hooks are told it. */
export function hookState(
  { ociVersion, id, init, bundle, annotations }: ContainerRecord,
  status: HookState["status"],
): HookState {
  const pid = status === "stopped" ? 0 : init?.pid ?? 0;
  return { ociVersion, id, status, pid, bundle, annotations };
}
