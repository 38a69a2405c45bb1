import { assert, assertEquals } from "@std/assert";
import { listing, listingTest } from "../tests/disassemble.ts";
import { E } from "./errno.ts";
import { syscall } from "./syscall.ts";
import { callCode, syscallLibrary } from "./syscall_library.ts";

const source = Deno.readTextFileSync(
  new URL("./syscall_library.ts", import.meta.url),
);

for (const arch of ["x86_64", "aarch64"] as const) {
  const start = source.indexOf(`const ${arch.toUpperCase()} = `);
  const text = source.slice(start, source.indexOf("; // ret", start) + 8);
  listingTest("callCode()", arch, listing(text), callCode(arch));
}

const readelf = (() => {
  try {
    new Deno.Command("readelf", { args: ["--version"] }).outputSync();
    return "";
  } catch {
    return " [skipped: needs readelf]";
  }
})();

for (
  const [arch, machine] of [
    ["x86_64", "X86-64"],
    ["aarch64", "AArch64"],
  ] as const
) {
  Deno.test({
    name: `syscallLibrary() for ${arch} is a library to others${readelf}`,
    ignore: readelf !== "",
    fn: () => {
      const file = Deno.makeTempFileSync();
      try {
        Deno.writeFileSync(file, syscallLibrary(arch));
        const { stdout, stderr } = new Deno.Command("readelf", {
          args: ["--wide", "--file-header", "--use-dynamic", "--syms", file],
        }).outputSync();
        const text = new TextDecoder().decode(stdout);
        assertEquals(new TextDecoder().decode(stderr), "");
        assert(text.includes("DYN (Shared object file)"), text);
        assert(text.includes(machine), text);
        const size = callCode(arch).length;
        const symbol = new RegExp(` ${size} FUNC +GLOBAL DEFAULT +1 call`);
        assert(symbol.test(text), text);
      } finally {
        Deno.removeSync(file);
      }
    },
  });
}

/** Where libc keeps this thread's errno. */
function errno(): Int32Array<ArrayBuffer> {
  const { symbols } = Deno.dlopen("libc.so.6", {
    __errno_location: { parameters: [], result: "pointer" },
  });
  const memory = Deno.UnsafePointerView
    .getArrayBuffer(symbols.__errno_location()!, 4);
  return new Int32Array(memory);
}

Deno.test("after many calls errors are the calls' own, not libc's", async () => {
  const last = errno();
  const fails = () => {
    last[0] = 0;
    assertEquals(syscall("pidfd_open", -1), -E.EINVAL);
    return last[0];
  };
  for (let i = 0; i < 500; i++) syscall("getpid");
  // It comes when other things may go on.
  for (let i = 0; i < 1000 && fails() !== 0; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assertEquals(fails(), 0);
  assertEquals(syscall("getpid"), Deno.pid);
  assertEquals(syscall("pidfd_open", 2 ** 31 - 1), -E.ESRCH);
});
