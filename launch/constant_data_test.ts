import { assert, assertEquals } from "@std/assert";
import { ConstantData } from "./constant_data.ts";

const BASE = 0x10000000;

/** The text at an address. */
function text(data: ConstantData, address: number): string {
  const bytes = data.strings()!;
  const at = bytes.length - (BASE - address);
  return new TextDecoder().decode(bytes.subarray(at, bytes.indexOf(0, at)));
}

Deno.test("ConstantData leaves room at its beginning", () => {
  const data = new ConstantData(BASE, 100, true);
  assertEquals(data.finish().length, 100);
  assertEquals(data.string("a"), BASE - 2);
  assertEquals(data.strings(), new Uint8Array([97, 0]));
  assertEquals(data.finish().length, 100);
});

Deno.test("ConstantData stores each string once, NUL-terminated", () => {
  const data = new ConstantData(BASE, 0, true);
  const first = data.string("one");
  assert(data.string("two") !== first);
  assertEquals(data.string("one"), first);
  assertEquals(data.strings()!.length, 8);
  assertEquals(text(data, data.string("")), "");
  assertEquals(text(data, first), "one");
});

Deno.test("ConstantData without a string has no bytes for them", () => {
  assertEquals(new ConstantData(BASE, 8, true).strings()!.length, 0);
});

Deno.test("ConstantData reserves room aligned to 8", () => {
  const data = new ConstantData(BASE, 1, true);
  assertEquals(data.reserve(3), 8);
  assertEquals(data.reserve(8), 16);
  assertEquals(data.reserve(0), 24);
  data.put(16, 1, 42);
  assertEquals(data.finish()[16], 42);
  assertEquals(data.finish().length, 24);
});

Deno.test("ConstantData taken for ASCII sees that it is not", () => {
  for (const [more, length] of [["b", 4], ["ü", undefined]] as const) {
    const data = new ConstantData(BASE, 0, true);
    data.string("a");
    data.string(more);
    assertEquals(data.strings()?.length, length);
  }
});

Deno.test("ConstantData keeps what it has while it grows", () => {
  const data = new ConstantData(BASE, 8, false);
  data.begin(new Uint32Array([0xdeadbeef]));
  const texts = [
    "short",
    "ü".repeat(8000),
    "日".repeat(20_000),
    "x".repeat(1024 * 1024),
    "last",
  ];
  const addresses = texts.map((value) => data.string(value));
  assertEquals(data.finish()[3], 0xde);
  texts.forEach((value, i) => assert(text(data, addresses[i]!) === value));
  const at = data.reserve(16);
  data.put(at + 8, 8, 7n);
  assertEquals(data.finish().length, at + 16);
});
