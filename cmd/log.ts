import { RuntimeError } from "../oci/errors.ts";
import type { LogFields, Logger } from "../oci/logger.ts";
import { escapeControls } from "./escape.ts";
import { type Sink, writeAll, writeError } from "./output.ts";

/** How log lines are written, as in runc. */
export type LogFormat = "text" | "json";

/** What the command line says about the log. */
export interface LogOptions {
  /** Its path; without one the log goes to stderr. */
  readonly file: string | undefined;
  /** The format of the file; stderr always gets text. */
  readonly format: LogFormat;
  /** Whether debug messages, and `fields`, are written. */
  readonly debug: boolean;
  /** Whether nothing but errors is written. */
  readonly errorsOnly?: boolean;
  /** Fields of every line, as Kata's logger has them. */
  readonly fields: Record<string, unknown>;
}

/** The log of the command line. */
export interface Log extends Logger {
  /** Fields of every line with `--debug`; may be added to. */
  readonly fields: Record<string, unknown>;
}

/** Level names of logrus, the log library of runc and Kata. */
export type Level = "debug" | "info" | "warning" | "error";

/**
 * Opens the log. An error also goes to stderr, as its bare line; the rest goes
 * to the file, or to stderr where there is none, from level info (file) or
 * warning (stderr) upwards, with `debug` all of it.
 *
 * @throws RuntimeError (system) when the file cannot be opened
 */
export function openLog(options: LogOptions): Log {
  const { format, debug, errorsOnly = false, fields } = options;
  const file = options.file === undefined ? undefined : openFile(options.file);

  function entry(level: Level, message: string, own: LogFields = {}): void {
    const record = { ...(debug ? fields : {}), ...own };
    const now = new Date();
    if (file === undefined) {
      writeError(textLine(level, message, record, now));
      return;
    }
    const line = format === "json" ? jsonLine : textLine;
    try {
      writeAll(file, line(level, message, record, now));
    } catch {
      // A full disk must not stop a container from being killed.
    }
  }

  return {
    fields,
    debugs: debug,
    about(more) {
      Object.assign(fields, more);
    },
    debug(message, own) {
      if (debug) entry("debug", message, own);
    },
    info(message, own) {
      if (errorsOnly) return;
      if (debug || file !== undefined) entry("info", message, own);
    },
    warn(message, own) {
      if (!errorsOnly) entry("warning", message, own);
    },
    error(message, own) {
      writeError(`${escapeControls(message)}\n`);
      if (file !== undefined) entry("error", message, own);
    },
  };
}

/** A new file is its owner's only: messages hold paths and annotations. */
function openFile(path: string): Sink {
  try {
    return Deno.openSync(path, { append: true, create: true, mode: 0o600 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RuntimeError(
      "system",
      `Cannot open the log file "${path}": ${reason}`,
      { cause: error },
    );
  }
}

/** A line as logrus's TextFormatter writes it without colours. */
export function textLine(
  level: Level,
  message: string,
  fields: LogFields,
  now: Date,
): string {
  let line = `time="${timestamp(now)}" level=${level} msg=${quoted(message)}`;
  for (const [key, value] of entries(fields)) {
    line += ` ${key}=${quoted(plain(value))}`;
  }
  return `${line}\n`;
}

/** A line as logrus's JSONFormatter writes it: keys in their order. */
export function jsonLine(
  level: Level,
  message: string,
  fields: LogFields,
  now: Date,
): string {
  const all: [string, unknown][] = [
    ...entries(fields).map(([key, value]): [string, unknown] => [
      key,
      typeof value === "number" || typeof value === "boolean"
        ? value
        : plain(value),
    ]),
    ["level", level],
    ["msg", message],
    ["time", timestamp(now)],
  ];
  return `${JSON.stringify(Object.fromEntries(all.sort(byKey)))}\n`;
}

/** RFC 3339 in whole seconds, UTC. */
function timestamp(now: Date): string {
  return `${now.toISOString().slice(0, 19)}Z`;
}

/** Fields by name; those named as logrus's own are set apart, as it does. */
function entries(fields: LogFields): [string, unknown][] {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]): [string, unknown] =>
      /^(time|level|msg)$/.test(key) ? [`fields.${key}`, value] : [key, value]
    )
    .sort(byKey);
}

function byKey(a: [string, unknown], b: [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}

/** logrus quotes all but these, and leaves an empty value empty. */
function quoted(text: string): string {
  if (/^[A-Za-z0-9._/@^+-]*$/.test(text)) return text;
  return `"${escapeControls(text.replace(/["\\]/g, "\\$&"))}"`;
}

/** A value as text; whatever it is, a log line must not fail. */
function plain(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Error) return value.message;
  try {
    return typeof value === "object" ? JSON.stringify(value) : String(value);
  } catch {
    return "?";
  }
}
