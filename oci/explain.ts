import { CgroupError } from "../cgroup/error.ts";
import { SyscallError } from "../ffi/error.ts";
import { LaunchEnded, LaunchError } from "../launch/error.ts";
import { MappingError } from "../mapping/mapping.ts";
import { type ErrorCode, RuntimeError } from "./errors.ts";
import { osText } from "./os_error.ts";

/**
 * Runs `work`; what it throws becomes an error for the user. Errors that no
 * one expects are bugs of ours and stay as they are.
 *
 * @param doing what it does, such as `create container "x"`
 * @throws {RuntimeError | SyscallError}
 */
export function explained<T>(doing: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw explain(doing, error);
  }
}

/** `error` as an error for the user, if it is one that may happen. */
export function explain(doing: string, error: unknown): unknown {
  if (error instanceof RuntimeError || error instanceof SyscallError) {
    return error;
  }
  const become = (code: ErrorCode, message: string) =>
    new RuntimeError(code, message, { cause: error });
  if (error instanceof CgroupError) return become(error.code, error.message);
  if (error instanceof LaunchEnded) return become("process", error.message);
  if (error instanceof MappingError) return become("system", error.message);
  if (error instanceof LaunchError) {
    const program = /^\/process\/args/.test(error.reason.pointer);
    return become(program ? "process" : "system", error.message);
  }
  // Deno's own file errors, and system errors that it has no class for.
  const isFileError = error instanceof Error &&
    / \(os error \d+\)/.test(error.message);
  if (isFileError) {
    const path = /: \w+ (?:path )?('.*')$/s.exec(error.message)?.[1];
    const about = path === undefined ? "" : ` ${path}`;
    return become("system", `Cannot ${doing}:${about} ${osText(error)}`);
  }
  return error;
}
