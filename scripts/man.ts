/**
 * Writes the manual pages below docs/man from the commands' own tables.
 *
 *     deno task man
 */
import { GLOBAL_OPTIONS } from "../cmd/global_options.ts";
import type { Command } from "../cmd/command.ts";
import { allCommands } from "../cmd/more.ts";
import type { Option } from "../cmd/options.ts";
import { VERSION } from "../cmd/version.ts";
import { commands } from "../main.ts";

const FOLDER = new URL("../docs/man/", import.meta.url);
const HELP: Option = { name: "help", short: "h", help: "show help" };

/** Every page, by its file's name. */
export async function manPages(): Promise<Map<string, string>> {
  const all = await Promise.all(
    Object.entries(allCommands(commands)).map(async ([word, load]) =>
      [word, (await load()).command] as const
    ),
  );
  return new Map([
    ["davit.8", general(all)],
    ...all.map(([word, command]): [string, string] => [
      `davit-${word}.8`,
      page(word, command),
    ]),
  ]);
}

function general(all: readonly (readonly [string, Command])[]): string {
  return [
    title("davit"),
    section("NAME", "davit \\- Open Container Initiative runtime"),
    section("SYNOPSIS", bold("davit") + " [options] command [arguments...]"),
    section(
      "DESCRIPTION",
      text(
        "Davit runs containers as the Open Container Initiative specifies " +
          "them: it reads a bundle, a folder with a root file system and a " +
          "config.json, and makes of it a running, isolated process.",
      ),
    ),
    section(
      "COMMANDS",
      all.map(([word, { summary }]) =>
        item(bold(`davit-${word}`) + "(8)", summary)
      ).join("\n"),
    ),
    section("OPTIONS", options(GLOBAL_OPTIONS)),
    section(
      "FILES",
      item("/run/davit", "where the state of root's containers is kept"),
    ),
  ].join("\n") + "\n";
}

function page(word: string, command: Command): string {
  const { about, arguments: wanted, summary } = command;
  return [
    title(`davit-${word}`),
    section("NAME", `davit-${word} \\- ${text(summary)}`),
    section(
      "SYNOPSIS",
      `${bold(`davit ${word}`)} [options] ${text(wanted.synopsis)}`.trimEnd(),
    ),
    section("DESCRIPTION", paragraphs(about)),
    section("OPTIONS", options(command.options)),
    section("SEE ALSO", bold("davit") + "(8)"),
  ].join("\n") + "\n";
}

function title(name: string): string {
  return `.TH ${name.toUpperCase()} 8 "" "davit ${VERSION}" "Davit"`;
}

function section(heading: string, body: string): string {
  return `.SH ${heading}\n${body}`;
}

function options(table: readonly Option[]): string {
  return [...table, HELP].map(({ name, short, value, help }) => {
    const names = [`--${name}`, ...short === undefined ? [] : [`-${short}`]]
      .map(bold).join(", ");
    return item(
      value === undefined ? names : `${names} ${italic(value)}`,
      help,
    );
  }).join("\n");
}

function item(head: string, body: string): string {
  return `.TP\n${head}\n${text(body)}`;
}

/** Paragraphs; lines that are indented stay as they are. */
function paragraphs(about: string): string {
  return about.split("\n\n").map((part) =>
    part.startsWith("    ")
      ? `.nf\n${text(part)}\n.fi`
      : text(part.replaceAll("\n", " "))
  ).join("\n.PP\n");
}

function bold(words: string): string {
  return `\\fB${text(words)}\\fR`;
}

function italic(words: string): string {
  return `\\fI${text(words)}\\fR`;
}

/** What roff(7) would take for itself. */
function text(words: string): string {
  return words.replaceAll("\\", "\\e").replaceAll("-", "\\-")
    .replace(/^([.'])/gm, "\\&$1");
}

if (import.meta.main) {
  Deno.mkdirSync(FOLDER, { recursive: true });
  for (const { name } of Deno.readDirSync(FOLDER)) {
    Deno.removeSync(new URL(name, FOLDER));
  }
  for (const [name, page] of await manPages()) {
    Deno.writeTextFileSync(new URL(name, FOLDER), page);
  }
}
