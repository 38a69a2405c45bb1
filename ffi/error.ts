import { errnoName, errnoText } from "./errno.ts";

/** A system call that failed: which, on what, and why. */
export class SyscallError extends Error {
  /** The class's name, for logs. */
  override readonly name = "SyscallError";
  /** The call, such as `openat2`. */
  readonly call: string;
  /** The error number, such as 2. */
  readonly errno: number;
  /** The error number's name, such as `ENOENT`. */
  readonly code: string;
  /** The error number's text, such as `No such file or directory`. */
  readonly text: string;
  /** What the call worked on: a path, an ID, or empty. */
  readonly subject: string;

  /**
   * @param call the call's name
   * @param errno its error number, positive
   * @param subject what it worked on; empty for nothing that has a name
   */
  constructor(call: string, errno: number, subject = "") {
    const text = errnoText(errno);
    super(subject ? `${call} "${subject}": ${text}` : `${call}: ${text}`);
    this.call = call;
    this.errno = errno;
    this.code = errnoName(errno);
    this.text = text;
    this.subject = subject;
  }
}
