import { assert, assertEquals } from "@std/assert";
import {
  ConfigError,
  type Problem,
  readablePointer,
  RuntimeError,
} from "./errors.ts";

function problem(pointer: string, message: string): Problem {
  return { pointer, found: "5", message };
}

Deno.test("RuntimeError carries code, hint and cause", () => {
  const cause = new Error("why");
  const error = new RuntimeError("state", "no", { hint: "wait", cause });
  assertEquals(error.code, "state");
  assertEquals(error.hint, "wait");
  assertEquals(error.cause, cause);
  assert(!("hint" in new RuntimeError("state", "no")));
});

Deno.test("ConfigError names one problem", () => {
  const error = new ConfigError([
    problem("/process/args/0", "expected a string, found 5"),
  ]);
  assertEquals(error.code, "config");
  assertEquals(
    error.message,
    "config.json: process.args[0]: expected a string, found 5",
  );
  assertEquals(error.problems[0]?.pointer, "/process/args/0");
});

Deno.test("ConfigError lists several problems on one line", () => {
  const error = new ConfigError([
    problem("/a", "one"),
    problem("/b", "two"),
    problem("/c", "three"),
  ]);
  assertEquals(
    error.message,
    "config.json: a: one (and 2 more problems: b: two; c: three)",
  );
  const two = new ConfigError([problem("/a", "one"), problem("", "two")]);
  assertEquals(two.message, "config.json: a: one (and 1 more problem: two)");
});

Deno.test("ConfigError stays readable with very many problems", () => {
  const many = Array.from(
    { length: 50_000 },
    (_, i) => problem(`/mounts/${i}`, "expected an object, found 5"),
  );
  const { message } = new ConfigError(many);
  assert(message.length < 51_000);
  const listed = message.match(/mounts\[/g)?.length ?? 0;
  assert(listed > 500, `${listed} are listed`);
  assert(!message.includes("\n"));
  assert(/; \.\.\. [0-9]+ left out\)$/.test(message), message.slice(-60));
});

Deno.test("readablePointer() writes a JSON pointer as people do", () => {
  for (
    const [pointer, text] of [
      ["", ""],
      ["/process/args/0", "process.args[0]"],
      ["/0/a", "[0].a"],
      [
        "/linux/sysctl/net.core.somaxconn",
        'linux.sysctl["net.core.somaxconn"]',
      ],
      ["/a/b~1c~0d", 'a["b/c~d"]'],
      ["/a/x\ny", 'a["x\\ny"]'],
    ] as const
  ) assertEquals(readablePointer(pointer), text);
});
