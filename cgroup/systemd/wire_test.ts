import { assertEquals, assertThrows } from "@std/assert";
import { completeTypes, Reader, type Value, Writer } from "./wire.ts";

function written(signature: string, ...values: Value[]): Uint8Array {
  const writer = new Writer();
  writer.putAll(signature, values);
  return writer.bytes();
}

const hex = (bytes: Uint8Array) =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

Deno.test("completeTypes() takes signatures apart, and refuses others", () => {
  assertEquals(completeTypes(""), []);
  assertEquals(completeTypes("ssa(sv)a(sa(sv))"), [
    "s",
    "s",
    "a(sv)",
    "a(sa(sv))",
  ]);
  assertEquals(completeTypes("a{sv}aayt(y(no))"), [
    "a{sv}",
    "aay",
    "t",
    "(y(no))",
  ]);
  const none = [
    "a",
    "(",
    "()",
    "(s",
    "s)",
    "z",
    "{sv}",
    "a{s}",
    "a{svv}",
    "a".repeat(99) + "s",
  ];
  for (const signature of none) {
    assertThrows(() => completeTypes(signature), TypeError);
  }
});

Deno.test("values have the bytes and the padding of the specification", () => {
  // "Marshaling (Wire Format)": strings, an array of 64-bit integers, a struct.
  assertEquals(
    hex(written("sss", "foo", "+", "bar")),
    "03000000666f6f0001000000" + "2b000000" + "0300000062617200",
  );
  assertEquals(hex(written("at", [5n])), "08000000000000000500000000000000");
  assertEquals(hex(written("yat", 1, [])), "0100000000000000");
  assertEquals(
    hex(written("y(yu)", 1, [2, 3])),
    "01000000000000000200000003000000",
  );
  assertEquals(
    hex(written("v", { type: "b", value: true })),
    "0162000001000000",
  );
  assertEquals(hex(written("ay", new Uint8Array([7, 8]))), "020000000708");
  assertEquals(
    hex(written("nix", -1, -2, -3n)),
    "ffff0000feffffff" + "fdffffffffffffff",
  );
  assertEquals(hex(written("d", 1.5)), "000000000000f83f");
});

Deno.test("what is written is read again", () => {
  const signature = "ybnqiuxtdsoga(sv)a{su}ayaas(yv)";
  const values: Value[] = [
    255,
    false,
    -32768,
    65535,
    -2147483648,
    4294967295,
    -(2n ** 63n),
    2n ** 64n - 1n,
    0.25,
    "grüße\n",
    "/a/b",
    "a{sv}",
    [["A", { type: "t", value: 1n }], ["B", { type: "as", value: ["x", ""] }]],
    [["k", 1]],
    new Uint8Array([0, 1]),
    [[], ["z"]],
    [9, { type: "v", value: { type: "u", value: 3 } }],
  ];
  const reader = new Reader(written(signature, ...values));
  assertEquals(reader.getAll(signature), values);
  assertThrows(() => reader.get("y"), RangeError);
});

Deno.test("a longer text than the first buffer is written whole", () => {
  const text = "x".repeat(5000);
  assertEquals(new Reader(written("s", text)).get("s"), text);
});

Deno.test("values that are not of their type are refused", () => {
  const cases: [string, Value][] = [
    ["y", 256],
    ["u", -1],
    ["i", 2 ** 31],
    ["t", 2n ** 64n],
    ["b", 2],
    ["u", 1.5],
    ["s", "a\0b"],
    ["s", 5],
    ["g", "(("],
    ["as", "text"],
    ["(ss)", ["one"]],
  ];
  for (const [type, value] of cases) {
    assertThrows(() => written(type, value), undefined, undefined, type);
  }
});

Deno.test("bytes that end too early, or are no text, are refused", () => {
  const bytes = written("sa(su)", "foo", [["a", 1]]);
  for (let end = 0; end < bytes.length; end++) {
    const reader = new Reader(bytes.slice(0, end));
    assertThrows(() => reader.getAll("sa(su)"), RangeError);
  }
  const text = written("s", "ab");
  text[4] = 0xff;
  assertThrows(() => new Reader(text).get("s"), TypeError);
});
