import { E, errnoText } from "../ffi/errno.ts";
import { stat } from "../ffi/files.ts";
import { list } from "../oci/container_info.ts";
import { RuntimeError } from "../oci/errors.ts";
import { quote } from "../oci/quote.ts";
import type { StateReport } from "../oci/runtime.ts";
import { type Command, NONE } from "./command.ts";
import { escapeControls } from "./escape.ts";
import { stateRoot } from "./global_options.ts";
import { type Option, usageError } from "./options.ts";
import { orderedState } from "./ordered_state.ts";
import { writeOut } from "./output.ts";

const OPTIONS = [
  {
    name: "format",
    short: "f",
    value: "format",
    help: 'table or json (default: "table")',
  },
  { name: "quiet", short: "q", help: "print only the IDs" },
] as const satisfies readonly Option[];

const HEADER = ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"];
/** The column behind runc's own, where there are pods. */
const SANDBOX = "SANDBOX";
/** runc's table: a column's least width, and the space after its widest. */
const MIN_WIDTH = 12, PADDING = 3;

/** `davit list`: the containers of one state root. */
export const command: Command<typeof OPTIONS> = {
  summary: "list the containers",
  about:
    `Lists the containers whose state is under the root that the global option "
--root" names. The JSON is one line: an array of states, or null for none.

Where containers of pods are among them, the table has one more column at its
end, SANDBOX, and the JSON of such a container a field "sandbox".`,
  arguments: NONE,
  options: OPTIONS,
  run({ runtime, options }) {
    const format = options.format ?? "table";
    if (format !== "table" && format !== "json") {
      throw usageError(
        "davit list",
        `invalid format option: "${format}": expected table or json`,
      );
    }
    checkRoot(runtime.root);
    const reports = list(runtime);
    if (options.quiet) {
      writeOut(reports.map(({ id }) => `${id}\n`).join(""));
    } else if (format === "json") writeOut(`${listJson(reports)}\n`);
    else writeOut(listTable(reports));
    return 0;
  },
};

/**
 * The default root is made with the first container; another one that is not
 * there is a mistake, as in runc.
 */
function checkRoot(root: string): void {
  if (root === stateRoot(undefined)) return;
  const status = stat(root);
  if (status !== E.ENOENT) return;
  throw new RuntimeError(
    "usage",
    `Cannot list the containers of --root ${quote(root)}: ${errnoText(status)}`,
  );
}

/** An array on one line; runc has null, not [], for no containers. */
export function listJson(reports: readonly StateReport[]): string {
  return JSON.stringify(
    reports.length === 0 ? null : reports.map(orderedState),
  );
}

/** One container a line, in columns as wide as their widest cell asks for. */
export function listTable(reports: readonly StateReport[]): string {
  const pods = reports.some(({ sandbox }) => sandbox !== undefined);
  const header = pods ? [...HEADER, SANDBOX] : HEADER;
  const rows: (readonly string[])[] = [header];
  for (const { id, pid, status, bundle, created, owner, sandbox } of reports) {
    const cells = [id, String(pid), status, bundle, created, owner];
    if (pods) cells.push(sandbox ?? id);
    rows.push(cells.map(escapeControls));
  }
  const widths = header.map((_, column) =>
    Math.max(
      MIN_WIDTH,
      ...rows.map((row) => widthOf(row[column] ?? "") + PADDING),
    )
  );
  return rows.map((row) =>
    row.map((cell, column) =>
      column === row.length - 1
        ? `${cell}\n`
        : cell + " ".repeat((widths[column] ?? 0) - widthOf(cell))
    ).join("")
  ).join("");
}

/** In characters, as Go's tabwriter counts. */
function widthOf(text: string): number {
  return [...text].length;
}
