import type { CommandTable } from "./cmd/command.ts";
import { dispatch } from "./cmd/dispatch.ts";

/**
 * From a word to the file of its command. Each is loaded only when it is
 * asked for: what a command does not need would cost it start-up time.
 */
const commands: CommandTable = {
  create: () => import("./cmd/create.ts"),
  delete: () => import("./cmd/delete.ts"),
  kill: () => import("./cmd/kill.ts"),
  list: () => import("./cmd/list.ts"),
  run: () => import("./cmd/run.ts"),
  spec: () => import("./cmd/spec.ts"),
  start: () => import("./cmd/start.ts"),
  state: () => import("./cmd/state.ts"),
  try: () => import("./cmd/try.ts"),
};

if (import.meta.main) Deno.exit(await dispatch(Deno.args, commands));
