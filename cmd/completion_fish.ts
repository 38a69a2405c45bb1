import type { CompletedOption, CompletionTable } from "./completion_table.ts";

/** The script for fish, see its manual, "complete". */
export function fish({ options, commands }: CompletionTable): string {
  const words = commands.map(({ word }) => word);
  const lines = [
    '# fish completion for davit; made by "davit completion fish".',
    "",
    "function __davit_command",
    `  __fish_seen_subcommand_from ${words.join(" ")} help`,
    "end",
    "",
    "complete -c davit -f",
    ...options.map((option) => line("not __davit_command", option)),
    ...commands.map(({ word, summary }) =>
      `complete -c davit -n 'not __davit_command' -a ${word} -d ${
        quoted(summary)
      }`
    ),
    "complete -c davit -n '__fish_seen_subcommand_from help' -a " +
    quoted(words.join(" ")),
  ];
  for (const { word, options, argument } of commands) {
    const when = `__fish_seen_subcommand_from ${word}`;
    lines.push(...options.map((option) => line(when, option)));
    if (argument === "id") {
      lines.push(
        `complete -c davit -n '${when}' -a '(davit list -q 2>/dev/null)'`,
      );
    } else if (argument === "folder") {
      lines.push(
        `complete -c davit -n '${when}' -a '(__fish_complete_directories)'`,
      );
    } else if (argument !== "none") {
      const all = argument.join(" ");
      lines.push(`complete -c davit -n '${when}' -a '${all}'`);
    }
  }
  return lines.map((text) => `${text}\n`).join("");
}

function line(when: string, { names, value, help }: CompletedOption): string {
  const flags = names.map((name) =>
    name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`
  );
  const takes = value === undefined
    ? ""
    : value === "file"
    ? " -r -F"
    : value === "folder"
    ? " -r -a '(__fish_complete_directories)'"
    : " -x";
  return `complete -c davit -n '${when}' ${flags.join(" ")}${takes} -d ${
    quoted(help)
  }`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
