import { type BundleReport, checkBundle } from "../oci/bundle_check.ts";
import { type Problem, readablePointer } from "../oci/errors.ts";
import type { Command } from "./command.ts";
import { currentDirectory } from "./current_directory.ts";
import { escapeControls } from "./escape.ts";
import type { Option } from "./options.ts";
import { writeOut } from "./output.ts";

const OPTIONS = [
  {
    name: "strict",
    help: "take unknown properties, and null for none, for errors",
  },
  { name: "json", help: "print one JSON object, for programs" },
] as const satisfies readonly Option[];

/** `davit validate`: every problem of a bundle. */
export const command: Command<typeof OPTIONS> = {
  summary: "list every problem of a bundle",
  about:
    `Checks a bundle, the current directory if none is named: its config.json
against the OCI runtime specification for Linux, and the root file system, the
program, bind mounts, namespaces and hooks that it names against this host.
Nothing is changed. All problems are listed, each with the property that it is
about, what was found, what is allowed, and how to mend it.

The exit status is 0 without errors, whatever the warnings, and 1 with some.`,
  arguments: {
    synopsis: "[bundle]",
    expected: "at most one bundle",
    min: 0,
    max: 1,
    id: false,
  },
  options: OPTIONS,
  run({ options, args: [bundle = currentDirectory()] }) {
    const report = checkBundle(bundle, { strict: options.strict === true });
    writeOut(options.json ? reportJson(report) : reportText(report));
    return report.errors.length > 0 ? 1 : 0;
  },
};

/** One object: `bundle`, `valid`, and the problems as the checks give them. */
export function reportJson(report: BundleReport): string {
  const { bundle, errors, warnings } = report;
  const valid = errors.length === 0;
  return `${JSON.stringify({ bundle, valid, errors, warnings }, null, 2)}\n`;
}

/** A block for each problem, then a line that counts them. */
export function reportText({ errors, warnings }: BundleReport): string {
  const blocks = [
    ...errors.map((problem) => problemText("error", problem)),
    ...warnings.map((problem) => problemText("warning", problem)),
  ];
  const counted = [
    count(errors.length, "error"),
    count(warnings.length, "warning"),
  ].join(", ");
  const verdict = errors.length === 0 ? "valid" : "not valid";
  return `${blocks.join("")}${verdict}: ${counted}\n`;
}

function problemText(
  kind: "error" | "warning",
  { pointer, message, allowed, mend = allowed && `give ${allowed}` }: Problem,
): string {
  const place = readablePointer(pointer);
  const about = place === "" ? "" : `${place}: `;
  const lines = [`${kind}: ${about}${message}`];
  if (mend !== undefined) lines.push(`  mend: ${mend}`);
  return lines.map((line) => `${escapeControls(line)}\n`).join("");
}

function count(number: number, noun: string): string {
  return `${number || "no"} ${noun}${number === 1 ? "" : "s"}`;
}
