/**
 * Command lines, of each command.
 *
 * @module
 */

import { commands } from "../../main.ts";
import { GLOBAL_OPTIONS } from "../../cmd/global_options.ts";
import { escapeControls } from "../../cmd/escape.ts";
import { allCommands } from "../../cmd/more.ts";
import { type Option, parseOptions } from "../../cmd/options.ts";
import { describeError } from "../../cmd/report.ts";
import { OPTIONS as UPDATE, resourcesOf } from "../../cmd/update_options.ts";
import { RuntimeError } from "../../oci/errors.ts";
import { changeText, type Random, type Target } from "./run.ts";

/** A command line, and what it is parsed for. */
interface Line {
  readonly word: string;
  readonly words: readonly string[];
}

const TABLES = new Map<string, { options: readonly Option[]; mixed: boolean }>([
  ["davit", { options: GLOBAL_OPTIONS, mixed: false }],
]);
for (const [word, load] of Object.entries(allCommands(commands))) {
  const { command } = await load();
  const mixed = command.arguments.trailing !== true;
  TABLES.set(word, { options: command.options, mixed });
}
const WORDS = [...TABLES.keys()];

const VALUES = [
  "",
  "1",
  "5k",
  "-1",
  "0-3",
  "1000:1000",
  "a=b",
  "/p",
  "3s",
  "ü",
];

function make(random: Random): Line {
  const word = WORDS[random(WORDS.length)]!;
  const { options } = TABLES.get(word)!;
  const words = Array.from({ length: 1 + random(5) }, () => {
    const option = options[random(Math.max(1, options.length))];
    const value = VALUES[random(VALUES.length)]!;
    const text = option === undefined || random(4) === 0
      ? value
      : random(2) && option.short !== undefined
      ? `-${option.short}${value}`
      : random(2)
      ? `--${option.name}=${value}`
      : `--${option.name}`;
    return random(3) ? text : changeText(text, random).replaceAll("\0", "");
  });
  return { word, words };
}

function take({ word, words }: Line): boolean {
  const { options, mixed } = TABLES.get(word)!;
  const who = `davit ${word}`;
  try {
    parseOptions(options, words, who, mixed);
    if (word === "update") {
      resourcesOf(parseOptions(UPDATE, words, who, mixed).options, who);
    }
    return true;
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    const line = escapeControls(describeError(error));
    if (/\n/.test(line) || line.length > 10_000) {
      throw new Error(`no line: ${line}`);
    }
    return false;
  }
}

/** Command lines of all commands, and of Davit itself. */
export const COMMAND_LINES: Target = { name: "command lines", make, take };
