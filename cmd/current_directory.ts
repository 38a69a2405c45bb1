import { RuntimeError } from "../oci/errors.ts";

/**
 * The directory that the command was called in.
 *
 * @throws RuntimeError (system) when it is gone
 */
export function currentDirectory(): string {
  try {
    return Deno.cwd();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RuntimeError(
      "system",
      `Cannot find the current directory: ${reason}`,
      { hint: "it may be deleted: call from another one", cause: error },
    );
  }
}
