/** Extra facts of a log line, written as further fields of its record. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Where the runtime's rooms report to. Nothing here writes: the command line
 * decides on the file, the format and the level.
 */
export interface Logger {
  /** Whether debug messages are written; absent: no. */
  readonly debugs?: boolean;
  /** Adds facts to every line from now on, as Kata's logger has them. */
  about?(fields: LogFields): void;
  /** What helps to find a fault; only written with `--debug`. */
  debug(message: string, fields?: LogFields): void;
  /** What happened. */
  info(message: string, fields?: LogFields): void;
  /** What was left out or done otherwise than asked. */
  warn(message: string, fields?: LogFields): void;
  /** Why the command fails. */
  error(message: string, fields?: LogFields): void;
}

function ignore(): void {}

/** A logger that drops everything. */
export const silent: Logger = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
};
