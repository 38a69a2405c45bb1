import type {
  CompletedOption,
  CompletionTable,
  ValueKind,
} from "./completion_table.ts";

/** The script for zsh, see zshcompsys(1). */
export function zsh({ options, commands }: CompletionTable): string {
  const list = commands.map(({ word, summary }) =>
    `    ${quoted(`${word}:${summary}`)}`
  );
  const cases = commands.map(({ word, options, argument }) => {
    const rest = argument === "id"
      ? "'*:container:_davit_ids'"
      : argument === "folder"
      ? "'*:bundle:_files -/'"
      : argument === "none"
      ? "'*:argument:'"
      : `'*:argument:(${argument.join(" ")})'`;
    return `    ${word})\n      _arguments -s ${
      specs(options, 8)
    } \\\n        ${rest}\n      ;;`;
  });
  return `#compdef davit
# zsh completion for davit; made by "davit completion zsh".

_davit_ids() {
  local -a ids
  ids=(\${(f)"$(davit list -q 2>/dev/null)"})
  compadd -a ids
}

_davit_commands() {
  local -a commands
  commands=(
${list.join("\n")}
    'help:show help for a command'
  )
  _describe command commands
}

_davit() {
  local context state state_descr line
  typeset -A opt_args
  _arguments -s -C ${specs(options, 4)} \\
    '1:command:_davit_commands' \\
    '*::argument:->argument' && return
  [[ $state == argument ]] || return
  case $words[1] in
    help) _davit_commands ;;
${cases.join("\n")}
  esac
}

_davit "$@"
`;
}

function specs(options: readonly CompletedOption[], indent: number): string {
  const actions: Record<ValueKind, string> = {
    folder: ":folder:_files -/",
    file: ":file:_files",
    word: ":value:",
  };
  return options.flatMap(({ names, value, help }) => {
    const text = help.replaceAll(/[[\]:\\]/g, "\\$&");
    const action = value === undefined ? "" : actions[value];
    return names.map((name) =>
      `\\\n${" ".repeat(indent)}${quoted(`*${name}[${text}]${action}`)}`
    );
  }).join(" ");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
