import { RuntimeError } from "../oci/errors.ts";

/** What can be written to, such as `Deno.stdout`. */
export interface Sink {
  /** Writes some of the bytes; the result is how many. */
  writeSync(bytes: Uint8Array): number;
}

/**
 * Writes all of a text to stdout. A reader that is gone ends it silently, as
 * `davit list | head -1` wants.
 *
 * @throws RuntimeError (system) when the output cannot be written
 */
export function writeOut(text: string, sink: Sink = Deno.stdout): void {
  try {
    writeAll(sink, text);
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return;
    const reason = error instanceof Error ? error.message : String(error);
    throw new RuntimeError("system", `Cannot write to stdout: ${reason}`, {
      cause: error,
    });
  }
}

/** Writes all of a text to stderr; there is nobody to tell when it fails. */
export function writeError(text: string, sink: Sink = Deno.stderr): void {
  try {
    writeAll(sink, text);
  } catch {
    // the exit status still says it
  }
}

/**
 * Writes all of a text, however little is taken at a time. A full pipe that
 * does not block is an error: Deno.stdout may hold some of what it refused, so
 * that a second try would write it twice.
 */
export function writeAll(sink: Sink, text: string): void {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(sink.writeSync(bytes));
}
