import { processes, processTable } from "../oci/ps.ts";
import type { Command } from "./command.ts";
import { type Option, usageError } from "./options.ts";
import { writeOut } from "./output.ts";

const OPTIONS = [
  {
    name: "format",
    short: "f",
    value: "format",
    help: 'table or json (default: "table")',
  },
] as const satisfies readonly Option[];

/** `davit ps`: the processes of a container. */
export const command: Command<typeof OPTIONS> = {
  summary: "list the processes of a container",
  about:
    `The table is what the host's ps prints of them, with "-ef" or with the options
that follow the ID. They have to keep the column PID:

    # davit ps <container-id> -o pid,rss,args

The JSON is an array of the processes' IDs on the host.`,
  arguments: {
    synopsis: "<container-id> [ps options]",
    expected: "a container ID",
    min: 1,
    max: Infinity,
    id: true,
    trailing: true,
  },
  options: OPTIONS,
  run({ runtime, options, args: [id = "", ...psOptions] }) {
    const format = options.format ?? "table";
    if (format !== "table" && format !== "json") {
      throw usageError(
        "davit ps",
        `invalid format option: "${format}": expected table or json`,
      );
    }
    const pids = processes(runtime, id);
    // No processes are null, as Go writes an empty list that nobody made.
    if (format === "json") {
      writeOut(`${JSON.stringify(pids.length === 0 ? null : pids)}\n`);
    } else writeOut(processTable(pids, psOptions));
    return 0;
  },
};
