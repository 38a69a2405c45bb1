import { assertEquals } from "@std/assert";
import { escapeControls } from "./escape.ts";

Deno.test("escapeControls() leaves what prints", () => {
  for (const text of ["", 'plain "text" \\ ~', "größe 日本 e\u0301 €"]) {
    assertEquals(escapeControls(text), text);
  }
});

Deno.test("escapeControls() escapes what does not", () => {
  assertEquals(escapeControls("a\nb\r\t\x07\v"), "a\\nb\\r\\t\\a\\v");
  assertEquals(escapeControls("\x1b[2J\x7f\x00"), "\\x1b[2J\\x7f\\x00");
  assertEquals(
    escapeControls("\x9b \u2028 \u202e \u{e0001}"),
    "\\u009b \\u2028 \\u202e \\U000e0001",
  );
  assertEquals(escapeControls("\ud800"), "\\ud800");
});
