import { ConfigError, type Problem } from "./errors.ts";
import { JsonTextError, parseJson } from "./json_text.ts";
import { describeValue, quote } from "./quote.ts";
import type { Spec } from "./spec.ts";
import { checkSupported } from "./supported.ts";
import { validate, type ValidateOptions } from "./validate.ts";

/** Largest `config.json` that is read, in bytes. */
export const CONFIG_BYTES_MAX = 16 * 1024 * 1024;

/** A configuration that can be run, and what is odd about it. */
export interface Config {
  readonly spec: Spec;
  readonly warnings: readonly Problem[];
}

/**
 * Reads and checks the `config.json` of a bundle.
 *
 * @throws {ConfigError} the file cannot be read or is not JSON, or the
 * configuration is wrong or asks for what this version does not do; all of
 * its problems are listed
 */
export function readConfig(
  bundle: string,
  options: ValidateOptions = {},
): Config {
  const path = bundle.endsWith("/")
    ? `${bundle}config.json`
    : `${bundle}/config.json`;
  const value = readJsonFile(path);
  const { errors, warnings } = validate(value, options);
  const problems = [...errors, ...checkSupported(value)];
  if (problems.length > 0) throw new ConfigError(problems);
  return { spec: value as unknown as Spec, warnings };
}

/**
 * Reads a file that holds one JSON object, as `parseJson()` gives it.
 *
 * @throws {ConfigError} no regular file, unreadable, larger than
 * `CONFIG_BYTES_MAX`, or not a JSON object
 */
export function readJsonFile(path: string): Record<string, unknown> {
  const bytes = readLimited(path);
  let value: unknown;
  try {
    value = parseJson(bytes);
  } catch (error) {
    if (!(error instanceof JsonTextError)) throw error;
    throw unreadable(path, error.message, error);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const found = describeValue(value);
    throw unreadable(path, `expected a JSON object, found ${found}`);
  }
  return value as Record<string, unknown>;
}

function readLimited(path: string): Uint8Array {
  try {
    // Looked at before it is opened: opening a FIFO would wait for a writer,
    // and opening a device can have effects.
    checkKind(path, Deno.statSync(path));
    using file = Deno.openSync(path);
    const stat = file.statSync();
    checkKind(path, stat);
    checkSize(path, stat.size);
    return readWhole(path, file, stat.size);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw unreadable(path, osErrorText(error), error);
  }
}

function readWhole(
  path: string,
  file: Deno.FsFile,
  size: number,
): Uint8Array {
  // One byte more than the size, so that a grown file is noticed.
  let buffer = new Uint8Array(size + 1);
  let length = 0;
  while (true) {
    const count = file.readSync(buffer.subarray(length));
    if (count === null) return buffer.subarray(0, length);
    length += count;
    checkSize(path, length);
    if (length === buffer.length) {
      const larger = new Uint8Array(length * 2);
      larger.set(buffer);
      buffer = larger;
    }
  }
}

function checkKind(path: string, stat: Deno.FileInfo): void {
  if (stat.isFile) return;
  const kind = stat.isDirectory
    ? "a directory"
    : stat.isFifo
    ? "a FIFO"
    : stat.isSocket
    ? "a socket"
    : "a device";
  throw unreadable(path, `it is ${kind}, it should be a regular file`);
}

function checkSize(path: string, size: number): void {
  if (size <= CONFIG_BYTES_MAX) return;
  throw unreadable(
    path,
    `it has ${size} bytes, the limit is ${CONFIG_BYTES_MAX}`,
  );
}

function unreadable(path: string, why: string, cause?: unknown): ConfigError {
  const message = `Cannot read ${quote(path)}: ${why}`;
  return new ConfigError([], { message, cause });
}

/** The system's text in a message of Deno, "TEXT (os error N): call ...". */
function osErrorText(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const text = /^(.*?) \(os error [0-9]+\)/s.exec(message)?.[1] ?? message;
  return text.replaceAll(/\s+/g, " ");
}
