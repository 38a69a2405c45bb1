import { assert, assertEquals } from "@std/assert";
import type { Arch } from "../ffi/syscall_numbers.ts";
import { elf, executor } from "./elf.ts";
import { PlanBuilder } from "./plan.ts";
import { ADDRESS, layOut, PAGE } from "./program.ts";
import { ARCHES, firstFile } from "./testdata/harness.ts";

/** A program with some of everything. */
function program(arch: Arch) {
  const plan = new PlanBuilder().block("large", [
    ...Array.from({ length: 10_000 }, () => [8, 0] as const),
    [8, "end of the block"],
  ]).call("write", [1, "text", 4]);
  for (let i = 0; i < 500; i++) plan.call("getpid", []);
  return layOut(plan.build(), arch);
}

interface Segment {
  type: number;
  flags: number;
  offset: number;
  address: number;
  physical: number;
  fileSize: number;
  memorySize: number;
  align: number;
}

/** The program headers of a file. */
function segments(file: Uint8Array<ArrayBuffer>): Segment[] {
  const view = new DataView(file.buffer);
  const at = Number(view.getBigUint64(32, true));
  const size = view.getUint16(54, true);
  return Array.from({ length: view.getUint16(56, true) }, (_, i) => {
    const word = (k: number) =>
      Number(view.getBigUint64(at + i * size + 8 + 8 * k, true));
    return {
      type: view.getUint32(at + i * size, true),
      flags: view.getUint32(at + i * size + 4, true),
      offset: word(0),
      address: word(1),
      physical: word(2),
      fileSize: word(3),
      memorySize: word(4),
      align: word(5),
    };
  });
}

const LOAD = 1, STACK = 0x6474e551;
const X = 1, W = 2, R = 4;

for (const arch of ARCHES) {
  Deno.test(`elf() lets no segment be written and executed on ${arch}`, () => {
    const found = segments(elf(program(arch), arch));
    assertEquals(found.map(({ type, flags }) => [type, flags]), [
      [LOAD, R | X],
      [LOAD, R | W],
      [LOAD, R],
      [STACK, R | W],
    ]);
  });

  Deno.test(`elf() aligns segments to the pages of ${arch}`, () => {
    const page = PAGE[arch];
    const file = elf(program(arch), arch);
    const loads = segments(file).filter(({ type }) => type === LOAD);
    for (const { offset, address, physical, align, ...size } of loads) {
      assertEquals(align, page);
      // What mmap(2) can do with it.
      assertEquals(offset % page, address % page);
      assertEquals(physical, address);
      assertEquals(size.fileSize, size.memorySize);
      assert(offset + size.fileSize <= file.length);
    }
    // No two of them share a page, in memory or in the file.
    const pages = (from: number, length: number) =>
      [Math.floor(from / page), Math.ceil((from + length) / page)] as const;
    for (const key of ["address", "offset"] as const) {
      const ranges = loads.map((load) => pages(load[key], load.fileSize))
        .sort(([a], [b]) => a - b);
      ranges.forEach(([from], i) => {
        if (i > 0) assert(from >= ranges[i - 1]![1], `${key} ${from}`);
      });
    }
  });

  Deno.test(`elf() puts each part of an ${arch} program in its place`, () => {
    const source = program(arch);
    const file = elf(source, arch);
    const at = (address: number, length: number) => {
      const segment = segments(file).find((s) =>
        s.address <= address && address + length <= s.address + s.fileSize
      )!;
      const from = segment.offset + address - segment.address;
      return file.subarray(from, from + length);
    };
    const { constant, strings, writable, registerBytes } = source;
    assert(strings.length > 0);
    assertEquals(at(ADDRESS.program - strings.length, strings.length), strings);
    assertEquals(at(ADDRESS.program, constant.length), constant);
    assertEquals(
      at(ADDRESS.registers, registerBytes),
      new Uint8Array(registerBytes),
    );
    assertEquals(
      at(ADDRESS.registers + registerBytes, writable.length),
      writable,
    );
    const view = new DataView(file.buffer);
    const entry = Number(view.getBigUint64(24, true));
    const code = executor(arch);
    assertEquals(at(entry, code.length), code);
  });

  const readelf = firstFile("/usr/bin/readelf");
  Deno.test({
    name: `elf() makes what readelf takes for an ${arch} executable` +
      (readelf === undefined ? " [skipped: needs readelf]" : ""),
    ignore: readelf === undefined,
    fn: async () => {
      const path = Deno.makeTempFileSync();
      try {
        Deno.writeFileSync(path, elf(program(arch), arch));
        const { stdout, stderr } = await new Deno.Command(readelf!, {
          args: ["--wide", "--file-header", "--segments", path],
          env: { LC_ALL: "C" },
        }).output();
        assertEquals(new TextDecoder().decode(stderr), "");
        const text = new TextDecoder().decode(stdout);
        const fields = Object.fromEntries(
          [...text.matchAll(/^ {2}(.+?):\s+(.*)$/gm)].map(([, k, v]) => [k, v]),
        );
        const entry = ADDRESS.text + 64 + 4 * 56;
        assertEquals([
          fields["Class"],
          fields["Data"],
          fields["OS/ABI"],
          fields["Type"],
          fields["Machine"],
          fields["Entry point address"],
          fields["Size of this header"],
          fields["Size of program headers"],
          fields["Number of program headers"],
          fields["Number of section headers"],
        ], [
          "ELF64",
          "2's complement, little endian",
          "UNIX - System V",
          "EXEC (Executable file)",
          arch === "x86_64" ? "Advanced Micro Devices X86-64" : "AArch64",
          `0x${entry.toString(16)}`,
          "64 (bytes)",
          "56 (bytes)",
          "4",
          "0",
        ]);
        const flags = [...text.matchAll(
          /^ {2}(LOAD|GNU_STACK) .* 0x\w+ (R?\s?W?\s?E?)\s+0x[0-9a-f]+$/gm,
        )].map(([, type, flags = ""]) => [type, flags.replaceAll(" ", "")]);
        assertEquals(flags, [
          ["LOAD", "RE"],
          ["LOAD", "RW"],
          ["LOAD", "R"],
          ["GNU_STACK", "RW"],
        ]);
      } finally {
        Deno.removeSync(path);
      }
    },
  });
}
