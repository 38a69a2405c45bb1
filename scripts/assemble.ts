/**
 * Assembles machine code: NAME.s becomes NAME.ts, a listing of bytes beside
 * their mnemonics. Needs Debian's binutils and binutils-aarch64-linux-gnu.
 *
 *     deno run -A scripts/assemble.ts
 *
 * @module
 */

import { disassemble } from "../tests/disassemble.ts";
import type { Arch } from "../ffi/syscall_numbers.ts";

const PREFIX = { x86_64: "x86_64-linux-gnu-", aarch64: "aarch64-linux-gnu-" };

/** What there is to assemble: what it is, its folder, its processors. */
const SOURCES: readonly [what: string, folder: string, arches: Arch[]][] = [
  ["executor", "launch/executor", ["x86_64", "aarch64"]],
  ["prelude", "scripts/prelude", ["x86_64"]],
];

function tool(program: string, ...args: string[]): void {
  const { success, stderr } = new Deno.Command(program, { args }).outputSync();
  if (!success) {
    throw new Error(`${program}: ${new TextDecoder().decode(stderr)}`);
  }
}

async function assemble(what: string, folder: string, arch: Arch) {
  const room = new URL(`../${folder}/`, import.meta.url).pathname;
  const work = await Deno.makeTempDir();
  try {
    const object = `${work}/code.o`;
    const binary = `${work}/code.bin`;
    tool(`${PREFIX[arch]}as`, "-I", room, "-o", object, `${room}${arch}.s`);
    const only = ["-O", "binary", "-j", ".text"];
    tool(`${PREFIX[arch]}objcopy`, ...only, object, binary);
    const lines = await disassemble(await Deno.readFile(binary), arch);
    const rows = lines.map(([bytes, mnemonic]) =>
      `  "${bytes.replaceAll(" ", "").padEnd(16)}" + // ${mnemonic}`
    );
    await Deno.writeTextFile(
      `${room}${arch}.ts`,
      `/** The ${what} for ${arch}; made from ${arch}.s by scripts/assemble.ts. */\n` +
        `export const CODE = //\n${rows.join("\n")}\n  "";\n`,
    );
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

if (import.meta.main) {
  for (const [what, folder, arches] of SOURCES) {
    for (const arch of arches) await assemble(what, folder, arch);
  }
}
