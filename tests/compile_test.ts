import { assert, assertEquals, assertMatch } from "@std/assert";
import { basename, join } from "@std/path/posix";
import { cacheFolder } from "../scripts/prelude.ts";
import { rootTest } from "./container.ts";
import { assertOneLine, assertSuccess, DAVIT, REPO, run } from "./davit.ts";

const compiled = DAVIT.endsWith("scripts/davit")
  ? "the compiled binary"
  : undefined;

/** What is missing for what only the binary for x86_64 has. */
function preludes(): string | undefined {
  return compiled ?? (Deno.build.arch === "x86_64" ? undefined : "an x86_64");
}

async function inFolder(test: (folder: string) => Promise<void>) {
  const folder = Deno.makeTempDirSync({ prefix: "davit-compile." });
  try {
    await test(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const compile = (...words: string[]) => [
  join(REPO, "scripts/deno"),
  "run",
  "--allow-all",
  join(REPO, "scripts/compile.ts"),
  ...words,
];

rootTest("the binary tells its version and its commit", async () => {
  const { stdout } = assertSuccess(await run([DAVIT, "--version"]));
  assertMatch(
    stdout,
    /^davit version \d+\.\d+\.\d+\S*\ncommit: ([0-9a-f]{40}(-dirty)?|unknown)\nspec: 1\.3\.\d+\n/,
  );
}, { missing: compiled });

rootTest(
  "the binary leaves nothing in the temporary folder and HOME",
  async () => {
    await inFolder(async (folder) => {
      Deno.mkdirSync(`${folder}/root`);
      const { code } = await run([DAVIT, "--root", `${folder}/root`, "list"], {
        bare: {
          TMPDIR: folder,
          HOME: folder,
          XDG_CACHE_HOME: folder,
          DENO_DIR: folder,
        },
      });
      assertEquals(code, 0);
      const left = [...Deno.readDirSync(folder)].map(({ name }) => name);
      assertEquals(left.filter((name) => name !== "root"), []);
    });
  },
  { missing: compiled },
);

rootTest("the binary works alone, with an empty environment", async () => {
  await inFolder(async (folder) => {
    Deno.copyFileSync(DAVIT, `${folder}/davit`);
    const command = ["unshare", "--net", `${folder}/davit`, "--version"];
    const { stdout } = assertSuccess(
      await run(command, { bare: { PATH: "/usr/bin:/bin" }, cwd: "/" }),
    );
    assertMatch(stdout, /^davit version /);
  });
}, { missing: compiled });

rootTest("compile needs no network, and makes the same anywhere", async () => {
  await inFolder(async (folder) => {
    const [here, there] = ["a", "b"].map((name) => `${folder}/${name}/again`);
    assertSuccess(
      await run(["unshare", "--net", ...compile("--pie", "--output", here!)]),
    );
    assertSuccess(await run([here!, "--version"]));
    assertEquals(await elfType(here!), ET_DYN);
    const elsewhere = `${folder}/the same sources`;
    Deno.mkdirSync(elsewhere);
    const moved = compile("--pie", "--output", there!)
      .map((word) => word.replace(REPO, elsewhere));
    assertSuccess(
      await run([
        ...[
          "unshare",
          "--net",
          "--mount",
          "--propagation=private",
          "sh",
          "-ec",
        ],
        'mount --bind "$1" "$2"; shift 2; exec "$@"',
        ...["sh", REPO, elsewhere, ...moved],
      ], { cwd: "/" }),
    );
    const [first, second] = [here!, there!].map((f) => Deno.readFileSync(f));
    assertEquals(first!.length, second!.length);
    assertEquals(first!.findIndex((byte, i) => byte !== second![i]), -1);
    const left = [here!, there!].map((file) =>
      [
        ...Deno.readDirSync(file.slice(0, -"/again".length)),
      ].map(({ name }) => name)
    );
    assertEquals(left, [["again"], ["again"]]);
  });
}, {
  missing: compiled ??
    (Deno.env.get("DENORT_BIN") ? undefined : "DENORT_BIN"),
});

rootTest("compile for aarch64 works, or says why not in one line", async () => {
  await inFolder(async (folder) => {
    const output = `${folder}/other`;
    const result = await run(
      compile("--target", "aarch64", "--output", output),
      { timeout: 120 },
    );
    if (result.code === 0) {
      const header = Deno.readFileSync(output).subarray(0, 20);
      assertEquals(header[18], 183); // EM_AARCH64
    } else {
      assertOneLine(result, /aarch64.*base binary/);
      assertEquals([...Deno.readDirSync(folder)], []);
    }
  });
});

rootTest("compile refuses an unknown target", async () => {
  const result = await run(compile("--target", "mips"));
  assertOneLine(result, /"mips".*x86_64, aarch64/);
  assert(!result.stdout.includes("MB"));
});

const ET_EXEC = 2, ET_DYN = 3;

/** The e_type field of an ELF file. */
async function elfType(path: string): Promise<number> {
  const { buffer } = await Deno.readFile(path);
  return new DataView(buffer).getUint16(16, true);
}

rootTest("the binary has a fixed place in memory", async () => {
  assertEquals(await elfType(DAVIT), ET_EXEC);
}, { missing: preludes() });

/** The binary's own notes of its code caches' folders. */
function codeFolders(): string[] {
  const bytes = Deno.readFileSync(DAVIT);
  const tail = new TextDecoder("latin1").decode(bytes.subarray(-4_000_000));
  return [...tail.matchAll(/([0-9a-f]{64})\0/g)]
    .map(([, digest]) => cacheFolder("/run/davit-code-", digest!, "davit"));
}

/** Runs a shell script with an empty /run of its own. */
const withOwnRun = (script: string, ...args: string[]) =>
  run([
    "unshare",
    "--mount",
    "--propagation=private",
    "sh",
    "-euc",
    `mount -t tmpfs -o mode=755 none /run; ${script}`,
    "sh",
    ...args,
  ]);

rootTest("root's runs lay the code caches below /run, whole", async () => {
  const { stdout } = assertSuccess(
    await withOwnRun(
      'for word in state run exec plan; do "$1" --root /run/root $word -h' +
        ' >/dev/null; ls -A /run; done; stat -c "%a %U %n" /run/* /run/*/*',
      DAVIT,
    ),
  );
  const folders = codeFolders();
  assertEquals(folders.length, 4);
  const names = folders.map((folder) => folder.slice("/run/".length));
  const expected = names.flatMap((_, i) => names.slice(0, i + 1).sort());
  assertEquals(stdout.trim().split("\n"), [
    ...expected,
    ...folders.map((folder) => `755 root ${folder}`).sort(),
    ...folders.map((f) => `644 root ${f}/deno-compile-davit.cache`).sort(),
  ]);
}, { missing: preludes() });

/**
 * What is read and taken into memory at each start: what is in here costs,
 * whether it runs or not. Before you raise it, see whether what has come can be
 * loaded when it is needed (oci/parts.ts), and run `deno task bench`.
 */
const LARGEST = { state: 300_000, run: 960_000 };

for (const [word, most] of Object.entries(LARGEST)) {
  rootTest(`the code cache of ${word} is small`, async () => {
    const { stdout } = assertSuccess(
      await withOwnRun(
        '"$1" "$2" -h >/dev/null; cat /run/*/* | wc -c',
        DAVIT,
        word,
      ),
    );
    const size = Number(stdout);
    assert(size > 100_000 && size <= most, `it has ${size} bytes`);
  }, { missing: preludes() });
}

rootTest("the code cache is used, and not written again", async () => {
  const { stdout } = assertSuccess(
    await withOwnRun(
      '"$1" --version >/dev/null; before=$(stat -c "%i %Y" /run/*/*); ' +
        'mkdir /run/root; "$1" --root /run/root list >/dev/null; ' +
        'after=$(stat -c "%i %Y" /run/davit-code-*/*); echo "$before,$after"',
      DAVIT,
    ),
  );
  const [before, after] = stdout.trim().split(",");
  assertEquals(after, before);
}, { missing: preludes() });

rootTest("a user lays no code cache", async () => {
  await inFolder(async (folder) => {
    Deno.chmodSync(folder, 0o777);
    Deno.copyFileSync(DAVIT, `${folder}/davit`);
    const { stdout } = assertSuccess(
      await withOwnRun(
        'TMPDIR=$1 setpriv --reuid 65534 "$1/davit" --version >/dev/null; ' +
          'ls -A /run; ls -A "$1"',
        folder,
      ),
    );
    assertEquals(stdout.trim(), "davit");
  });
}, { missing: preludes() });

for (const name of ["davit", "runc", "davit-1.0_of.twenty-nine-char"]) {
  rootTest(`a binary called ${name} finds its code`, async () => {
    await inFolder(async (folder) => {
      Deno.copyFileSync(DAVIT, `${folder}/${name}`);
      const { stdout } = assertSuccess(
        await withOwnRun(
          'DENO_LOG=debug "$1" --version 2>&1; cat /run/*/*',
          `${folder}/${name}`,
        ),
      );
      // What Deno says that it has loaded, and what it looks for in it.
      const [, file] = /Loaded [1-9]\d* code cache .* from (\S+)/.exec(stdout)!;
      const [log, main] = /main_module (\S+)/.exec(stdout)!;
      assertEquals(basename(file!), `deno-compile-${name}.cache`);
      assert(stdout.slice(stdout.indexOf(log) + log.length).includes(main!));
    });
  }, { missing: preludes() });
}
