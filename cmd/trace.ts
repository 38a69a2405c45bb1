/**
 * The option `--trace` of commands that make, start or delete containers.
 *
 * @module
 */

import { close, type Fd, O, open } from "../ffi/fd.ts";
import { readBytes, readToEnd, writeText } from "../ffi/files.ts";
import { checked } from "../ffi/syscall.ts";
import { RuntimeError } from "../oci/errors.ts";
import type { Runtime } from "../oci/runtime.ts";
import { writeError } from "./output.ts";

/** The option, for a command's table. */
export const TRACE_OPTION = {
  name: "trace",
  value: "file",
  help:
    'write where the time went, as Perfetto opens it; "-": the slowest steps, on stderr',
} as const;

const MFD_CLOEXEC = 1;

/** What the trace, a file that is loaded on demand, needs of the kernel. */
const TOOLS = {
  openMemory(size: number): Fd {
    const fd = checked("memfd_create", "trace", "davit-trace", MFD_CLOEXEC);
    checked("ftruncate", "trace", fd, size);
    return fd as Fd;
  },
  openFile(path: string, size: number): Fd {
    const fd = open(path, O.RDWR | O.CREAT | O.EXCL, 0o600);
    checked("ftruncate", path, fd, size);
    return fd;
  },
  readAll: readToEnd,
  readFile(path: string): Uint8Array | undefined {
    try {
      return readBytes(path);
    } catch {
      return undefined;
    }
  },
  writeFile: (path: string, text: string) =>
    writeText(path, text, O.CREAT | O.TRUNC, 0o600),
  close,
};

/**
 * Runs a command with a trace, which is written whether it succeeds or not.
 *
 * @param file where to; "-" is a summary on stderr
 * @throws what `command` throws, or RuntimeError (system) when the file cannot
 * be written
 */
export async function withTrace(
  file: string,
  runtime: Runtime,
  command: (runtime: Runtime) => number | Promise<number>,
): Promise<number> {
  const { CommandTrace, traceJson, traceSummary } = await import(
    "../oci/trace.ts"
  );
  const trace = new CommandTrace(TOOLS);
  trace.phase("look at what is asked for");
  try {
    return await command({ ...runtime, trace });
  } finally {
    const events = trace.finish();
    if (file === "-") writeError(traceSummary(events));
    else writeTrace(file, traceJson(events, Deno.pid));
  }
}

function writeTrace(file: string, text: string): void {
  try {
    writeText(file, text, O.CREAT | O.TRUNC, 0o600);
  } catch (error) {
    throw new RuntimeError(
      "system",
      `Cannot write the trace: ${(error as Error).message}`,
      { cause: error },
    );
  }
}
