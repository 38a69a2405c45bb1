import { completionTable } from "./completion_table.ts";
import { bash } from "./completion_bash.ts";
import { fish } from "./completion_fish.ts";
import { zsh } from "./completion_zsh.ts";
import type { Command, CommandTable } from "./command.ts";
import { usageError } from "./options.ts";
import { writeOut } from "./output.ts";

const SHELLS = { bash, fish, zsh };

/**
 * `davit completion`: what makes a shell complete Davit's command lines.
 *
 * @param commands loads every command that is to be completed
 */
export function completionCommand(
  commands: () => CommandTable,
): Command<readonly []> {
  return {
    summary: "print a script that makes a shell complete command lines",
    about:
      `Prints a script for bash, fish or zsh. It knows the commands, their flags and
the IDs of the containers that there are. To have it in every shell:

    bash    davit completion bash >/etc/bash_completion.d/davit
    fish    davit completion fish >/etc/fish/completions/davit.fish
    zsh     davit completion zsh >/usr/local/share/zsh/site-functions/_davit`,
    arguments: {
      synopsis: "<bash|fish|zsh>",
      expected: "exactly one shell",
      min: 1,
      max: 1,
      id: false,
    },
    options: [],
    async run({ args: [shell = ""] }) {
      if (!Object.hasOwn(SHELLS, shell)) {
        throw usageError(
          "davit completion",
          `unknown shell "${shell}": expected bash, fish or zsh`,
        );
      }
      const table = await completionTable(commands());
      writeOut(SHELLS[shell as keyof typeof SHELLS](table));
      return 0;
    },
  };
}
