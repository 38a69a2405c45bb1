import { quote } from "./quote.ts";

/**
 * What kind of failure an error is, for callers that choose by it:
 * - `usage`: wrong arguments on the command line
 * - `config`: the bundle's `config.json` is not usable
 * - `not-found`: no such container
 * - `exists`: the ID is in use
 * - `state`: the container's status does not allow the operation
 * - `process`: the container's process failed
 * - `system`: the host refused or lacks something
 * - `unsupported`: asked for something that this version does not do
 */
export type ErrorCode =
  | "usage"
  | "config"
  | "not-found"
  | "exists"
  | "state"
  | "process"
  | "system"
  | "unsupported";

/** An error for the user, of which the message is one clear line. */
export class RuntimeError extends Error {
  /** What kind of failure this is. */
  readonly code: ErrorCode;
  /** What to do about it, where there is something to say. */
  declare readonly hint?: string;
  /** The exit status of the command, where it is not 1. */
  declare readonly status?: number;

  /** Makes the error; what is absent of the options is left out. */
  constructor(
    code: ErrorCode,
    message: string,
    options: { hint?: string; cause?: unknown; status?: number } = {},
  ) {
    super(
      message,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = "RuntimeError";
    this.code = code;
    if (options.hint !== undefined) this.hint = options.hint;
    if (options.status !== undefined) this.status = options.status;
  }

  /** The same error with what to do about it. */
  withHint(hint: string): RuntimeError {
    const { cause, code, message, status } = this;
    return new RuntimeError(code, message, {
      hint,
      ...cause !== undefined && { cause },
      ...status !== undefined && { status },
    });
  }
}

/** One thing that is wrong, or odd, in a `config.json`. */
export interface Problem {
  /** JSON pointer (RFC 6901), such as `/process/args/0`; "" is the whole. */
  readonly pointer: string;
  /** The value found there, shortened, such as `5` or `nothing`. */
  readonly found: string;
  /** What is wrong, and what is allowed. */
  readonly message: string;
  /** What is allowed there, where that is said in a few words. */
  readonly allowed?: string;
  /** What to do about it, where there is one thing to do. */
  readonly mend?: string;
}

/** Longest text that is made of several problems, in UTF-16 units. */
const MAX_LIST = 50_000;

/** A `config.json` that cannot be used; its message names every problem. */
export class ConfigError extends RuntimeError {
  /** All problems found, in the order of the file's schema. */
  readonly problems: readonly Problem[];

  /**
   * Makes the error. `message` is for failures outside the document, such as
   * an unreadable file; without it, it is made of the problems.
   */
  constructor(
    problems: readonly Problem[],
    options: { message?: string; hint?: string; cause?: unknown } = {},
  ) {
    super("config", options.message ?? describeProblems(problems), options);
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/**
 * A JSON pointer as people write it: `/process/args/0` becomes
 * `process.args[0]`, and names that are no identifiers are quoted:
 * `linux.sysctl["net.core.somaxconn"]`.
 */
export function readablePointer(pointer: string): string {
  let text = "";
  for (const part of pointer.split("/").slice(1)) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (/^(0|[1-9][0-9]*)$/.test(name)) text += `[${name}]`;
    else if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      text += `[${quote(name)}]`;
    } else text += text === "" ? name : `.${name}`;
  }
  return text;
}

/** One problem as text: `process.args[0]: expected a string, found 5`. */
export function describeProblem(problem: Problem): string {
  const { message, pointer } = problem;
  const place = readablePointer(pointer);
  // In runc's words.
  const policy = /^\/linux\/memoryPolicy\/(mode|flag|node)/.exec(pointer)?.[1];
  const about = policy === undefined ? "" : `invalid memory policy ${policy}: `;
  return place === "" ? message : `${place}: ${about}${message}`;
}

function describeProblems(problems: readonly Problem[]): string {
  const [first, ...others] = problems.map(describeProblem);
  if (first === undefined) return "config.json: not usable";
  if (others.length === 0) return `config.json: ${first}`;
  let list = "";
  for (const [index, text] of others.entries()) {
    if (list.length + text.length > MAX_LIST) {
      const left = others.length - index;
      list += list === "" ? text.slice(0, MAX_LIST) : `; ... ${left} left out`;
      break;
    }
    list += list === "" ? text : `; ${text}`;
  }
  const noun = others.length === 1 ? "problem" : "problems";
  return `config.json: ${first} (and ${others.length} more ${noun}: ${list})`;
}
