import { variable } from "../oci/variables.ts";
import { start } from "../oci/start.ts";
import { type Command, ONE_ID } from "./command.ts";
import { TRACE_OPTION } from "./trace.ts";

const OPTIONS = [TRACE_OPTION] as const;

/** `davit start`: lets a created container's process go on. */
export const command: Command<typeof OPTIONS> = {
  summary: "start the program of a created container",
  about:
    `Lets the waiting process of a container that "davit create" made become the
user's program. A program that cannot be executed is reported here.`,
  arguments: ONE_ID,
  options: OPTIONS,
  async run({ runtime, args: [id = ""] }) {
    // Where a service manager, if there is one, waits to hear.
    const notifySocket = variable("NOTIFY_SOCKET");
    await start(runtime, id, notifySocket ? { notifySocket } : {});
    return 0;
  },
};
