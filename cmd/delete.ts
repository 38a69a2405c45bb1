import { remove } from "../oci/remove.ts";
import { type Command, ONE_ID } from "./command.ts";
import type { Option } from "./options.ts";
import { TRACE_OPTION } from "./trace.ts";

const OPTIONS = [
  {
    name: "force",
    short: "f",
    help: "kill the container first if it runs; no error if there is none",
  },
  TRACE_OPTION,
] as const satisfies readonly Option[];

/** `davit delete`: takes away what a container leaves behind. */
export const command: Command<typeof OPTIONS> = {
  summary: "delete a stopped container and all that it holds",
  about:
    `Takes away the cgroups and the state of a container that has stopped. Its ID
may be used again then. The bundle stays.`,
  arguments: ONE_ID,
  options: OPTIONS,
  async run({ runtime, options, args: [id = ""] }) {
    await remove(runtime, id, { force: options.force === true });
    return 0;
  },
};
