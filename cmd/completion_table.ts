/**
 * What shells need to know of Davit's command lines.
 *
 * @module
 */

import type { CommandTable } from "./command.ts";
import { GLOBAL_OPTIONS } from "./global_options.ts";
import type { Option } from "./options.ts";

/** How the value of an option, or an argument, is completed. */
export type ValueKind = "folder" | "file" | "word";

/** One option. */
export interface CompletedOption {
  /** Its names with their dashes, the long one first. */
  readonly names: readonly string[];
  /** Absent for a switch. */
  readonly value?: ValueKind;
  /** What it does, without what is in brackets. */
  readonly help: string;
}

/** One command. */
export interface CompletedCommand {
  readonly word: string;
  readonly summary: string;
  readonly options: readonly CompletedOption[];
  /** What its arguments are; or the words that one may be. */
  readonly argument: "id" | "folder" | "none" | readonly string[];
}

/** All of Davit. */
export interface CompletionTable {
  readonly options: readonly CompletedOption[];
  readonly commands: readonly CompletedCommand[];
}

/** Commands whose ID is a new one. */
const NEW_ID = ["create", "run", "restore"];
const HELP: Option = { name: "help", short: "h", help: "show help" };

/** The table, made of the commands' own ones. */
export async function completionTable(
  commands: CommandTable,
): Promise<CompletionTable> {
  const list = await Promise.all(
    Object.entries(commands).map(async ([word, load]) => {
      const { command: { summary, options, arguments: wanted } } = await load();
      const argument = wanted.id && !NEW_ID.includes(word)
        ? "id" as const
        : /bundle/.test(wanted.synopsis)
        ? "folder" as const
        : choices(wanted.synopsis) ?? "none" as const;
      return { word, summary, options: completed(options), argument };
    }),
  );
  return { options: completed(GLOBAL_OPTIONS), commands: list };
}

/** The words of a synopsis such as `<a|b>`. */
function choices(synopsis: string): string[] | undefined {
  return /^<(\w+(?:\|\w+)+)>$/.exec(synopsis)?.[1]?.split("|");
}

function completed(options: readonly Option[]): CompletedOption[] {
  return [...options, HELP].map(({ name, short, value, help }) => ({
    names: short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`],
    ...(value !== undefined && { value: kindOf(value) }),
    help: help.replace(/ \(.*$/, ""),
  }));
}

/** The kind of a value, from what the help text calls it. */
function kindOf(value: string): ValueKind {
  if (/dir|folder/.test(value)) return "folder";
  return /file|path|socket/.test(value) ? "file" : "word";
}

/** The options that take a value. */
export function valueNames(options: readonly CompletedOption[]): string[] {
  return options.filter(({ value }) => value).flatMap(({ names }) => names);
}
