import { assertEquals } from "@std/assert";
import { describeValue, quote } from "./quote.ts";

Deno.test("quote() keeps a string on one harmless line", () => {
  assertEquals(quote("a b"), '"a b"');
  assertEquals(quote('"\n\0\x1b'), '"\\"\\n\\u0000\\u001b"');
  assertEquals(quote("\x9b\u2028\u202e"), '"\\u009b\\u2028\\u202e"');
  assertEquals(quote("x".repeat(100)), `"${"x".repeat(77)}..."`);
});

Deno.test("describeValue() says what was found", () => {
  for (
    const [value, text] of [
      [undefined, "nothing"],
      [null, "null"],
      ["a", '"a"'],
      [1.5, "1.5"],
      [2n ** 64n, "18446744073709551616"],
      [true, "true"],
      [[], "an empty array"],
      [[1], "an array"],
      [{}, "an object"],
    ] as const
  ) assertEquals(describeValue(value), text);
});
