import {
  type CompletedOption,
  type CompletionTable,
  type ValueKind,
  valueNames,
} from "./completion_table.ts";

/** The script for bash, see its manual, "Programmable Completion". */
export function bash({ options, commands }: CompletionTable): string {
  const words = commands.map(({ word }) => word).join(" ");
  const cases = commands.map(({ word, options, argument }) => {
    const rest = argument === "id"
      ? "_davit_ids"
      : argument === "folder"
      ? 'COMPREPLY=($(compgen -d -- "$word"))'
      : argument === "none"
      ? ":"
      : `COMPREPLY=($(compgen -W "${argument.join(" ")}" -- "$word"))`;
    return `    ${word})
${values(options)}
      if [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W "${names(options)}" -- "$word"))
      else
        ${rest}
      fi
      ;;`;
  });
  return `# bash completion for davit; made by "davit completion bash".

_davit_ids() {
  local given=() i
  for ((i = 1; i < COMP_CWORD; i++)); do
    [[ \${COMP_WORDS[i]} == --root ]] && given=(--root "\${COMP_WORDS[i + 1]}")
  done
  COMPREPLY=($(compgen -W "$(davit "\${given[@]}" list -q 2>/dev/null)" -- "$word"))
}

_davit() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} command= i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      ${valueNames(options).join("|")}) ((i++)) ;;
      -*) ;;
      *) command=\${COMP_WORDS[i]}; break ;;
    esac
  done
  case $command in
    "")
${values(options)}
      if [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W "${names(options)}" -- "$word"))
      else
        COMPREPLY=($(compgen -W "${words} help" -- "$word"))
      fi
      ;;
    help) COMPREPLY=($(compgen -W "${words}" -- "$word")) ;;
${cases.join("\n")}
  esac
}

complete -o filenames -F _davit davit
`;
}

function names(options: readonly CompletedOption[]): string {
  return options.flatMap(({ names }) => names).join(" ");
}

/** Completes what comes behind an option that takes a value. */
function values(options: readonly CompletedOption[]): string {
  const compgen: Record<ValueKind, string> = {
    folder: 'COMPREPLY=($(compgen -d -- "$word")); return',
    file: 'COMPREPLY=($(compgen -f -- "$word")); return',
    word: "return",
  };
  const kinds: ValueKind[] = ["folder", "file", "word"];
  const lines = kinds.flatMap((kind) => {
    const of = options.filter(({ value }) => value === kind);
    if (of.length === 0) return [];
    const patterns = of.flatMap(({ names }) => names).join("|");
    return [`        ${patterns}) ${compgen[kind]} ;;`];
  });
  if (lines.length === 0) return "      # no option of it takes a value";
  return `      case $before in\n${lines.join("\n")}\n      esac`;
}
