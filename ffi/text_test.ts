import { assertEquals } from "@std/assert";
import { byteLength, encodeText } from "./text.ts";

Deno.test("encodeText() gives what TextEncoder does", () => {
  for (const text of ["", "a\0b", "ü€𝄞", "\ud834", "x".repeat(5000) + "€"]) {
    const expected = new TextEncoder().encode(text);
    assertEquals(encodeText(text), expected);
    assertEquals(byteLength(text), expected.length);
  }
});
