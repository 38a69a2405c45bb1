import { errnoName } from "../ffi/errno.ts";
import { SyscallError } from "../ffi/error.ts";
import { failureOf, pointerOf } from "../oci/cause_tools.ts";
import { RuntimeError } from "../oci/errors.ts";
import type { Logger } from "../oci/logger.ts";
import { calledName } from "./called_name.ts";
import { escapeControls } from "./escape.ts";
import { writeError } from "./output.ts";

/** Exit status of a command that failed, unless its error has another. */
const FAILURE = 1;

/**
 * Tells an error: one line on stderr and in the log. What is no error for the
 * user is a bug of ours; its trace is printed with `--debug` only.
 *
 * @param log the log, once it is open
 * @param command the command that failed, once it is known
 * @returns the exit status
 */
export async function report(
  error: unknown,
  log: Logger | undefined,
  debug: boolean,
  command?: string,
): Promise<number> {
  const bug = isBug(error);
  const line = bug && !debug
    ? `${describeError(error)} (run with --debug for the trace)`
    : await calledLine(error, command);
  if (log === undefined) writeError(`${escapeControls(line)}\n`);
  else log.error(line, errorFields(error));
  if (bug && debug) {
    const trace = error instanceof Error ? error.stack : undefined;
    if (trace !== undefined) writeError(`${trace}\n`);
  }
  return error instanceof RuntimeError ? error.status ?? FAILURE : FAILURE;
}

/** An error's line in the words of what Davit stands for. */
async function calledLine(error: unknown, command?: string): Promise<string> {
  const line = describeError(error);
  if (command === undefined || calledName() !== "runc") return line;
  const { runcLine } = await import("./runc_words.ts");
  const failure = failureOf(error);
  return runcLine(line, {
    command,
    kind: classOf(error),
    ...failure && { failure },
  });
}

/**
 * What engines may match in the place of words: an error's class and, where
 * the kernel or the configuration is behind it, `errno`, `step` and `pointer`.
 */
export function errorFields(error: unknown): Record<string, string> {
  const failure = failureOf(error);
  const pointer = pointerOf(error);
  return {
    class: classOf(error),
    ...failure && { errno: errnoName(failure.errno) },
    ...failure?.why && { step: failure.why },
    ...pointer && { pointer },
  };
}

function classOf(error: unknown): string {
  if (error instanceof RuntimeError) return error.code;
  return isBug(error) ? "bug" : "system";
}

/** An error's line, with what to do about it. */
export function describeError(error: unknown): string {
  if (error instanceof SuppressedError) {
    // Closing a resource failed as well; what was thrown first comes first.
    const first = describeError(error.suppressed);
    return `${first}; then, in cleaning up: ${describeError(error.error)}`;
  }
  if (error instanceof RuntimeError && error.hint !== undefined) {
    return `${error.message}; ${error.hint}`;
  }
  return isBug(error) ? `internal error: ${textOf(error)}` : textOf(error);
}

function isBug(error: unknown): boolean {
  if (error instanceof SuppressedError) {
    return isBug(error.suppressed) || isBug(error.error);
  }
  return !(error instanceof RuntimeError || error instanceof SyscallError);
}

function textOf(error: unknown): string {
  if (error instanceof Error) return error.message || error.name;
  try {
    return String(error);
  } catch {
    return "something was thrown that has no text";
  }
}
