import { assertEquals, assertMatch } from "@std/assert";
import { SyscallError } from "../ffi/error.ts";
import { RuntimeError } from "../oci/errors.ts";
import { silent } from "../oci/logger.ts";
import { capture } from "./captured_output.ts";
import { describeError, report } from "./report.ts";

Deno.test("describeError() gives errors for the user as they are", () => {
  assertEquals(
    describeError(new RuntimeError("state", "container not running")),
    "container not running",
  );
  assertEquals(
    describeError(new RuntimeError("exists", "in use", { hint: "delete it" })),
    "in use; delete it",
  );
  assertEquals(
    describeError(new SyscallError("openat2", 2, "/b")),
    'openat2 "/b": No such file or directory',
  );
});

Deno.test("describeError() calls the rest a bug", () => {
  assertEquals(describeError(new TypeError("no")), "internal error: no");
  assertEquals(describeError(new RangeError()), "internal error: RangeError");
  assertEquals(describeError("text"), "internal error: text");
  assertEquals(
    describeError(Object.create(null)),
    "internal error: something was thrown that has no text",
  );
});

Deno.test("describeError() tells the first of two errors first", () => {
  const first = new RuntimeError("process", "exec failed");
  const second = new SyscallError("close", 5);
  assertEquals(
    describeError(new SuppressedError(second, first)),
    "exec failed; then, in cleaning up: close: Input/output error",
  );
});

Deno.test("report() prints one line without control characters", async () => {
  const error = new RuntimeError("config", 'bad "a\nb\x1b[2J"');
  const { result, stdout, stderr } = await capture(() =>
    report(error, undefined, true)
  );
  assertEquals(result, 1);
  assertEquals(stdout, "");
  assertEquals(stderr, 'bad "a\\nb\\x1b[2J"\n');
});

Deno.test("report() leaves stderr to the log once it is open", async () => {
  const lines: string[] = [];
  const log = { ...silent, error: (line: string) => void lines.push(line) };
  const { stderr } = await capture(() => report(new Error("no"), log, false));
  assertEquals(stderr, "");
  assertEquals(lines, [
    "internal error: no (run with --debug for the trace)",
  ]);
});

Deno.test("report() prints a bug's trace with --debug", async () => {
  const { stderr } = await capture(() =>
    report(new TypeError("no"), undefined, true)
  );
  assertMatch(stderr, /^internal error: no\nTypeError: no\n +at /);
});
