import { assertEquals } from "@std/assert";
import {
  isKept,
  parseAddress,
  parseLink,
  replies,
  request,
} from "./netlink.ts";

/** Bytes as hexadecimal digits; blanks are for readers. */
function bytes(hex: string): Uint8Array {
  return Uint8Array.fromHex(hex.replaceAll(/\s/g, ""));
}

Deno.test("request() pads its attributes to four bytes", () => {
  const name = new TextEncoder().encode("eth0\0");
  const message = request(19, 4, 7, bytes("00".repeat(16)), [
    [3, name],
    [28, bytes("05000000")],
  ]);
  assertEquals(
    message,
    bytes(`
      34000000 1300 0500 07000000 00000000
      00000000 00000000 00000000 00000000
      0900 0300 65746830 00 000000
      0800 1c00 05000000`),
  );
});

Deno.test("replies() takes several messages apart, and no half one", () => {
  const one = request(16, 0, 1, bytes("aabb"), []);
  assertEquals(one.length, 20);
  const both = new Uint8Array([...one, ...one, ...one.slice(0, 18)]);
  const list = replies(both);
  assertEquals(list.map(({ type, sequence }) => [type, sequence]), [
    [16, 1],
    [16, 1],
  ]);
  assertEquals(list[0]!.body, bytes("aabb0000"));
  assertEquals(replies(bytes("0000000010000000000000000000000000")), []);
});

Deno.test("parseLink() finds name, state and master", () => {
  const body = bytes(`
    00 00 0100 07000000 43100100 00000000
    0900 0300 65746830 00 000000
    0800 0a00 03000000`);
  const expected = { index: 7, name: "eth0", up: true, master: 3 };
  assertEquals(parseLink(body), expected);
  const down = parseLink(bytes("00000100070000004210010000000000"));
  assertEquals(down, { index: 7, name: "", up: false, master: 0 });
});

Deno.test("isKept() wants permanent addresses of global scope", () => {
  const address = (header: string, flags = "") =>
    isKept(parseAddress(bytes(`${header} 07000000 ${flags}`)));
  assertEquals(address("02 18 80 00"), true);
  assertEquals(address("02 18 00 00"), false); // it has a lifetime
  assertEquals(address("0a 40 80 fd"), false); // of the link
  // The attribute has all flags, and counts.
  assertEquals(address("0a 40 00 00", "0800 0800 82020000"), true);
  assertEquals(address("0a 40 80 00", "0800 0800 02020000"), false);
});
