import { assertEquals, assertThrows } from "@std/assert";
import {
  decodeMessage,
  encodeMessage,
  MESSAGE,
  type Message,
  messageLength,
} from "./message.ts";

const CALL: Message = {
  type: MESSAGE.call,
  serial: 7,
  path: "/org/freedesktop/systemd1",
  interface: "org.freedesktop.systemd1.Manager",
  member: "StopUnit",
  destination: "org.freedesktop.systemd1",
  signature: "ss",
  body: ["a.scope", "replace"],
};

Deno.test("a message is read as it was written", () => {
  const bytes = encodeMessage(CALL);
  assertEquals(messageLength(bytes), bytes.length);
  assertEquals(decodeMessage(bytes), CALL);
  const bare: Message = {
    type: MESSAGE.error,
    serial: 1,
    errorName: "x.y",
    replySerial: 9,
    sender: ":1.5",
    body: [],
  };
  assertEquals(decodeMessage(encodeMessage(bare)), bare);
});

Deno.test("the length of a message is known from its first 16 bytes", () => {
  const bytes = encodeMessage(CALL);
  for (let end = 0; end < 16; end++) {
    assertEquals(messageLength(bytes.slice(0, end)), undefined);
  }
  assertEquals(messageLength(bytes.slice(0, 16)), bytes.length);
});

Deno.test("what is no message is refused", () => {
  const big = encodeMessage(CALL);
  big[0] = 0x42; // big-endian
  assertThrows(() => messageLength(big), TypeError);
  const long = encodeMessage(CALL);
  long[7] = 0x7f; // the body's length
  assertThrows(() => messageLength(long), RangeError, "too long");
  const bytes = encodeMessage(CALL);
  // Any byte of the header may be wrong: an error, never a hang or a crash.
  for (let at = 12; at < bytes.length; at++) {
    const broken = bytes.slice();
    broken[at]! ^= 0xff;
    try {
      decodeMessage(broken);
    } catch (error) {
      const known = error instanceof TypeError || error instanceof RangeError;
      if (!known) throw error;
    }
  }
});
