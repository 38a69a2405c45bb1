import { SyscallError } from "../ffi/error.ts";
import { Handle, O, open } from "../ffi/fd.ts";
import { type FileStatus, fstat, readToEnd, S, stat } from "../ffi/files.ts";
import { encodeText } from "../ffi/text.ts";
import { osText } from "./os_error.ts";
import { ConfigError, type Problem } from "./errors.ts";
import { JsonTextError, parseJson, toJson } from "./json_text.ts";
import { describeValue, quote } from "./quote.ts";
import type { Spec } from "./spec.ts";
import { validate, type ValidateOptions } from "./validate.ts";

/** Largest `config.json` that is read, in bytes. */
export const CONFIG_BYTES_MAX = 16 * 1024 * 1024;

/** A configuration that can be run, and what is odd about it. */
export interface Config {
  readonly spec: Spec;
  readonly warnings: readonly Problem[];
  /** The file's text, with every name as the specification has it. */
  readonly text: Uint8Array<ArrayBuffer>;
}

/**
 * Reads and checks the `config.json` of a bundle.
 *
 * @param file another file's path, from the bundle
 * @throws {ConfigError} the file cannot be read or is not JSON, or the
 * configuration is wrong or asks for what this version does not do; all of
 * its problems are listed
 */
export function readConfig(
  bundle: string,
  options: ValidateOptions = {},
  file = "config.json",
): Config {
  const path = file.startsWith("/")
    ? file
    : bundle.endsWith("/")
    ? `${bundle}${file}`
    : `${bundle}/${file}`;
  return checkConfig(path, readLimited(path), options);
}

/**
 * Checks the text of a configuration.
 *
 * @param path where it is from, for an error
 * @throws {ConfigError} as readConfig()
 */
export function checkConfig(
  path: string,
  text: Uint8Array<ArrayBuffer>,
  options: ValidateOptions = {},
): Config {
  const value = parseObject(path, text, options.strict);
  const { errors, warnings, renamed } = validate(value, options);
  if (errors.length > 0) throw new ConfigError(errors);
  const spec = value as unknown as Spec;
  return { spec, warnings, text: renamed ? encodeText(toJson(spec)) : text };
}

/**
 * Reads a file that holds one JSON object, as `parseJson()` gives it.
 *
 * @throws {ConfigError} no regular file, unreadable, larger than
 * `CONFIG_BYTES_MAX`, or not a JSON object
 */
export function readJsonFile(
  path: string,
  keepNull = false,
): Record<string, unknown> {
  return parseObject(path, readLimited(path), keepNull);
}

/**
 * The JSON object that a text is.
 *
 * @param path where it is from, for an error
 * @throws {ConfigError}
 */
export function parseObject(
  path: string,
  text: Uint8Array,
  keepNull = false,
): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseJson(text, keepNull);
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

function readLimited(path: string): Uint8Array<ArrayBuffer> {
  try {
    // Looked at before it is opened: opening a FIFO would wait for a writer,
    // and opening a device can have effects.
    const status = stat(path);
    if (typeof status !== "object") {
      throw new SyscallError("stat", status, path);
    }
    checkKind(path, status);
    using file = new Handle(open(path, O.RDONLY | O.NONBLOCK));
    const opened = fstat(file.fd);
    checkKind(path, opened);
    checkSize(path, opened.size);
    // One byte more, so that a file that has grown is noticed.
    const bytes = readToEnd(file.fd, CONFIG_BYTES_MAX + 1);
    checkSize(path, bytes.length);
    return bytes;
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw unreadable(path, osText(error), error);
  }
}

function checkKind(path: string, { mode }: FileStatus): void {
  const type = mode & S.IFMT;
  if (type === S.IFREG) return;
  const kind = type === S.IFDIR
    ? "a directory"
    : type === S.IFIFO
    ? "a FIFO"
    : type === S.IFSOCK
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
