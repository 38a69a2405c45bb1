import { assertEquals, assertThrows } from "@std/assert";
import { RuntimeError } from "../oci/errors.ts";
import { type Sink, writeAll, writeError, writeOut } from "./output.ts";

/** Takes at most `most` bytes a call. */
function slowSink(most: number): Sink & { text(): string } {
  const taken: number[] = [];
  return {
    writeSync(bytes) {
      const some = bytes.subarray(0, most);
      taken.push(...some);
      return some.length;
    },
    text: () => new TextDecoder().decode(new Uint8Array(taken)),
  };
}

function failingSink(error: Error): Sink {
  return {
    writeSync() {
      throw error;
    },
  };
}

Deno.test("writeAll() writes the whole text, however slowly", () => {
  const sink = slowSink(3);
  writeAll(sink, "größer als drei");
  assertEquals(sink.text(), "größer als drei");
});

Deno.test("writeOut() ends silently when the reader is gone", () => {
  writeOut("text", failingSink(new Deno.errors.BrokenPipe("gone")));
});

Deno.test("writeOut() says why output cannot be written", () => {
  const error = assertThrows(
    () => writeOut("text", failingSink(new Error("No space left on device"))),
    RuntimeError,
  );
  assertEquals(
    error.message,
    "Cannot write to stdout: No space left on device",
  );
});

Deno.test("writeError() never fails", () => {
  writeError("text", failingSink(new Error("No space left on device")));
});
