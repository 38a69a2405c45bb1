import {
  assert,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { listing, listingTest } from "../tests/disassemble.ts";
import {
  codeCacheKey,
  readCodeCache,
  withFlagsOf,
  writeCodeCache,
} from "./code_cache.ts";
import { ElfFile } from "./elf_file.ts";
import { CODE } from "./prelude/x86_64.ts";
import { addPrelude, cacheFile, cacheFolder, concatenate } from "./prelude.ts";
import { xxhash64 } from "./xxhash64.ts";

const PRELUDE = Uint8Array.fromHex(CODE.replaceAll(" ", ""));

listingTest(
  "the prelude",
  "x86_64",
  listing(
    Deno.readTextFileSync(new URL("./prelude/x86_64.ts", import.meta.url)),
  ),
  PRELUDE,
);

Deno.test("the prelude's table of words is aligned", () => {
  assertEquals(PRELUDE.length % 8, 0);
});

Deno.test("writeCodeCache() writes what readCodeCache() reads", () => {
  const entries = ["file:///a/main.js", "file:///a/ü.js"].map((url, i) => ({
    url,
    head: Uint8Array.of(1, 2, 3, i),
    hashes: new Uint8Array(16).fill(i + 1),
  }));
  const bytes = writeCodeCache(2n ** 64n - 1n, entries);
  assertEquals(
    new DataView(bytes.buffer).getBigUint64(0, true),
    2n ** 64n - 1n,
  );
  assertEquals(readCodeCache(bytes), entries);
});

Deno.test("readCodeCache() refuses another format", () => {
  const bytes = writeCodeCache(1n, [{
    url: "file:///a.js",
    head: new Uint8Array(4),
    hashes: new Uint8Array(16),
  }]);
  assertThrows(() => readCodeCache(bytes.slice(0, -1)));
  assertThrows(() => readCodeCache(new Uint8Array(4)));
});

Deno.test("codeCacheKey() finds the last key, exactly", () => {
  const text = (value: string) => new TextEncoder().encode(value);
  const binary = text(
    '"code_cache_key":1, "code_cache_key":18446744073709551615,',
  );
  assertEquals(codeCacheKey(binary), 18446744073709551615n);
  assertThrows(() => codeCacheKey(text('"code_cache_key":null')));
  assertThrows(() => codeCacheKey(text("nothing")));
});

Deno.test("ElfFile reads and changes this test's own runtime", () => {
  const bytes = Deno.readFileSync(Deno.execPath());
  const elf = new ElfFile(bytes);
  const slot = elf.importSlot("setenv");
  assert(slot > 0n && slot < elf.end);
  assertThrows(() => elf.importSlot("no_such_function"), Error, "import");
  elf.replaceImport("setenv", slot);
  assertThrows(() => elf.importSlot("setenv"), Error, "import");
  assertThrows(() => elf.replaceImport("setenv", slot), Error, "import");
  const zeroed = elf.reserveZeroed(8);
  assertEquals(zeroed % 8n, 0n);
  assertEquals(elf.reserveZeroed(16), zeroed + 8n);
  const end = elf.end;
  const address = (end + 0xffffn) & ~0xfffn;
  elf.replaceNote({ offset: 4096n, address, size: 100 });
  assertEquals(elf.end, address + 100n);
  assertThrows(() => elf.reserveZeroed(2 ** 40), Error, "room");
  elf.entry = address;
  assertEquals(new ElfFile(bytes).entry, address);
  assertThrows(() => new ElfFile(new Uint8Array(64)), Error, "ELF");
});

const missing = Deno.build.arch !== "x86_64"
  ? " [skipped: needs an x86_64]"
  : Deno.uid() !== 0
  ? " [skipped: needs root]"
  : "";

/** Says what the prelude did. */
const SCRIPT = `
const maps = Deno.readTextFileSync("/proc/self/smaps")
  .split(/^(?=[0-9a-f]+-)/m);
const size = (map, name) =>
  Number(new RegExp("^" + name + ": *([0-9]+) kB", "m").exec(map)[1]);
const sum = (maps, name) =>
  maps.reduce((all, map) => all + size(map, name), 0);
const heap = maps.filter((map) => /\\[heap\\]/.test(map));
// What V8's pages are in: children have none of it.
const arena = maps.filter((map) =>
  size(map, "Size") === 8192 && /^VmFlags: .*rd wr .*dc/m.test(map)
);
console.log(
  Deno.env.get("TMPDIR"),
  sum(heap, "Rss") >= 3328,
  sum(arena, "Rss") >= 1024,
  [heap, arena].every((maps) => maps.some((map) => /^VmFlags:.* hg/m.test(map))),
);
`;

/** Whether this kernel has them at all. */
function hasHugePages(): boolean {
  try {
    return Deno.statSync("/sys/kernel/mm/transparent_hugepage").isDirectory;
  } catch {
    return false;
  }
}

Deno.test({
  name: "the prelude lays the code cache of the command, and makes heaps" +
    missing,
  ignore: missing !== "",
  fn: async () => {
    const work = Deno.makeTempDirSync();
    const home = `${work}/code-`;
    const longest = "n".repeat(29);
    /** A cache of some entries for a binary of this name. */
    const cacheFor = (name: string, i: number) => {
      const digest = `${i}`.repeat(64);
      const root = `${cacheFolder(home, digest, name)}/deno-compile-${name}`;
      const entries = Array.from({ length: i }, (_, j) => ({
        url: `file://${root}/module${"s".repeat(j)}.js`,
        head: new Uint8Array(3 * i + j).fill(i),
        hashes: new Uint8Array(16).fill(j),
      }));
      return { digest, content: writeCodeCache(7n, entries) };
    };
    try {
      const bytes = addPrelude(Deno.readFileSync(Deno.execPath()), {
        caches: [
          { words: [], ...cacheFor("deno", 1) },
          { words: ["make", "mark"], ...cacheFor("deno", 2) },
          { words: ["mar"], ...cacheFor("deno", 0) },
        ],
        home,
      });
      const said = async (program: string, ...args: string[]) => {
        const { stdout } = await new Deno.Command(`${work}/${program}`, {
          args: ["eval", SCRIPT, ...args],
          env: { TMPDIR: "/tmp" },
        }).output();
        return new TextDecoder().decode(stdout).trim().replace(/ \w+$/, "");
      };
      const check = async (i: number, name: string, ...args: string[]) => {
        const { digest, content } = cacheFor(name, i);
        const folder = cacheFolder(home, digest, name);
        assertEquals(await said(name, ...args), `${folder} true true`);
        assertEquals(Deno.readFileSync(cacheFile(folder, name)), content);
      };
      Deno.writeFileSync(`${work}/deno`, bytes, { mode: 0o755 });
      await check(1, "deno", "ma", "marks");
      await check(2, "deno", "marks", "", "mark", "mar");
      await check(0, "deno", "mar", "make");
      for (const name of ["r", "runc", "davit-1.0_X", longest]) {
        Deno.renameSync(`${work}/deno`, `${work}/${name}`);
        await check(2, name, "mark");
        Deno.renameSync(`${work}/${name}`, `${work}/deno`);
      }
      // Deno would write these otherwise into a URL, or they are too long.
      for (const name of ["da vit", "d@", "d[", "dä", "d,", `${longest}n`]) {
        Deno.renameSync(`${work}/deno`, `${work}/${name}`);
        assertEquals(await said(name, "mark"), "/dev/null true true", name);
        Deno.renameSync(`${work}/${name}`, `${work}/deno`);
      }
    } finally {
      Deno.removeSync(work, { recursive: true });
    }
  },
});

Deno.test({
  name: "the prelude asks for huge pages where many are free" +
    (missing || hasHugePages() ? missing : " [skipped: the kernel has none]"),
  ignore: missing !== "" || !hasHugePages(),
  fn: async () => {
    const work = Deno.makeTempDirSync();
    try {
      const program = `${work}/deno`;
      const cache = { words: [], content: writeCodeCache(7n, []), digest: "" };
      const bytes = addPrelude(Deno.readFileSync(Deno.execPath()), {
        caches: [{ ...cache, digest: "1".repeat(64) }],
        home: `${work}/code-`,
      });
      Deno.writeFileSync(program, bytes, { mode: 0o755 });
      const file = `${work}/buddyinfo`;
      const asks = async (text: string) => {
        Deno.writeTextFileSync(file, text);
        const mounted = 'mount --bind "$1" /proc/buddyinfo; shift; exec "$@"';
        const { stdout } = await new Deno.Command("unshare", {
          args: ["-m", "sh", "-ec", mounted, "-", file].concat(
            [program, "eval", SCRIPT],
          ),
        }).output();
        const [, heap, arena, huge] = new TextDecoder().decode(stdout).split(
          /\s/,
        );
        assertEquals([heap, arena], ["true", "true"]);
        return huge === "true";
      };
      const zone = (name: string, blocks: string) =>
        `Node 0, zone ${name.padStart(8)} ${blocks}\n`;
      const small = "99 99 99 99 99 99 99 99 99";
      assertEquals(await asks(""), false);
      assertEquals(await asks(zone("DMA32", `${small}     15      0 `)), false);
      assertEquals(await asks(zone("DMA32", `${small} 15 1 `)), true);
      assertEquals(await asks(zone("DMA32", `${small} 0 16`)), true);
      const zones = (last: number) =>
        zone("DMA32", `${small} 3 4 `) + zone("Normal", `${small} 1 ${last} `);
      assertEquals(await asks(zones(7)), false);
      assertEquals(await asks(zones(8)), true);
    } finally {
      Deno.removeSync(work, { recursive: true });
    }
  },
});

Deno.test({
  name: "the prelude touches no heap that could not grow" + missing,
  ignore: missing !== "",
  fn: async () => {
    const work = Deno.makeTempDirSync();
    try {
      const program = `${work}/deno`;
      const content = writeCodeCache(7n, []);
      const bytes = addPrelude(Deno.readFileSync(Deno.execPath()), {
        caches: [{ words: [], content, digest: "1".repeat(64) }],
        home: `${work}/code-`,
      });
      Deno.writeFileSync(program, bytes, { mode: 0o755 });
      // Too little for both: what ends first says so, and nothing crashes.
      const limited =
        'ulimit -c 0; ulimit -d 12000; exec timeout 5 "$0" eval 1';
      for (let i = 0; i < 8; i++) {
        const { code } = await new Deno.Command("sh", {
          args: ["-c", limited, program],
          stderr: "null",
        }).output();
        assertNotEquals(code, 128 + 11);
      }
    } finally {
      Deno.removeSync(work, { recursive: true });
    }
  },
});

Deno.test("withFlagsOf() gives code other flags, and its hash", () => {
  const made = (flags: number, ...rest: number[]) => {
    const code = Uint8Array.of(...Array(12).keys(), flags, 0, 0, 0, ...rest);
    const hashes = new DataView(new ArrayBuffer(16));
    hashes.setBigUint64(0, 7n, true);
    hashes.setBigUint64(8, xxhash64(code), true);
    return {
      url: "file:///a.js",
      head: concatenate([code, Uint8Array.of(0)]),
      hashes: new Uint8Array(hashes.buffer),
    };
  };
  assertEquals(withFlagsOf(made(1, 8, 9), made(2, 10)), made(2, 8, 9));
  const other = made(2);
  other.head[4] = 99; // another version of V8
  assertThrows(() => withFlagsOf(made(1), other), Error, "format");
  const broken = made(1);
  broken.hashes[8]! ^= 1;
  assertThrows(() => withFlagsOf(broken, made(2)), Error, "format");
});
