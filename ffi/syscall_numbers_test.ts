import { assert, assertEquals } from "@std/assert";
import { syscall } from "./syscall.ts";
import {
  type Arch,
  type SyscallName,
  syscallName,
  syscallNumber,
} from "./syscall_numbers.ts";

/** Where distributions keep the kernel's headers of each processor. */
const HEADERS: Record<Arch, readonly string[]> = {
  x86_64: [
    "/usr/include/x86_64-linux-gnu/asm/unistd_64.h",
    "/usr/x86_64-linux-gnu/include/asm/unistd_64.h",
  ],
  aarch64: ["/usr/include/asm-generic/unistd.h"],
};

/** Names that 32-bit processors spell otherwise, and asm-generic with them. */
const GENERIC: Record<string, string> = {
  __NR3264_fcntl: "fcntl",
  __NR3264_lseek: "lseek",
  __NR3264_mmap: "mmap",
  __NR3264_statfs: "statfs",
  __NR3264_fstatfs: "fstatfs",
  __NR3264_ftruncate: "ftruncate",
};

function table(text: string): Map<string, number> {
  const numbers = new Map<string, number>();
  const line = /^#define\s+(__NR(?:3264)?_\w+)\s+(\d+)\s*$/gm;
  for (const [, name = "", number] of text.matchAll(line)) {
    numbers.set(GENERIC[name] ?? name.slice("__NR_".length), Number(number));
  }
  return numbers;
}

function read(arch: Arch): string | undefined {
  for (const path of HEADERS[arch]) {
    try {
      return Deno.readTextFileSync(path);
    } catch {
      // Another place may have it.
    }
  }
  return undefined;
}

/** Every name that there is a number of. */
function names(): SyscallName[] {
  const found = new Set<SyscallName>();
  for (let number = 0; number < 600; number++) {
    const name = syscallName(number, "x86_64");
    if (name !== undefined) found.add(name);
  }
  return [...found];
}

for (const arch of ["x86_64", "aarch64"] as const) {
  const header = read(arch);
  const skipped = header === undefined
    ? ` [skipped: needs ${HEADERS[arch][0]}]`
    : "";
  Deno.test({
    name: `syscallNumber() has the kernel's numbers on ${arch}${skipped}`,
    ignore: header === undefined,
    fn: () => {
      const kernel = table(header!);
      assert(kernel.size > 250, `${kernel.size} numbers in the header`);
      const differ = names().filter((name) =>
        kernel.get(name) !== syscallNumber(name, arch)
      ).map((name) =>
        `${name}: ${syscallNumber(name, arch)}, kernel ${kernel.get(name)}`
      );
      assertEquals(differ, []);
    },
  });
  Deno.test(`syscallName() is the inverse on ${arch}`, () => {
    for (const name of names()) {
      assertEquals(syscallName(syscallNumber(name, arch), arch), name);
    }
    assertEquals(syscallName(9999, arch), undefined);
  });
}

Deno.test("syscall() calls the kernel by name", () => {
  assertEquals(syscall("getpid"), Deno.pid);
  assertEquals(syscall("getuid"), Deno.uid());
  assertEquals(syscall("close", -1), -9);
});
