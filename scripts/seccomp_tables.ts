/**
 * Makes launch/seccomp/tables.ts, the numbers of all system calls, from the
 * kernel's headers as Debian packs them: linux-libc-dev, and its packages for
 * arm64, armhf, i386 and x32 with "-cross" at their ends; and `cpp`.
 *
 *     deno run -A scripts/seccomp_tables.ts
 *
 * @module
 */

/** Where the headers of an architecture are, and what its compiler defines. */
const HEADERS: Readonly<Record<string, { folder: string; defines: string[] }>> =
  {
    X86_64: {
      folder: "/usr/include/x86_64-linux-gnu",
      defines: ["-D__x86_64__", "-U__ILP32__"],
    },
    X86: {
      folder: "/usr/i686-linux-gnu/include",
      defines: ["-U__x86_64__", "-D__i386__"],
    },
    X32: {
      folder: "/usr/x86_64-linux-gnux32/include",
      defines: ["-D__x86_64__", "-D__ILP32__"],
    },
    AARCH64: {
      folder: "/usr/aarch64-linux-gnu/include",
      defines: ["-U__x86_64__", "-D__aarch64__"],
    },
    ARM: {
      folder: "/usr/arm-linux-gnueabihf/include",
      defines: ["-U__x86_64__", "-D__arm__", "-D__ARM_EABI__"],
    },
  };

/** Bit 30 marks a call of x32; the table goes without it. */
const X32_BIT = 0x40000000;

/**
 * Calls that are newer than these headers. New calls have one number on all
 * architectures (the kernel's scripts/syscall.tbl).
 */
const NEWER =
  "451 cachestat fchmodat2 map_shadow_stack futex_wake futex_wait " +
  "futex_requeue statmount listmount lsm_get_self_attr lsm_set_self_attr " +
  "lsm_list_modules mseal setxattrat getxattrat listxattrat removexattrat " +
  "open_tree_attr file_getattr file_setattr";

/** Macros of the headers that are no calls. */
const NO_CALLS = new Set(["syscalls", "arch_specific_syscall"]);

async function preprocess(source: string, args: string[]): Promise<string> {
  const child = new Deno.Command("cpp", {
    args: ["-nostdinc", ...args, "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(source));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** The value of a sum of numbers in parentheses, such as `(0x40000000 + 5)`. */
function sum(text: string): number {
  const terms = text.replace(/[()\s]/g, "").split("+").map(Number);
  const value = terms.reduce((a, b) => a + b, 0);
  if (!Number.isSafeInteger(value)) throw new Error(`no number: ${text}`);
  return value;
}

async function calls(arch: string): Promise<Map<string, number>> {
  const { folder, defines } = HEADERS[arch]!;
  const options = [`-I${folder}`, "-I/usr/include", ...defines];
  const include = "#include <asm/unistd.h>\n";
  const macros = await preprocess(include, ["-dM", ...options]);
  const names = [...macros.matchAll(/^#define (__(?:ARM_)?NR_([a-z_]\w*)) /gm)]
    .filter(([, macro, name]) =>
      !NO_CALLS.has(name!) && macro !== "__ARM_NR_BASE" &&
      name !== "cmpxchg" && name !== "get_tls"
    );
  const source = include + names.map(([, m, name]) => `@${name} ${m}\n`)
    .join("").replaceAll(/@(\w+)/g, '"$1"');
  const values = await preprocess(source, ["-P", ...options]);
  const table = new Map<string, number>();
  for (const [, name, value] of values.matchAll(/^"(\w+)" (.*)$/gm)) {
    table.set(name!, sum(value!) & ~X32_BIT);
  }
  const newer = NEWER.split(" ");
  newer.slice(1).forEach((name, i) => {
    if (arch === "X32" && name === "map_shadow_stack") return; // 64 bits only
    if (!table.has(name)) table.set(name, Number(newer[0]) + i);
  });
  return table;
}

/** Names in the order of their numbers; a number before a gap's end. */
function tableText(table: Map<string, number>): string {
  let next = 0;
  const words: (string | number)[] = [];
  const sorted = [...table].sort(([a, i], [b, k]) => i - k || (a < b ? -1 : 1));
  for (const [name, number] of sorted) {
    if (number !== next) words.push(number);
    words.push(name);
    next = number + 1;
  }
  return words.join(" ");
}

/** The text as a string literal of short lines. */
function literal(text: string): string {
  const lines = text.match(/.{1,70}(?: |$)/g)!;
  return lines.map((line) => `    ${JSON.stringify(line)}`).join(" +\n");
}

/** The text of launch/seccomp/tables.ts. */
export async function seccompTables(): Promise<string> {
  const parts: string[] = [];
  for (const arch of Object.keys(HEADERS)) {
    parts.push(`  ${arch}:\n${literal(tableText(await calls(arch)))},\n`);
  }
  return `/**
 * System calls by number. Made by scripts/seccomp_tables.ts from the kernel's
 * headers; do not edit.
 *
 * Of each architecture the names in the order of their numbers, from 0 on; a
 * number says where the names behind it go on. Those of x32 are without bit 30.
 *
 * @module
 */

/** The calls of each architecture. */
export const CALLS = {
${parts.join("")}} as const;
`;
}

/** Whether the headers and `cpp` are there. */
export function hasHeaders(): boolean {
  const folders = Object.values(HEADERS).map(({ folder }) => folder);
  return [...folders.map((path) => `${path}/asm/unistd.h`), "/usr/bin/cpp"]
    .every((path) => {
      try {
        return Deno.statSync(path).isFile;
      } catch {
        return false;
      }
    });
}

if (import.meta.main) {
  const file = new URL("../launch/seccomp/tables.ts", import.meta.url);
  Deno.writeTextFileSync(file, await seccompTables());
}
