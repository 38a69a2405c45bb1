import { assert, assertEquals, assertThrows } from "@std/assert";
import { canDisassemble, disassemble, OBJDUMP } from "../tests/disassemble.ts";
import { codeCacheKey, readCodeCache, writeCodeCache } from "./code_cache.ts";
import { ElfFile } from "./elf_file.ts";
import { CODE } from "./prelude/x86_64.ts";

const able = canDisassemble("x86_64");

Deno.test({
  name: "the prelude disassembles to its mnemonics" +
    (able ? "" : ` [skipped: needs ${OBJDUMP.x86_64[0]}]`),
  ignore: !able,
  fn: async () => {
    const path = new URL("./prelude/x86_64.ts", import.meta.url);
    const rows = [
      ...Deno.readTextFileSync(path)
        .matchAll(/^ *"([0-9a-f]+) *" \+ \/\/ (.*)$/gm),
    ].map(([, bytes = "", mnemonic = ""]) => [bytes, mnemonic]);
    const code = Uint8Array.fromHex(CODE.replaceAll(" ", ""));
    assertEquals(code.length % 8, 0); // a table of words follows
    const found = await disassemble(code, "x86_64");
    assertEquals(
      found.map(([bytes, mnemonic]) => [bytes.replaceAll(" ", ""), mnemonic]),
      rows,
    );
  },
});

Deno.test("writeCodeCache() writes what readCodeCache() reads", () => {
  const entries = ["file:///a/main.js", "file:///a/ü.js"].map((url, i) => ({
    url,
    head: Uint8Array.of(1, 2, 3, i),
    hashes: new Uint8Array(16).fill(i + 1),
  }));
  const bytes = writeCodeCache(2n ** 64n - 1n, entries);
  assertEquals(
    new DataView(bytes.buffer).getBigUint64(0, true),
    2n ** 64n - 1n,
  );
  assertEquals(readCodeCache(bytes), entries);
});

Deno.test("readCodeCache() refuses another format", () => {
  const bytes = writeCodeCache(1n, [{
    url: "file:///a.js",
    head: new Uint8Array(4),
    hashes: new Uint8Array(16),
  }]);
  assertThrows(() => readCodeCache(bytes.slice(0, -1)));
  assertThrows(() => readCodeCache(new Uint8Array(4)));
});

Deno.test("codeCacheKey() finds the last key, exactly", () => {
  const text = (value: string) => new TextEncoder().encode(value);
  const binary = text(
    '"code_cache_key":1, "code_cache_key":18446744073709551615,',
  );
  assertEquals(codeCacheKey(binary), 18446744073709551615n);
  assertThrows(() => codeCacheKey(text('"code_cache_key":null')));
  assertThrows(() => codeCacheKey(text("nothing")));
});

Deno.test("ElfFile reads and changes this test's own runtime", () => {
  const bytes = Deno.readFileSync(Deno.execPath());
  const elf = new ElfFile(bytes);
  const slot = elf.importSlot("setenv");
  assert(slot > 0n && slot < elf.end);
  assertThrows(() => elf.importSlot("no_such_function"), Error, "import");
  const end = elf.end;
  const address = (end + 0xffffn) & ~0xfffn;
  elf.replaceNote({ offset: 4096n, address, size: 100 });
  assertEquals(elf.end, address + 100n);
  elf.entry = address;
  assertEquals(new ElfFile(bytes).entry, address);
  assertThrows(() => new ElfFile(new Uint8Array(64)), Error, "ELF");
});
