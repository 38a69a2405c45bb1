import { assert, assertEquals } from "@std/assert";
import { close, pipe, setNonblocking, write } from "../ffi/fd.ts";
import { syscall } from "../ffi/syscall.ts";
import { HookOutput, lastLines } from "./hook_output.ts";
import type { HookTools } from "./hook_tools.ts";

const TOOLS = { close, setNonblocking, syscall } as HookTools;
const utf8 = (text: string) => new TextEncoder().encode(text);

Deno.test("HookOutput takes what is there and does not wait for more", () => {
  const [reader, writer] = pipe();
  const output = new HookOutput(TOOLS, reader);
  assertEquals([output.take(), output.length], [false, 0]);
  write(writer, utf8("one\n"));
  write(writer, utf8("two"));
  output.drain();
  assertEquals(lastLines(output.bytes), '"one\\ntwo"');
  assert(output.fd >= 0, "there is a writer");
  close(writer);
  output.drain();
  assertEquals(output.fd, -1);
  assertEquals([output.take(), output.length], [false, 7]);
  output.close();
});

Deno.test("HookOutput keeps the end of much", () => {
  const [reader, writer] = pipe();
  const output = new HookOutput(TOOLS, reader);
  for (let i = 0; i < 20; i++) {
    write(writer, utf8(`${i} ${"x".repeat(10_000)}\n`));
    output.drain();
  }
  close(writer);
  output.close();
  assert(output.length < 4096, `${output.length}`);
  assert(lastLines(output.bytes).endsWith('x"'));
});

Deno.test("lastLines() is one line of the last ones that are not empty", () => {
  const text = Array.from({ length: 9 }, (_, i) => ` ${i}\r\n\n`).join("");
  assertEquals(lastLines(utf8(text)), '"4\\n5\\n6\\n7\\n8"');
  assertEquals(lastLines(utf8('a\tb \x1b[1m"')), '"a\\tb \\u001b[1m\\""');
  assertEquals(lastLines(new Uint8Array([0xff, 0x41])), '"\ufffdA"');
});
