/**
 * What a container's program reads from and writes to.
 *
 * @module
 */

import { close, type Fd, O, open } from "../ffi/fd.ts";
import { readToEnd } from "../ffi/files.ts";
import { checked } from "../ffi/syscall.ts";
import type { Stdio } from "../oci/runtime.ts";

/**
 * Where output goes: to this process's, nowhere, into memory from where it is
 * read when the program has ended, or to the end of a file.
 */
export type Output = "inherit" | "null" | "captured" | {
  readonly file: string;
};

/** What a program has as stdin, stdout and stderr. */
export interface StdioOptions {
  /**
   * What the program reads.
   * @default "null"
   */
  readonly stdin?: "inherit" | "null";
  /**
   * Where its output goes.
   * @default "inherit"
   */
  readonly stdout?: Output;
  /**
   * Where its messages go.
   * @default "inherit"
   */
  readonly stderr?: Output;
}

const MFD_CLOEXEC = 1, SEEK_SET = 0;

/** The descriptors for a program, and what it wrote. */
export class ProgramStdio implements Disposable {
  /** To be handed to the program. */
  readonly descriptors: Stdio;
  readonly #captured: { stdout?: Fd; stderr?: Fd } = {};
  readonly #own: Fd[] = [];

  /** Opens what is asked for. */
  constructor(options: StdioOptions) {
    const { stdin = "null", stdout = "inherit", stderr = "inherit" } = options;
    try {
      this.descriptors = [
        stdin === "inherit" ? 0 as Fd : this.#open("/dev/null", O.RDONLY),
        this.#output("stdout", stdout, 1 as Fd),
        this.#output("stderr", stderr, 2 as Fd),
      ];
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** What a captured stream holds by now; empty for one that is not. */
  text(stream: "stdout" | "stderr"): string {
    const fd = this.#captured[stream];
    if (fd === undefined) return "";
    // The program writes at the end that it shares with this descriptor.
    using file = new Opened(open(`/proc/self/fd/${fd}`, O.RDONLY));
    checked("lseek", stream, file.fd, 0, SEEK_SET);
    return new TextDecoder().decode(readToEnd(file.fd));
  }

  /** Lets go of the memory, and of files. */
  [Symbol.dispose](): void {
    for (const fd of this.#own.splice(0)) close(fd);
    delete this.#captured.stdout;
    delete this.#captured.stderr;
  }

  #output(stream: "stdout" | "stderr", output: Output, inherited: Fd): Fd {
    if (output === "inherit") return inherited;
    if (output === "null") return this.#open("/dev/null", O.WRONLY);
    if (output !== "captured") {
      const flags = O.WRONLY | O.CREAT | O.APPEND;
      return this.#open(output.file, flags, 0o600);
    }
    const fd = checked("memfd_create", stream, stream, MFD_CLOEXEC) as Fd;
    this.#own.push(fd);
    this.#captured[stream] = fd;
    return fd;
  }

  #open(path: string, flags: number, mode = 0): Fd {
    const fd = open(path, flags, mode);
    this.#own.push(fd);
    return fd;
  }
}

class Opened implements Disposable {
  constructor(readonly fd: Fd) {}
  [Symbol.dispose](): void {
    close(this.fd);
  }
}
