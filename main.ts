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

const launching = () => import("./cmd/launching.ts");

/** A command that is loaded already. */
function here(command: Command) {
  return () => Promise.resolve({ command });
}

/**
 * From a word to its command. What launches containers is loaded only when it
 * is asked for. What the other commands need is small, and launching needs it
 * as well: it is here.
 */
export const commands: CommandTable = {
  create: async () => ({ command: (await launching()).create }),
  delete: here(remove),
  exec: () => import("./cmd/exec.ts"),
  kill: here(kill),
  list: here(list),
  pause: here(pause),
  resume: here(resume),
  run: async () => ({ command: (await launching()).run }),
  start: here(start),
  state: here(state),
};

/** The commands that people call, or engines now and then: cmd/more.ts. */
const more = async () => (await import("./cmd/more.ts")).main;

if (import.meta.main) exit(await dispatch(Deno.args, commands, more));
