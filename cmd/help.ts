import { RuntimeError } from "../oci/errors.ts";
import { calledName } from "./called_name.ts";
import type { Command, CommandTable } from "./command.ts";
import { GLOBAL_OPTIONS } from "./global_options.ts";
import type { Option } from "./options.ts";
import { writeOut } from "./output.ts";
import { versionLines } from "./version.ts";

const HELP: Option = { name: "help", short: "h", help: "show help" };

const ABOUT =
  `Davit runs containers as the Open Container Initiative specifies them. It
reads a bundle, which is a directory with a root file system and a
"config.json" that says how to run it, and makes of it a running, isolated
process: a child of whoever called it, so that any process supervisor can
watch it.

To make a bundle's configuration, and to run it:

    # davit spec
    # davit run <container-id>

The ID is yours to choose, and must be unique on the host. The bundle is the
current directory, or what "--bundle" names.

To see what a container is, with no bundle at all:

    # davit try`;

/** The parts of a help text, each under its heading. */
type Section = readonly [heading: string, text: string];

/**
 * Prints the help text of all of Davit, or of one command.
 *
 * @returns the exit status
 */
export async function print(
  commands: CommandTable,
  word: string | undefined,
): Promise<number> {
  if (word === undefined) {
    writeCalled(await generalHelp(commands));
    return 0;
  }
  if (word === "help" || word === "h") {
    writeCalled(sections([
      ["NAME", "davit help - show help for Davit, or for one command"],
      ["USAGE", "davit help [command]"],
    ]));
    return 0;
  }
  if (!Object.hasOwn(commands, word)) return unknownCommand(word);
  const { command } = await commands[word]!();
  writeCalled(commandHelp(word, command));
  return 0;
}

/** Writes a help text with commands as they can be typed. */
function writeCalled(text: string): void {
  writeOut(text.replaceAll(/\bdavit(?=\s)/g, calledName()));
}

/** The exit status for a word that is no command, as runc has it. */
const UNKNOWN_COMMAND = 3;

/** Refuses a word that is no command, in runc's words. */
export function unknownCommand(word: string): never {
  throw new RuntimeError("usage", `No help topic for '${word}'`, {
    hint: "see davit --help",
    status: UNKNOWN_COMMAND,
  });
}

/** The help text of all of Davit. */
export async function generalHelp(commands: CommandTable): Promise<string> {
  const rows = await Promise.all(
    Object.entries(commands).map(async ([word, load]) =>
      [word, (await load()).command.summary] as const
    ),
  );
  return sections([
    ["NAME", `davit - Open Container Initiative runtime\n\n${ABOUT}`],
    [
      "USAGE",
      "davit [global options] command [command options] [arguments...]",
    ],
    ["VERSION", versionLines()],
    ["COMMANDS", columns([...rows, ["help, h", "show help for a command"]])],
    ["GLOBAL OPTIONS", optionRows(GLOBAL_OPTIONS)],
  ]);
}

/** The help text of one command. */
export function commandHelp(word: string, command: Command): string {
  const { synopsis } = command.arguments;
  return sections([
    ["NAME", `davit ${word} - ${command.summary}`],
    [
      "USAGE",
      `davit ${word} [command options]${synopsis && ` ${synopsis}`}`,
    ],
    ["DESCRIPTION", command.about],
    ["OPTIONS", optionRows(command.options)],
  ]);
}

function optionRows(table: readonly Option[]): string {
  return columns([...table, HELP].map(({ name, short, value, help }) => {
    const suffix = value === undefined ? "" : ` ${value}`;
    const names = short === undefined
      ? [`--${name}${suffix}`]
      : [`--${name}${suffix}`, `-${short}${suffix}`];
    return [names.join(", "), help];
  }));
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.map(([name, text]) => name.padEnd(width) + text).join("\n");
}

/** Headings with their texts, which are indented. */
function sections(all: readonly Section[]): string {
  return all.map(([heading, text]) =>
    `${heading}:\n${text.replace(/^(?=.)/gm, "   ")}\n`
  ).join("\n");
}
