/** Bytes that are not UTF-8, in all that Davit is given: refused in one line. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { writeConfig } from "./bundle.ts";
import {
  command,
  type Container,
  containerTest,
  rootTest,
} from "./container.ts";
import {
  assertOneLine,
  assertSuccess,
  DAVIT,
  type Result,
  run,
} from "./davit.ts";

/** What is missing for what the compiled binary for x86_64 has. */
const prelude = DAVIT.endsWith("scripts/davit")
  ? "the compiled binary"
  : Deno.build.arch === "x86_64"
  ? undefined
  : "an x86_64";

/**
 * Runs a shell script in which `$davit` is Davit. The bytes are printf's: the
 * tests' own Deno cannot give them.
 */
function sh(text: string, ...args: string[]): Promise<Result> {
  return run(["sh", "-c", `davit=$1; shift; ${text}`, "sh", DAVIT, ...args], {
    bare: { PATH: Deno.env.get("PATH")!, NO_COLOR: "1" },
  });
}

const MALFORMED: Record<string, string> = {
  "a byte that never is": "\\377",
  "a byte that never is, later": "name\\376",
  "a byte that only follows": "\\200",
  "a character that ends early": "\\303",
  "one that ends early, and text": "\\342\\202x",
  "an overlong slash": "\\300\\257",
  "overlong, three bytes": "\\340\\237\\277",
  "overlong, four bytes": "\\360\\217\\277\\277",
  "a surrogate": "\\355\\240\\200",
  "beyond the last character": "\\364\\220\\200\\200",
  "a lead byte beyond": "\\365\\200\\200\\200",
};

rootTest("an argument that is not UTF-8 is refused in one line", async () => {
  for (const [what, bytes] of Object.entries(MALFORMED)) {
    for (const words of [`"$b"`, `state "$b"`, `exec c echo "a" "$b" b`]) {
      const result = await sh(`b=$(printf '${bytes}'); "$davit" ${words}`);
      assertOneLine(result, /^An argument is not UTF-8/);
      assertEquals(result.code, 1, what);
      assertEquals(result.stdout, "");
    }
  }
}, { missing: prelude });

rootTest("the first and the last character of each length pass", async () => {
  const edges =
    "\x01\x7f\u0080\u07ff\u0800\ud7ff\ue000\uffff\u{10000}\u{10ffff}";
  for (const character of edges) {
    const result = await run([DAVIT, "state", `a${character}`]);
    assertOneLine(result, /^Container ID \(a.*\) (does not exist|is)|ID/);
  }
});

rootTest("the name that Davit is called by is refused as well", async () => {
  const result = await run([
    "bash",
    "-c",
    `exec -a $'\\xff' "$1" --version`,
    "bash",
    DAVIT,
  ]);
  assertOneLine(result, /^An argument is not UTF-8/);
}, { missing: prelude, programs: ["bash"] });

rootTest("Davit's own path is not dropped as a first argument", async () => {
  const own = Deno.realPathSync(DAVIT);
  const result = await run([own, own, "list"]);
  assertOneLine(result, /own path is no command/);
  assertEquals(result.code, 3); // as any other unknown command
  assertEquals(result.stdout, "");
  assertOneLine(await run([own, "state", own]), /Container ID/);
}, { missing: prelude });

const VARIABLES: Record<string, [words: string, user?: string]> = {
  XDG_RUNTIME_DIR: ["list", "setpriv --reuid 65534 --clear-groups"],
  NOTIFY_SOCKET: ["start none"],
};
for (const [name, [words, user = ""]] of Object.entries(VARIABLES)) {
  rootTest(`a ${name} that is not UTF-8 is named`, async () => {
    assertOneLine(
      await sh(
        `${name}=/tmp/$(printf '\\377'); export ${name}; ${user} "$davit" ${words}`,
      ),
      new RegExp(`^Environment variable ${name}: its value is not UTF-8`),
    );
  }, { programs: user === "" ? [] : ["setpriv"] });
}

containerTest(
  "other variables that are not UTF-8, and names, disturb nothing",
  command(["env"], (config) => config.process.env = ["A=1"]),
  async (container) => {
    const { stdout } = assertSuccess(
      await sh(
        `b=$(printf '\\377'); exec env "TMPDIR=/$b" "HOME=/$b" "LANG=$b" "$b=1" \\
         "DENO_DIR=/$b" "NO_COLOR=$b" "USER=$b" \\
         "$davit" --root "$1" run --bundle "$2" "$3"`,
        container.root,
        container.bundle,
        container.id,
      ),
    );
    assertEquals(stdout, "A=1\nHOME=/root\n");
  },
);

/** A folder whose name is no UTF-8, with the container's bundle in it. */
const IN_FOLDER = `f=$1/$(printf 'x\\377'); mkdir "$f"; mv "$2" "$f/bundle";
  cd "$f/bundle"; "$davit" --root "$3" run "$4"; s=$?;
  mv "$f/bundle" "$2"; rmdir "$f"; exit $s`;

containerTest(
  "a bundle below a folder that is not UTF-8 is refused",
  command(["true"]),
  async (container) => {
    const { folder, bundle, root, id } = container;
    const result = await sh(IN_FOLDER, folder, bundle, root, id);
    assertOneLine(result, /^Cannot find the current directory: .*UTF-8/);
    assertMatch(result.stderr, /absolute paths/);
    assertEquals(container.leftovers(), []);
  },
);

containerTest(
  "files of the root file system may have any names",
  command(["sh", "-c", "cd /names; echo * | od -An -tx1"], (config) => {
    config.root.readonly = false;
  }),
  async (container) => {
    assertSuccess(
      await sh(
        `mkdir "$1/names"; : >"$1/names/$(printf 'x\\377')"`,
        container.rootfs,
      ),
    );
    const { stdout } = assertSuccess(await container.run());
    assertEquals(stdout.trim(), "78 ff 0a");
  },
);

/** Writes JSON in which each "BYTE" is the byte 0xff. */
function writeBytes(path: string, value: unknown): void {
  const text = JSON.stringify(value).replaceAll("BYTE", "\xff");
  Deno.writeFileSync(path, Uint8Array.from(text, (c) => c.charCodeAt(0)));
}

containerTest(
  "a config.json that is not UTF-8 is refused at its byte, before all else",
  command(["echo", "BYTE"]),
  async (container) => {
    const path = `${container.bundle}/config.json`;
    const config = JSON.parse(Deno.readTextFileSync(path));
    writeBytes(path, config);
    for (const verb of ["run", "create"]) {
      const result = await container.davit([
        verb,
        "--bundle",
        container.bundle,
        container.id,
      ]);
      assertOneLine(
        result,
        /config\.json": not UTF-8 at line 1, column \d+: byte 0xff/,
      );
      assertEquals(container.leftovers(), []);
    }
    config.process.args = ["sleep", "100"];
    writeConfig(container.bundle, config);
    assertSuccess(await container.run(["--detach"]));
    await refusesProcessFile(container, config.process);
  },
);

async function refusesProcessFile(
  container: Container,
  process: Record<string, unknown>,
): Promise<void> {
  const file = `${container.folder}/process.json`;
  writeBytes(file, { ...process, args: ["echo", "BYTE"] });
  const result = await container.davit([
    "exec",
    "--process",
    file,
    container.id,
  ]);
  assertOneLine(result, /process\.json": not UTF-8 .*byte 0xff/);
  assert(result.stdout === "");
}
