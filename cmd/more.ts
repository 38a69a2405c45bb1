/**
 * The commands that people call, or engines now and then. Compiled, this file
 * is a program of its own, with its own copy of all that it needs: the commands
 * that engines call again and again have less to load without them.
 *
 * @module
 */

import type { Command, CommandTable } from "./command.ts";
import { command as build } from "./build.ts";
import { command as check } from "./check.ts";
import { command as checkpoint } from "./checkpoint.ts";
import { completionCommand } from "./completion.ts";
import { dispatch } from "./dispatch.ts";
import { command as env } from "./env.ts";
import { command as events } from "./events.ts";
import { command as features } from "./features.ts";
import { command as plan } from "./plan.ts";
import { command as ps } from "./ps.ts";
import { command as restore } from "./restore.ts";
import { command as spec } from "./spec.ts";
import { command as tryOut } from "./try.ts";
import { command as update } from "./update.ts";
import { command as validate } from "./validate.ts";

/** A command that is loaded already. */
function here(command: Command) {
  return () => Promise.resolve({ command });
}

/** The commands that are only here. */
export const COMMANDS: CommandTable = {
  build: here(build),
  check: here(check),
  checkpoint: here(checkpoint),
  env: here(env),
  events: here(events),
  features: here(features),
  plan: here(plan),
  ps: here(ps),
  restore: here(restore),
  spec: here(spec),
  try: here(tryOut),
  update: here(update),
  validate: here(validate),
};

/**
 * Runs a command line for which `others` do not suffice.
 *
 * @param others the commands that are loaded otherwise, for the help text
 * @returns the exit status
 */
export function main(
  args: readonly string[],
  others: CommandTable,
): Promise<number> {
  return dispatch(args, allCommands(others));
}

/** All commands by their words, in alphabetical order. */
export function allCommands(others: CommandTable): CommandTable {
  const completion = here(completionCommand(() => all));
  const table = { ...others, ...COMMANDS, completion };
  const all: CommandTable = Object.fromEntries(
    Object.entries(table).sort(([a], [b]) => a < b ? -1 : 1),
  );
  return all;
}
