import { assertEquals } from "@std/assert";
import { silent } from "./logger.ts";

Deno.test("silent takes every level and returns nothing", () => {
  for (const level of ["debug", "info", "warn", "error"] as const) {
    assertEquals(silent[level]("text", { a: 1 }), undefined);
  }
});
