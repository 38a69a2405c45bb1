import { assert, assertEquals } from "@std/assert";
import { canDisassemble, disassemble, OBJDUMP } from "../tests/disassemble.ts";
import { executor } from "./elf.ts";
import { ARCHES } from "./testdata/harness.ts";

/** The bytes and the mnemonics beside them in an executor's source. */
function listing(source: string): [bytes: string, mnemonic: string][] {
  return [...source.matchAll(/^ *"([0-9a-f]+) *" \+ \/\/ (.*)$/gm)]
    .map(([, bytes = "", mnemonic = ""]) => [bytes, mnemonic]);
}

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

  const able = canDisassemble(arch);
  Deno.test({
    name: `executor() for ${arch} disassembles to its mnemonics` +
      (able ? "" : ` [skipped: needs ${OBJDUMP[arch][0]}]`),
    ignore: !able,
    fn: async () => {
      const found = await disassemble(executor(arch), arch);
      assertEquals(
        found.map(([bytes, mnemonic]) => [bytes.replaceAll(" ", ""), mnemonic]),
        rows,
      );
    },
  });
}
