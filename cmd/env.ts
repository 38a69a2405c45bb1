import { type Environment, environment } from "../oci/environment.ts";
import { type Command, NONE } from "./command.ts";
import { escapeControls } from "./escape.ts";
import type { Option } from "./options.ts";
import { writeOut } from "./output.ts";
import { COMMIT, SPEC_VERSION, VERSION } from "./version.ts";

const OPTIONS = [
  { name: "json", help: "print one JSON object, for programs" },
] as const satisfies readonly Option[];

/** `davit env`: facts for a report of a fault. */
export const command: Command<typeof OPTIONS> = {
  summary: "print versions, paths and facts of the host, for a report",
  about:
    `Prints what a report of a fault should hold: versions, paths, and facts of this
host. "davit check" tries what works.`,
  arguments: NONE,
  options: OPTIONS,
  run({ options, runtime: { root } }) {
    const facts = environment({
      version: VERSION,
      commit: COMMIT,
      spec: SPEC_VERSION,
      root,
    });
    writeOut(
      options.json ? `${JSON.stringify(facts, null, 2)}\n` : envText(facts),
    );
    return 0;
  },
};

/** A line for each fact under its group. */
export function envText(facts: Environment): string {
  return Object.entries(facts).map(([group, list]) => {
    const lines = Object.entries(list as Record<string, unknown>).map((
      [name, value],
    ) => {
      const text = Array.isArray(value) ? value.join(" ") : `${value}`;
      return `  ${name.padEnd(13)} ${escapeControls(text)}`.trimEnd();
    });
    return `${group}\n${lines.join("\n")}\n`;
  }).join("\n");
}
