import { assertEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";

const here = dirname(fromFileUrl(import.meta.url));

/** Runs a copy of scripts/deno, with an npm that fails so. */
function withNpm(script: string) {
  const folder = Deno.makeTempDirSync({ prefix: "davit-deno." });
  try {
    Deno.mkdirSync(`${folder}/scripts`);
    Deno.mkdirSync(`${folder}/bin`);
    Deno.copyFileSync(join(here, "deno"), `${folder}/scripts/deno`);
    Deno.writeTextFileSync(`${folder}/.deno-version`, "1.2.3\n");
    Deno.writeTextFileSync(`${folder}/bin/npm`, `#!/bin/sh\n${script}\n`, {
      mode: 0o755,
    });
    const { code, stderr } = new Deno.Command(`${folder}/scripts/deno`, {
      args: ["--version"],
      clearEnv: true,
      env: { PATH: `${folder}/bin:/usr/bin:/bin`, HOME: folder },
    }).outputSync();
    const left = [...Deno.readDirSync(`${folder}/.deno`)].map((e) => e.name);
    return { code, said: new TextDecoder().decode(stderr), left };
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const INSTALLING =
  "davit: installing Deno 1.2.3 from npm into .deno/ (once, about 40 MB)\n";

Deno.test("scripts/deno says why npm fails, and leaves nothing", () => {
  assertEquals(withNpm("echo 'npm error code EAI_AGAIN' >&2; exit 1"), {
    code: 1,
    said: `${INSTALLING}davit: npm could not install Deno 1.2.3: ` +
      "npm error code EAI_AGAIN\n",
    left: [],
  });
});

Deno.test("scripts/deno says that npm has no Deno for the machine", () => {
  const { code, said, left } = withNpm("exit 0");
  assertEquals({ code, left }, { code: 1, left: [] });
  assertEquals(
    said.replace(/\(.*, glibc/, "(M, glibc").slice(INSTALLING.length),
    "davit: npm has no Deno 1.2.3 for this machine (M, glibc is needed)\n",
  );
});
