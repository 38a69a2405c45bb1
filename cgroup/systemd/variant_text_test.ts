import { assertEquals, assertThrows } from "@std/assert";
import { parseVariant } from "./variant_text.ts";
import type { Value } from "./wire.ts";

for (
  const [text, type, value] of [
    ["true", "b", true],
    [" false ", "b", false],
    ["5", "i", 5],
    ["-5", "i", -5],
    ["0x1f", "i", 31],
    ["010", "i", 8],
    ["byte 255", "y", 255],
    ["int16 -32768", "n", -32768],
    ["uint16 65535", "q", 65535],
    ["int32 1", "i", 1],
    ["uint32 4294967295", "u", 4294967295],
    ["int64 -9223372036854775808", "x", -(2n ** 63n)],
    ["uint64 18446744073709551615", "t", 2n ** 64n - 1n],
    ["double 1.5", "d", 1.5],
    ["boolean true", "b", true],
    ["'text'", "s", "text"],
    ['"it\'s"', "s", "it's"],
    ["'it\\'s \\u00fc\\n'", "s", "it's ü\n"],
    ["objectpath '/a'", "o", "/a"],
    ["['a', 'b',]", "as", ["a", "b"]],
    ["[uint32 1, 2]", "au", [1, 2]],
    ["[byte 1, 2]", "ay", new Uint8Array([1, 2])],
    ["@as []", "as", []],
    ["@au [1, 2]", "au", [1, 2]],
    ["@t 7", "t", 7n],
    ["('a', true)", "(sb)", ["a", true]],
    ["('a',)", "(s)", ["a"]],
    ["[('/dev/null', 'rw')]", "a(ss)", [["/dev/null", "rw"]]],
    ["@a(st) [('/dev/sda', 5)]", "a(st)", [["/dev/sda", 5n]]],
  ] as const satisfies readonly (readonly [string, string, Value])[]
) {
  Deno.test(`parseVariant() reads ${text}`, () => {
    assertEquals(parseVariant(text), { type, value });
  });
}

for (
  const text of [
    "",
    " ",
    "tru",
    "yes",
    "5 6",
    "5x",
    "1e3",
    "--5",
    "09",
    "byte 256",
    "byte -1",
    "uint64 18446744073709551616",
    "uint64 1.5",
    "uint64 'a'",
    "uint64",
    "string 5",
    "boolean 1",
    "double x",
    "double Infinity",
    "'open",
    "'a\0b'",
    "'a\\",
    "'\\u0000'",
    "[]",
    "['a', 5]",
    "['a' 'b']",
    "['a'",
    "[,]",
    "()",
    "@as [5]",
    "@a []",
    "@ 5",
    "@ss 'a'",
    "@(ss) ('a',)",
    "@(s) ('a', 'b')",
    "{'a': 1}",
    "<5>",
    "uint32 uint64 5",
    "signature '(('",
  ]
) {
  Deno.test(`parseVariant() refuses ${JSON.stringify(text)}`, () => {
    assertThrows(() => parseVariant(text), RangeError, "expected ");
  });
}
