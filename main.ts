import type { Command, CommandTable } from "./cmd/command.ts";
import { command as remove } from "./cmd/delete.ts";
import { dispatch } from "./cmd/dispatch.ts";
import { command as kill } from "./cmd/kill.ts";
import { command as list } from "./cmd/list.ts";
import { command as pause } from "./cmd/pause.ts";
import { command as resume } from "./cmd/resume.ts";
import { command as start } from "./cmd/start.ts";
import { command as state } from "./cmd/state.ts";
import { exit } from "./cmd/exit.ts";

type Launching = typeof import("./cmd/launching.ts");
const launching = () => import("./cmd/launching.ts");

/** The command that `pick` takes out of the file that launches. */
function from(pick: (file: Launching) => Command) {
  return async () => ({ command: pick(await launching()) });
}

/** A command that is loaded already. */
function here(command: Command) {
  return () => Promise.resolve({ command });
}

/**
 * From a word to its command. What launches containers is loaded only when it
 * is asked for. What the other commands need is small, and launching needs it
 * as well: it is here, because a file more costs more.
 */
export const commands: CommandTable = {
  create: from((file) => file.create),
  delete: here(remove),
  exec: from((file) => file.exec),
  features: from((file) => file.features),
  kill: here(kill),
  list: here(list),
  pause: here(pause),
  ps: from((file) => file.ps),
  resume: here(resume),
  run: from((file) => file.run),
  spec: from((file) => file.spec),
  start: here(start),
  state: here(state),
  try: from((file) => file.tryOut),
};

/** The commands of people rather than engines: see cmd/more.ts. */
const more = async () => (await import("./cmd/more.ts")).main;

if (import.meta.main) exit(await dispatch(Deno.args, commands, more));
