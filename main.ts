import type { Command, CommandTable } from "./cmd/command.ts";
import { dispatch } from "./cmd/dispatch.ts";
import { command as list } from "./cmd/list.ts";
import { command as state } from "./cmd/state.ts";

const launching = () => import("./cmd/launching.ts");
const existing = () => import("./cmd/existing.ts");

/** The command that `pick` takes out of a file, once that is loaded. */
function from<T>(load: () => Promise<T>, pick: (file: T) => Command) {
  return async () => ({ command: pick(await load()) });
}

/**
 * From a word to its command. A file is loaded only when a command in it is
 * asked for: what a command does not need would cost it start-up time. What
 * `state` and `list` need is small, and the others need it as well: it is here,
 * because a file more costs more.
 */
const commands: CommandTable = {
  create: from(launching, (file) => file.create),
  delete: from(existing, (file) => file.remove),
  features: from(launching, (file) => file.features),
  kill: from(existing, (file) => file.kill),
  list: () => Promise.resolve({ command: list }),
  run: from(launching, (file) => file.run),
  spec: from(launching, (file) => file.spec),
  start: from(existing, (file) => file.start),
  state: () => Promise.resolve({ command: state }),
  try: from(launching, (file) => file.tryOut),
};

if (import.meta.main) Deno.exit(await dispatch(Deno.args, commands));
