import { tellEvents, tellStatistics } from "../oci/events.ts";
import { type Command, ONE_ID } from "./command.ts";
import { parseDuration } from "./duration.ts";
import { type Option, usageError } from "./options.ts";
import { writeAll } from "./output.ts";

const OPTIONS = [
  {
    name: "interval",
    value: "time",
    help: 'how long to wait between statistics (default: "5s")',
  },
  { name: "stats", help: "print the statistics once, and end" },
] as const satisfies readonly Option[];

/** `davit events`: statistics, and when memory runs out. */
export const command: Command<typeof OPTIONS> = {
  summary: "print what a container uses, and when its memory runs out",
  about:
    `Prints an object of JSON on a line for each event, with the keys of runc:
"type", "id" and, of statistics, "data". They come each interval, such as
"100ms" or "1m30s". An event of type "oom" says that the container's memory has
run out. Ends with the container.`,
  arguments: ONE_ID,
  options: OPTIONS,
  run({ runtime, options, args: [id = ""] }) {
    const interval = parseDuration(options.interval ?? "5s");
    if (interval === undefined || interval <= 0) {
      throw usageError(
        "davit events",
        `duration interval must be greater than 0: found ${
          JSON.stringify(options.interval)
        }, expected a time such as "5s"`,
      );
    }
    const sink = { write: writeLine, fd: 1 };
    if (options.stats) tellStatistics(runtime, id, sink);
    else tellEvents(runtime, id, interval, sink);
    return 0;
  },
};

/** Whether anybody reads stdout. */
function writeLine(line: string): boolean {
  try {
    writeAll(Deno.stdout, line);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return false;
    throw error;
  }
}
