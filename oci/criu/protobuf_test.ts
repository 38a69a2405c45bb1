import { assertEquals, assertThrows } from "@std/assert";
import { decode, encode, inner, int, text } from "./protobuf.ts";

Deno.test("encode() writes as protobuf.dev's examples", () => {
  assertEquals([...encode([[1, 150]])], [0x08, 0x96, 0x01]);
  assertEquals(
    [...encode([[2, "testing"]])],
    [0x12, 7, ...new TextEncoder().encode("testing")],
  );
  assertEquals([...encode([[3, encode([[1, 150]])]])], [
    0x1a,
    3,
    0x08,
    0x96,
    0x01,
  ]);
});

Deno.test("encode() leaves absent fields out and repeats others", () => {
  assertEquals([...encode([[1, undefined], [4, true], [4, false]])], [
    0x20,
    1,
    0x20,
    0,
  ]);
  assertEquals([...encode([[31, 0]])].length, 3);
});

Deno.test("decode() reads what encode() writes", () => {
  const message = decode(encode([
    [1, -1],
    [2, "ä"],
    [2, "b"],
    [300, encode([[1, 2 ** 31 - 1]])],
  ]));
  assertEquals(int(message, 1), -1);
  assertEquals(message.get(2)?.length, 2);
  assertEquals(text(message, 2), "b");
  assertEquals(int(inner(message, 300)!, 1), 2 ** 31 - 1);
  assertEquals([int(message, 9), text(message, 9), inner(message, 9)], [
    undefined,
    undefined,
    undefined,
  ]);
  // A field of another kind than asked for is as absent.
  assertEquals([int(message, 2), text(message, 1)], [undefined, undefined]);
});

Deno.test("decode() skips fixed-size fields", () => {
  const bytes = [0x09, 1, 2, 3, 4, 5, 6, 7, 8, 0x15, 1, 2, 3, 4, 0x18, 5];
  assertEquals(int(decode(new Uint8Array(bytes)), 3), 5);
});

Deno.test("decode() refuses what is cut off or unknown", () => {
  for (const bytes of [[0x08], [0x12, 5, 1], [0x08, 0x80], [0x0b]]) {
    assertThrows(() => decode(new Uint8Array(bytes)), RangeError);
  }
  assertThrows(
    () => decode(new Uint8Array([0x08, ...Array(11).fill(0x80), 1])),
    RangeError,
  );
});
