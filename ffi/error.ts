import { errnoName, errnoText } from "./errno.ts";

/** A system call that failed: which, on what, and why. */
export class SyscallError extends Error {
  /** The class's name, for logs. */
  override readonly name = "SyscallError";

  /**
   * @param call the call, such as `openat2`
   * @param errno its error number, such as 2
   * @param subject what it worked on: a path, an ID, or empty
   */
  constructor(
    readonly call: string,
    readonly errno: number,
    readonly subject = "",
  ) {
    const text = errnoText(errno);
    super(subject ? `${call} "${subject}": ${text}` : `${call}: ${text}`);
  }

  /** The error number's name, such as `ENOENT`. */
  get code(): string {
    return errnoName(this.errno);
  }

  /** The error number's text, such as `No such file or directory`. */
  get text(): string {
    return errnoText(this.errno);
  }
}
