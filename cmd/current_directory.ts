import { RuntimeError } from "../oci/errors.ts";

/**
 * The directory that the command was called in.
 *
 * @throws RuntimeError (system) when it is gone, or its path is not UTF-8
 */
export function currentDirectory(): string {
  try {
    return Deno.cwd();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const hint = /UTF-8/.test(reason)
      ? "call from another one, or give absolute paths"
      : "it may be deleted: call from another one";
    throw new RuntimeError(
      "system",
      `Cannot find the current directory: ${reason}`,
      { hint, cause: error },
    );
  }
}
