import { assertEquals } from "@std/assert";
import { parseDuration } from "./duration.ts";

Deno.test("parseDuration() takes times as Go writes them", () => {
  const table: Record<string, number | undefined> = {
    "5s": 5000,
    "100ms": 100,
    "1m30s": 90_000,
    "1.5h": 5_400_000,
    ".5s": 500,
    "1.s": 1000,
    "250us": 0.25,
    "0": 0,
    "-1s": -1000,
    "1h0m1s": 3_601_000,
    "": undefined,
    "5": undefined,
    "s": undefined,
    "5 s": undefined,
    "1d": undefined,
    ".s": undefined,
    "1s2": undefined,
  };
  for (const [text, milliseconds] of Object.entries(table)) {
    assertEquals(parseDuration(text), milliseconds, text);
  }
});
