import { signalNumber } from "../ffi/signals.ts";
import { kill } from "../oci/kill.ts";
import type { Command } from "./command.ts";
import { type Option, usageError } from "./options.ts";

const OPTIONS = [
  {
    name: "all",
    short: "a",
    help: "send the signal to all processes of the container",
  },
] as const satisfies readonly Option[];

/** `davit kill`: sends a signal. */
export const command: Command<typeof OPTIONS> = {
  summary:
    "send a signal (default: SIGTERM) to the first process of a container",
  about:
    `The signal is a name, with or without SIG and in any case, or a number; 0
only asks whether there is a process:

    # davit kill <container-id> KILL

SIGKILL is for all processes of a container that has no pid namespace of its
own, also of one whose first process has ended.`,
  arguments: {
    synopsis: "<container-id> [signal]",
    expected: "a container ID and at most a signal",
    min: 1,
    max: 2,
    id: true,
  },
  options: OPTIONS,
  run({ runtime, options, args: [id = "", signal = "TERM"] }) {
    kill(runtime, id, parseSignal(signal), { all: options.all === true });
    return 0;
  },
};

/**
 * The number of a signal.
 *
 * @throws RuntimeError (usage) when there is no such signal
 */
export function parseSignal(text: string): number {
  const number = text === "0" ? 0 : signalNumber(text);
  if (number !== undefined) return number;
  throw usageError(
    "davit kill",
    `unknown signal "${text}": expected a name such as TERM or SIGTERM, or a number`,
  );
}
