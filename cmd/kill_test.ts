import { assertEquals, assertThrows } from "@std/assert";
import { RuntimeError } from "../oci/errors.ts";
import { parseSignal } from "./kill.ts";

Deno.test("parseSignal() takes names and numbers", () => {
  for (const text of ["TERM", "SIGTERM", "term", "SigTerm", "15"]) {
    assertEquals(parseSignal(text), 15);
  }
  assertEquals(parseSignal("0"), 0);
});

Deno.test("parseSignal() names a signal that there is not", () => {
  for (const text of ["FOO", "", "65", "-9", "9x", "SIG"]) {
    assertThrows(
      () => parseSignal(text),
      RuntimeError,
      `davit kill: unknown signal "${text}": expected`,
    );
  }
});
