/**
 * Text as UTF-8. Of Deno's ways to it a command needs only one: each of them
 * is compiled when it is first called, which takes some 50 microseconds.
 *
 * @module
 */

const encoder = /* @__PURE__ */ new TextEncoder();

/** `text` as UTF-8; what is half of a character becomes U+FFFD. */
export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  // A UTF-16 unit takes at most three bytes of UTF-8.
  const room = new Uint8Array(3 * text.length);
  return room.subarray(0, encoder.encodeInto(text, room).written);
}

/** How many bytes `text` has as UTF-8. */
export function byteLength(text: string): number {
  return encodeText(text).length;
}
