import { assertEquals } from "@std/assert";
import { xxhash64 } from "./xxhash64.ts";

const of = (text: string) => xxhash64(new TextEncoder().encode(text));

Deno.test("xxhash64() gives the hashes of other implementations", () => {
  assertEquals(of(""), 0xef46db3751d8e999n);
  assertEquals(of("a"), 0xd24ec4f1a98c6e5bn);
  assertEquals(of("abc"), 0x44bc2cf5ad770999n);
  assertEquals(
    of("The quick brown fox jumps over the lazy dog"),
    0x0b242d361fda71bcn,
  );
});
