import { readText } from "../../ffi/files.ts";

/** How many lines of a log an error quotes. */
const QUOTED = 3;

/**
 * The end of what criu's log says of errors, on one line; empty when there is
 * no log or it says nothing.
 *
 * @param path the log's path
 */
export function criuErrors(path: string): string {
  let text: string;
  try {
    text = readText(path);
  } catch {
    return "";
  }
  return tailOf(text);
}

/** The last errors of a log, without their time stamps. */
export function tailOf(text: string): string {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const errors = lines.filter((line) => /\bError\b/.test(line));
  const shown = errors.length > 0 ? errors : lines;
  return shown.slice(-QUOTED)
    .map((line) => line.replace(/^\(\d+\.\d+\)\s*/, "").trim())
    .join(" | ");
}
