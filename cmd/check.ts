import { checkForBundle } from "../oci/check/bundle.ts";
import { checkHost } from "../oci/check/host.ts";
import type { CheckRow } from "../oci/check/row.ts";
import type { Command } from "./command.ts";
import { escapeControls } from "./escape.ts";
import type { Option } from "./options.ts";
import { writeOut } from "./output.ts";

const OPTIONS = [
  { name: "json", help: "print one JSON array, for programs" },
] as const satisfies readonly Option[];

/** `davit check`: what of containers works on this host. */
export const command: Command<typeof OPTIONS> = {
  summary: "try whether this host can run containers, or one bundle",
  about:
    `Tries what containers need: system calls, each kind of namespace, cgroups, file
systems, ID-mapped mounts, seccomp, security modules, limits of the host and
programs. With a bundle: what that bundle needs. Each row says what was found,
what that means for containers and how to change it. What is made for a try is
gone afterwards. Nothing is guessed from version numbers.

The exit status is 1 when a plain container, or the bundle, cannot run here.`,
  arguments: {
    synopsis: "[bundle]",
    expected: "at most one bundle",
    min: 0,
    max: 1,
    id: false,
  },
  options: OPTIONS,
  run({ options, runtime: { root }, args: [bundle] }) {
    const rows = bundle === undefined
      ? checkHost(root)
      : checkForBundle(bundle, root);
    writeOut(
      options.json ? `${JSON.stringify(rows, null, 2)}\n` : checkText(rows),
    );
    return rows.some(({ verdict }) => verdict === "fails") ? 1 : 0;
  },
};

const MARKS = { works: "ok", limited: "limited", fails: "FAILS" };

/** A line for each row under its group; below, what to do about it. */
export function checkText(rows: readonly CheckRow[]): string {
  const lines: string[] = [];
  const column = Math.max(0, ...rows.map(({ what }) => what.length));
  let before = "";
  for (const { group, what, verdict, found, means, change } of rows) {
    if (group !== before) lines.push(...(before ? [""] : []), group);
    before = group;
    lines.push(
      `  ${MARKS[verdict].padEnd(8)} ${what.padEnd(column)}  ${found}`,
    );
    const indent = " ".repeat(column + 13);
    if (means !== "") lines.push(`${indent}means: ${means}`);
    if (change !== "") lines.push(`${indent}change: ${change}`);
  }
  const count = (wanted: CheckRow["verdict"]) =>
    rows.filter(({ verdict }) => verdict === wanted).length;
  lines.push(
    "",
    `${count("works")} work, ${count("limited")} limited, ${
      count("fails")
    } failed`,
  );
  return lines.map((line) => `${escapeControls(line.trimEnd())}\n`).join("");
}
