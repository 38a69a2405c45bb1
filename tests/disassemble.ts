/**
 * Machine code as objdump reads it.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Arch } from "../ffi/syscall_numbers.ts";

/** The objdump of each processor and what it needs to be told. */
export const OBJDUMP: Record<Arch, readonly string[]> = {
  x86_64: ["x86_64-linux-gnu-objdump", "-m", "i386:x86-64", "-M", "intel"],
  aarch64: ["aarch64-linux-gnu-objdump", "-m", "aarch64"],
};

/** Pairs of an instruction's bytes (hexadecimal) and its mnemonic. */
export type Listing = (readonly [bytes: string, mnemonic: string])[];

/** Whether the objdump for `arch` is installed. */
export function canDisassemble(arch: Arch): boolean {
  try {
    const [program] = OBJDUMP[arch];
    new Deno.Command(program!, { args: ["--version"] }).outputSync();
    return true;
  } catch {
    return false;
  }
}

/** Disassembles raw code of `arch` that is loaded at address 0. */
export async function disassemble(
  code: Uint8Array,
  arch: Arch,
): Promise<Listing> {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeFile(file, code);
    const [program, ...options] = OBJDUMP[arch];
    const { stdout } = await new Deno.Command(program!, {
      args: ["-D", "-z", "-w", "-b", "binary", ...options, file],
    }).output();
    const lines = new TextDecoder().decode(stdout).split("\n");
    return lines.flatMap((line) => {
      const match = /^ *[0-9a-f]+:\t([0-9a-f ]+?) *\t(.*)$/.exec(line);
      if (match === null) return [];
      const mnemonic = match[2]!.replace(/\s+/g, " ").trim();
      return [[inMemoryOrder(match[1]!, arch), mnemonic]];
    });
  } finally {
    await Deno.remove(file);
  }
}

/** Machine code in a source: lines of bytes with their mnemonics behind. */
export function listing(source: string): Listing {
  return [...source.matchAll(/^ *"([0-9a-f]+) *"(?: \+|;) \/\/ (.*)$/gm)]
    .map(([, bytes = "", mnemonic = ""]) => [bytes, mnemonic]);
}

/**
 * A test that the bytes of a listing are what stands behind them.
 *
 * @param what what the code is, for the test's name
 * @param code the same bytes as the program has them
 */
export function listingTest(
  what: string,
  arch: Arch,
  rows: Listing,
  code: Uint8Array,
): void {
  const able = canDisassemble(arch);
  Deno.test({
    name: `${what} for ${arch} disassembles to its mnemonics` +
      (able ? "" : ` [skipped: needs ${OBJDUMP[arch][0]}]`),
    ignore: !able,
    fn: async () => {
      const found = await disassemble(code, arch);
      assertEquals(
        found.map(([bytes, mnemonic]) => [bytes.replaceAll(" ", ""), mnemonic]),
        rows,
      );
    },
  });
}

/** objdump prints an aarch64 instruction as one big-endian word. */
function inMemoryOrder(bytes: string, arch: Arch): string {
  const pairs = bytes.replaceAll(" ", "").match(/../g) ?? [];
  return (arch === "aarch64" ? pairs.reverse() : pairs).join(" ");
}
