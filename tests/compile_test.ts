import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path/posix";
import { rootTest } from "./container.ts";
import { assertOneLine, assertSuccess, DAVIT, REPO, run } from "./davit.ts";

const compiled = DAVIT.endsWith("scripts/davit")
  ? "the compiled binary"
  : undefined;

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

rootTest("compile needs no network the second time", async () => {
  await inFolder(async (folder) => {
    const output = `${folder}/again`;
    assertSuccess(
      await run(["unshare", "--net", ...compile("--output", output)]),
    );
    assertSuccess(await run([output, "--version"]));
    const left = [...Deno.readDirSync(folder)].map(({ name }) => name);
    assertEquals(left, ["again"]);
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
