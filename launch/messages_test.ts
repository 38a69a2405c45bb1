import { assert, assertEquals } from "@std/assert";
import { descriptor, DESCRIPTORS, firstFree } from "./descriptors.ts";
import { MESSAGE_SIZE, parseMessage, TAG } from "./messages.ts";

Deno.test("parseMessage() reads tag, errno and value", () => {
  const view = new DataView(new ArrayBuffer(MESSAGE_SIZE + 8));
  view.setUint32(8, TAG.pid, true);
  view.setUint32(12, 5, true);
  view.setBigUint64(16, 2n ** 40n + 1n, true);
  assertEquals(parseMessage(new Uint8Array(view.buffer, 8)), {
    tag: TAG.pid,
    errno: 5,
    value: 2 ** 40 + 1,
  });
});

Deno.test("TAG lies above every instruction, each its own", () => {
  const tags = Object.values(TAG);
  assertEquals(new Set(tags).size, tags.length);
  for (const tag of tags) assert(tag > 0xffff0000 && tag <= 0xffffffff);
});

Deno.test("descriptor() numbers what is handed over without a gap", () => {
  for (const preserve of [0, 1, 7]) {
    const numbers = DESCRIPTORS.map((name) => descriptor(name, preserve));
    const first = 3 + preserve;
    assertEquals(numbers, [first, first + 1, first + 2]);
    assertEquals(firstFree(preserve, false), descriptor("console", preserve));
    assertEquals(firstFree(preserve, true), first + 3);
  }
});
