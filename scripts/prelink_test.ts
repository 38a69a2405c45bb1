import { assert, assertEquals, assertThrows } from "@std/assert";
import { ElfFile } from "./elf_file.ts";
import { prelink, USUAL_PLACE } from "./prelink.ts";

const able = Deno.build.arch === "x86_64";
const skipped = able ? "" : " [skipped: needs an x86_64]";

/** This test's own runtime, which is a position-independent executable. */
const runtime = () => Deno.readFileSync(Deno.execPath());

function run(program: string, ...args: string[]) {
  const { code, stdout, stderr } = new Deno.Command(program, { args })
    .outputSync();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

Deno.test({
  name: "a prelinked program runs, at its place" + skipped,
  ignore: !able,
  fn: () => {
    const folder = Deno.makeTempDirSync();
    try {
      const program = `${folder}/deno`;
      const bytes = runtime();
      prelink(bytes);
      Deno.writeFileSync(program, bytes, { mode: 0o755 });
      const source = `${folder}/a.js`;
      Deno.writeTextFileSync(
        source,
        `const maps = Deno.readTextFileSync("/proc/self/maps");
        const { symbols } = Deno.dlopen("libc.so.6", {
          getppid: { parameters: [], result: "i32" },
        });
        console.log(
          maps.split("\\n").find((line) => line.endsWith("deno")),
          symbols.getppid() === Deno.ppid,
        );`,
      );
      const { code, out, err } = run(program, "run", "-A", source);
      assertEquals([code, err], [0, ""]);
      assertEquals(
        out.split("-")[0],
        USUAL_PLACE.toString(16).padStart(8, "0"),
      );
      assert(out.endsWith(" true\n"), out);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "prelink() leaves no relative relocation" + skipped,
  ignore: !able,
  fn: () => {
    const bytes = runtime();
    const before = new ElfFile(bytes);
    const slot = before.importSlot("setenv");
    const { entry } = before;
    prelink(bytes, 0x10000000n);
    const after = new ElfFile(bytes);
    assertEquals(after.view.getUint16(16, true), 2); // ET_EXEC
    assertEquals(after.entry, entry + 0x10000000n);
    assertEquals(after.importSlot("setenv"), slot + 0x10000000n);
    assertEquals(after.dynamic(0x6ffffff9n).value, 0n); // RELACOUNT
    const rows = after.offset(after.dynamic(7n).value);
    const size = Number(after.dynamic(8n).value);
    for (let row = rows; row < rows + size; row += 24) {
      assert(after.view.getUint32(row + 8, true) !== 8, "it is relative");
    }
  },
});

Deno.test({
  name: "prelink() refuses what it does not know, and changes nothing" +
    skipped,
  ignore: !able,
  fn: async () => {
    const hash = () => crypto.subtle.digest("SHA-256", bytes);
    const bytes = runtime();
    const elf = new ElfFile(bytes);
    const rows = elf.offset(elf.dynamic(23n).value); // JMPREL
    elf.view.setUint32(rows + 8, 37, true); // R_X86_64_IRELATIVE
    const before = await hash();
    assertThrows(() => prelink(bytes), Error, "type 37");
    assertEquals(await hash(), before);

    elf.view.setUint32(rows + 8, 7, true);
    prelink(bytes);
    assertThrows(() => prelink(bytes), Error, "fixed place");
  },
});
