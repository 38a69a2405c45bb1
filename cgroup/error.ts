import { SyscallError } from "../ffi/error.ts";

/**
 * What kind of failure a CgroupError is, in the words of the runtime's own
 * errors: `config` (config.json asks for what cannot be), `state` (the cgroup
 * is in use), `system` (the host refused or lacks something) or `unsupported`
 * (this version does not do it).
 */
export type CgroupErrorCode = "config" | "state" | "system" | "unsupported";

/** A failure of cgroups, of which the message is one clear line. */
export class CgroupError extends Error {
  /** The class's name, for logs. */
  override readonly name = "CgroupError";
  /** What kind of failure this is. */
  readonly code: CgroupErrorCode;
  /** JSON pointer of the property that cannot be had; "" for none. */
  readonly pointer: string;

  /** Makes the error; `cause` is the file system's error behind it. */
  constructor(
    code: CgroupErrorCode,
    message: string,
    cause?: unknown,
    pointer = "",
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.pointer = pointer;
  }
}

/** The name of the error number behind a file error, such as `EBUSY`, or "". */
export function osCode(error: unknown): string {
  if (!(error instanceof Error) || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}

/** The text of a file error as strerror(3) has it, without path and number. */
export function osText(error: unknown): string {
  if (error instanceof SyscallError) return error.text;
  return error instanceof Error ? error.message : String(error);
}

/** The error of a cgroup that does not become empty. */
export function stillUsed(
  verb: "kill" | "remove",
  directories: readonly string[],
  pids: readonly number[],
): CgroupError {
  const shown = [...new Set(pids)].slice(0, 10).join(", ");
  const where = directories[0] ?? "";
  const what = verb === "kill"
    ? `Cannot kill every process of cgroup "${where}"`
    : `Cannot remove cgroup "${where}"`;
  const found = shown === ""
    ? "it stays in use without a process"
    : `processes ${shown} stay in it`;
  return new CgroupError("state", `${what}: ${found}`);
}
