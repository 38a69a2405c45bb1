import { assert, assertEquals } from "@std/assert";
import { listing, listingTest } from "../tests/disassemble.ts";
import { executor } from "./elf.ts";
import { ARCHES } from "./testdata/harness.ts";

for (const arch of ARCHES) {
  const path = new URL(`./executor/${arch}.ts`, import.meta.url);
  const rows = listing(Deno.readTextFileSync(path));

  Deno.test(`executor() is the listing's bytes for ${arch}`, () => {
    assert(rows.length > 80, `${rows.length} lines`);
    const bytes = rows.map(([hex]) => hex).join("");
    assertEquals(executor(arch).toHex(), bytes);
    // With the ELF header it has to fit into one page.
    assert(executor(arch).length < 1024);
  });

  listingTest("executor()", arch, rows, executor(arch));
}
