import { create } from "../oci/create.ts";
import { type Command, ONE_ID } from "./command.ts";
import { CREATE_OPTIONS, createOptions } from "./create_options.ts";
import type { Option } from "./options.ts";

const OPTIONS = [
  ...CREATE_OPTIONS,
  { name: "no-subreaper", help: "ignored: nothing of create stays" },
] as const satisfies readonly Option[];

/** `davit create`: everything up to the user's program, which waits. */
export const command: Command<typeof OPTIONS> = {
  summary: "create a container",
  about:
    `Makes a container of a bundle: its namespaces, cgroups, mounts and its first
process, which waits for "davit start" to become the program that
"process.args" of config.json names. The ID must be unique on the host.

The pid file is the last thing that is written.`,
  arguments: ONE_ID,
  options: OPTIONS,
  async run(call) {
    const options = createOptions(call, "davit create");
    await create(call.runtime, { ...options, shortcuts: true });
    return 0;
  },
};
