import { tryOut } from "../oci/try.ts";
import type { Command } from "./command.ts";
import type { Option } from "./options.ts";

const OPTIONS = [
  { name: "tty", short: "t", help: "give the command a terminal" },
] as const satisfies readonly Option[];

/** `davit try`: a throw-away container, with no bundle. */
export const command: Command<typeof OPTIONS> = {
  summary: "run a command, or a tour, in a throw-away container",
  about:
    `Makes a container of the host's own root file system, read-only, with fresh
/proc, /dev and /tmp, namespaces of its own, no network and no capabilities,
and deletes it at the end. Without a command, shows what it isolates. The
exit status is the command's.

    # davit try -- ps -ef
    # davit try -t -- sh`,
  arguments: {
    synopsis: "[--] [command] [arguments...]",
    expected: "a command",
    min: 0,
    max: Infinity,
    id: false,
    trailing: true,
  },
  options: OPTIONS,
  run({ cgroupManager, runtime, options, args }) {
    return tryOut(runtime, {
      args: [...args],
      cgroupManager,
      terminal: options.tty === true,
    });
  },
};
