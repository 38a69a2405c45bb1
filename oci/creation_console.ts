/**
 * The terminal that a container gets from the host.
 *
 * @module
 */

import { fchown } from "../ffi/files.ts";
import type { Privileges } from "../launch/input.ts";
import type { Plan } from "../launch/plan.ts";
import { type Console, setupConsole } from "./console.ts";
import { hostId } from "./id_maps.ts";

import type { Spec } from "./spec.ts";

/** Who gets the terminal's master. */
export interface ConsoleTaker {
  /** The socket that `--console-socket` names, or "". */
  readonly consoleSocket: string;
  /** Whether the caller relays the terminal itself. */
  readonly relays: boolean;
}

/**
 * Opens a terminal of the host's, where the container can have none of its
 * own (no mount namespace, no devpts), and gives it to the process's user.
 *
 * @param plan says whether init expects a slave
 * @returns what was opened; without descriptors where the plan expects none
 * @throws {RuntimeError | SyscallError} if it cannot be opened or sent
 */
export function hostConsole(
  plan: Plan,
  spec: Spec,
  privileges: Privileges,
  { consoleSocket, relays }: ConsoleTaker,
): Console {
  const fromHost = plan.steps.some(({ action }) =>
    "set" in action && action.set === "slave"
  );
  if (!fromHost) return { path: "" };
  const terminal = setupConsole("", consoleSocket, relays);
  const { linux = {}, process } = spec;
  const owner = hostId(process?.user?.uid ?? 0, linux);
  // An ordinary user can give nothing away: it is his already.
  const gives = privileges !== "user" && owner !== undefined;
  if (terminal.slave !== undefined && gives) fchown(terminal.slave, owner);
  return terminal;
}
