import { assertEquals } from "@std/assert";
import { criuErrors, tailOf } from "./log_tail.ts";

Deno.test("tailOf() quotes the last errors on one line", () => {
  assertEquals(
    tailOf(`(00.001) Version: 4.2
(00.002) Error (criu/a.c:1): first
(00.003) Error (criu/a.c:2): second
(00.004) going on
(00.005) Error (criu/a.c:3): third
(00.006) Error (criu/a.c:4): fourth
`),
    "Error (criu/a.c:2): second | Error (criu/a.c:3): third | Error (criu/a.c:4): fourth",
  );
});

Deno.test("tailOf() quotes the last lines where none is an error", () => {
  assertEquals(tailOf("a\n\n(00.1) b\n"), "a | b");
  assertEquals(tailOf(""), "");
});

Deno.test("criuErrors() has nothing to say without a log", () => {
  assertEquals(criuErrors("/none/dump.log"), "");
});
