/**
 * Writing an executable.
 *
 * @module
 */

import { SyscallError } from "../ffi/error.ts";
import { close, O, open, write } from "../ffi/fd.ts";
import { rename, unlink } from "../ffi/files.ts";
import { RuntimeError } from "./errors.ts";
import { osText } from "./os_error.ts";
import { quote } from "./quote.ts";

/**
 * Writes an executable file, whole or not at all; an old one is replaced.
 * @throws {RuntimeError} system
 */
export function writeProgram(
  path: string,
  program: Uint8Array<ArrayBuffer>,
): void {
  const partial = `${path}.${Deno.pid}`;
  try {
    const file = open(partial, O.WRONLY | O.CREAT | O.EXCL, 0o755);
    try {
      write(file, program);
    } finally {
      close(file);
    }
    const errno = rename(partial, path);
    if (errno !== 0) throw new SyscallError("rename", errno, path);
  } catch (error) {
    unlink(partial);
    throw new RuntimeError(
      "system",
      `Cannot write ${quote(path)}: ${osText(error)}`,
      { cause: error },
    );
  }
}
