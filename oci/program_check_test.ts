import { assertEquals, assertMatch } from "@std/assert";
import { Handle, O, open } from "../ffi/fd.ts";
import type { Arch } from "../ffi/syscall_numbers.ts";
import { programProblem } from "./program_check.ts";

/** An ELF header, with a loader's name behind it if one is given. */
function elf(machine: number, loader?: string): Uint8Array {
  const bytes = new Uint8Array(256);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  const view = new DataView(bytes.buffer);
  view.setUint16(16, 2, true);
  view.setUint16(18, machine, true);
  if (loader === undefined) return bytes;
  view.setBigUint64(32, 64n, true);
  view.setUint16(56, 1, true);
  view.setUint32(64, 3, true); // PT_INTERP
  view.setBigUint64(72, 128n, true);
  view.setBigUint64(96, BigInt(loader.length + 1), true);
  bytes.set(new TextEncoder().encode(loader), 128);
  return bytes;
}

/** What programProblem() says of a file with these contents. */
function judge(
  contents: string | Uint8Array,
  { mode = 0o755, arch = "x86_64" as Arch, more = {} } = {},
): string | undefined {
  const folder = Deno.makeTempDirSync();
  try {
    const files = { program: contents, ...more };
    for (const [name, text] of Object.entries(files)) {
      const path = `${folder}/${name}`;
      const bytes = typeof text === "string"
        ? new TextEncoder().encode(text)
        : text as Uint8Array;
      Deno.writeFileSync(path, bytes);
      Deno.chmodSync(path, name === "program" ? mode : 0o755);
    }
    Deno.mkdirSync(`${folder}/directory`);
    using root = new Handle(open(folder, O.PATH | O.DIRECTORY));
    return programProblem(root.fd, "/program", arch)?.message;
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("programProblem() finds nothing wrong with programs", () => {
  assertEquals(judge(elf(62)), undefined);
  assertEquals(judge(elf(3)), undefined);
  assertEquals(judge(elf(183), { arch: "aarch64" }), undefined);
  const more = { sh: elf(62), "ld.so": elf(62) };
  assertEquals(judge("#!/sh -e\n", { more }), undefined);
  assertEquals(judge("#! sh\n"), undefined, "relative: nobody knows");
  assertEquals(judge(elf(62, "/ld.so"), { more }), undefined);
});

Deno.test("programProblem() tells what is in the way", () => {
  const cases: [string | Uint8Array, object, RegExp][] = [
    ["echo\n", {}, /begins neither as ELF does nor with #!/],
    ["", {}, /is empty/],
    [elf(62), { mode: 0o644 }, /is not executable/],
    [elf(62).subarray(0, 40), {}, /cut-off ELF/],
    [elf(183), {}, /for the processor aarch64, this host's is x86_64/],
    [elf(9999), {}, /for the processor 9999/],
    [
      elf(62, "/lib/ld.so"),
      {},
      /needs the loader "\/lib\/ld.so", which is not/,
    ],
    ["#!\n", {}, /names no interpreter/],
    ["#!/bin/sh\r\necho\r\n", {}, /carriage return \(CRLF\)/],
    ["#!/bin/sh\n", {}, /interpreter "\/bin\/sh", which is not in the root/],
    ["#!/program\n", {}, /run by scripts that run each other/],
    ["#!/directory\n", {}, /interpreter "\/directory", which is a directory/],
  ];
  for (const [contents, options, expected] of cases) {
    assertMatch(judge(contents, options) ?? "nothing", expected);
  }
});

Deno.test("programProblem() follows links inside the root only", () => {
  const folder = Deno.makeTempDirSync();
  try {
    Deno.symlinkSync("../../../../../../bin/sh", `${folder}/program`);
    using root = new Handle(open(folder, O.PATH | O.DIRECTORY));
    const found = programProblem(root.fd, "/program", "x86_64");
    assertMatch(found?.message ?? "", /is not in the root file system/);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
