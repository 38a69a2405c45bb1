import { run } from "../oci/run.ts";
import { type Command, ONE_ID } from "./command.ts";
import { CREATE_OPTIONS, createOptions } from "./create_options.ts";
import type { Option } from "./options.ts";

const OPTIONS = [
  ...CREATE_OPTIONS,
  {
    name: "detach",
    short: "d",
    help: "return once the program runs, and leave it running",
  },
  { name: "keep", help: "do not delete the container when it has ended" },
  {
    name: "no-subreaper",
    help: "leave processes that the container orphans to another reaper",
  },
] as const satisfies readonly Option[];

/** `davit run`: create, start, and unless detached, wait and delete. */
export const command: Command<typeof OPTIONS> = {
  summary: "create and run a container",
  about:
    `Makes a container of a bundle and starts it, as "davit create" and "davit
start" do. Without "--detach" it stays in the foreground: it hands signals
and the terminal on, waits for the program, deletes the container, and exits
with the program's status, or with 128 and the number of the signal that
ended it.`,
  arguments: ONE_ID,
  options: OPTIONS,
  run(call) {
    return run(call.runtime, {
      ...createOptions(call, "davit run"),
      detach: call.options.detach === true,
      keep: call.options.keep === true,
      subreaper: call.options["no-subreaper"] !== true,
      last: true,
    });
  },
};
