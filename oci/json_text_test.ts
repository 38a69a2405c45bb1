import { assertEquals, assertThrows } from "@std/assert";
import { JsonTextError, parseJson } from "./json_text.ts";

function parse(text: string): unknown {
  return parseJson(new TextEncoder().encode(text));
}

function fault(text: string): string {
  return assertThrows(() => parse(text), JsonTextError).message;
}

Deno.test("parseJson() keeps integers exact", () => {
  assertEquals(
    parse(`[9007199254740991, 9007199254740993, -9223372036854775808,
      18446744073709551615, 1234567890123456, 1.5]`),
    [
      9007199254740991,
      9007199254740993n,
      -9223372036854775808n,
      18446744073709551615n,
      1234567890123456,
      1.5,
    ],
  );
  assertEquals(parse('["9007199254740993"]'), ["9007199254740993"]);
  assertEquals(parse("[9007199254740993.5]"), [9007199254740994]);
  assertEquals(parse(`[${"9".repeat(10_000)}]`), [Infinity]);
});

Deno.test("parseJson() skips a byte order mark", () => {
  assertEquals(parse("\ufeff{}"), {});
});

Deno.test("parseJson() says where the text is at fault", () => {
  for (
    const [text, message] of [
      ["", "not JSON: ends too early at line 1, column 1, expected a value"],
      [
        "{]",
        'not JSON at line 1, column 2: expected a property name or "}", found "]"',
      ],
      [
        '{\n  "a": 1,\n}',
        'not JSON at line 3, column 1: expected a property name, found "}"',
      ],
      ['{"a" 1}', 'not JSON at line 1, column 6: expected ":", found "1"'],
      [
        '{"a": 1 "b"}',
        'not JSON at line 1, column 9: expected "," or "}", found "\\""',
      ],
      ["[1,]", 'not JSON at line 1, column 4: expected a value, found "]"'],
      ["[1 2]", 'not JSON at line 1, column 4: expected "," or "]", found "2"'],
      [
        "[nul]",
        'not JSON at line 1, column 2: expected a value or "]", found "n"',
      ],
      ["[01]", 'not JSON at line 1, column 3: expected "," or "]", found "1"'],
      [
        '["😀" x]',
        'not JSON at line 1, column 6: expected "," or "]", found "x"',
      ],
      [
        '["a\nb"]',
        'not JSON at line 1, column 4: expected a character of a string or its closing ", found "\\n"',
      ],
      [
        '["\\x"]',
        'not JSON at line 1, column 3: expected an escape sequence of JSON, found "\\\\"',
      ],
      [
        '{"a": "b',
        'not JSON: ends too early at line 1, column 9, expected a character of a string or its closing "',
      ],
      [
        '{"a": 1',
        'not JSON: ends too early at line 1, column 8, expected "," or "}"',
      ],
      [
        "{} {}",
        'not JSON at line 1, column 4: expected the end of the text, found "{"',
      ],
      ["hello", 'not JSON at line 1, column 1: expected a value, found "h"'],
    ] as const
  ) assertEquals(fault(text), message);
});

Deno.test("parseJson() names the byte that is not UTF-8", () => {
  const bytes = new Uint8Array([0x5b, 0x0a, 0xc3, 0xa4, 0xff, 0x5d]);
  const error = assertThrows(() => parseJson(bytes), JsonTextError);
  assertEquals(error.message, "not UTF-8 at line 2, column 2: byte 0xff");
  const cut = assertThrows(() => parseJson(bytes.subarray(0, 3)));
  assertEquals(
    (cut as Error).message,
    "not UTF-8 at line 2, column 1: byte 0xc3",
  );
});

Deno.test("parseJson() refuses deep nesting", () => {
  const deep = (depth: number, inner: string) =>
    "[".repeat(depth) + inner + "]".repeat(depth);
  assertEquals(Array.isArray(parse(deep(256, "1"))), true);
  const message = "nested more than 256 levels deep at line 1, column 257";
  for (const inner of ["", "1", "12345678901234567890"]) {
    assertEquals(fault(deep(257, inner)), message);
    assertEquals(fault(deep(100_000, inner)), message);
  }
  assertEquals(fault("[".repeat(100_000)), message);
  assertEquals(
    fault('{"a":'.repeat(100_000)),
    "nested more than 256 levels deep at line 1, column 1281",
  );
});

Deno.test("parseJson() keeps odd property names", () => {
  const value = parse('{"__proto__": {"x": 12345678901234567890}}') as object;
  assertEquals(Object.keys(value), ["__proto__"]);
  assertEquals(Object.getPrototypeOf(value), Object.prototype);
});

Deno.test("parseJson() reads integers in any notation exactly", () => {
  for (
    const [text, value] of [
      ["1e19", 10n ** 19n],
      ["-1.5E+19", -15n * 10n ** 18n],
      ["18446744073709551615.00", 2n ** 64n - 1n],
      ["184467440737095516150e-1", 2n ** 64n - 1n],
      ["0.00018446744073709551615e23", 2n ** 64n - 1n],
      ["18446744073709551615.5", 18446744073709552000],
      ["9007199254740993e-1", 900719925474099.3],
      ["1e300", 1e300],
      ["1e3", 1000],
    ] as const
  ) assertEquals(parse(text), value, text);
});

Deno.test("parseJson() keeps null where it is asked to", () => {
  const bytes = new TextEncoder().encode('{"a": null, "b": 1e19}');
  assertEquals(parseJson(bytes, true), { a: null, b: 10n ** 19n });
});

Deno.test("parseJson() takes the last of two properties of one name", () => {
  assertEquals(parse('{"a": {"b": 1}, "a": {"c": 2}}'), { a: { c: 2 } });
});

Deno.test("parseJson() leaves null properties out", () => {
  assertEquals(parse('{"a": null, "b": [null, {"c": null}]}'), {
    b: [null, {}],
  });
  assertEquals(parse('{"a": null, "b": 9007199254740993}'), {
    b: 9007199254740993n,
  });
  assertEquals(parse("null"), null);
});
