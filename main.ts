import type { Command, CommandTable } from "./cmd/command.ts";
import { dispatch } from "./cmd/dispatch.ts";

const launching = () => import("./cmd/launching.ts");
const existing = () => import("./cmd/existing.ts");
const looking = () => import("./cmd/looking.ts");

/** The command that `pick` takes out of a file, once that is loaded. */
function from<T>(load: () => Promise<T>, pick: (file: T) => Command) {
  return async () => ({ command: pick(await load()) });
}

/**
 * From a word to its command. A file is loaded only when a command in it is
 * asked for: what a command does not need would cost it start-up time.
 */
const commands: CommandTable = {
  create: from(launching, (file) => file.create),
  delete: from(existing, (file) => file.remove),
  kill: from(existing, (file) => file.kill),
  list: from(looking, (file) => file.list),
  run: from(launching, (file) => file.run),
  spec: from(launching, (file) => file.spec),
  start: from(existing, (file) => file.start),
  state: from(looking, (file) => file.state),
  try: from(launching, (file) => file.tryOut),
};

if (import.meta.main) Deno.exit(await dispatch(Deno.args, commands));
