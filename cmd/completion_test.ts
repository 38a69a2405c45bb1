import { assert, assertEquals, assertMatch } from "@std/assert";
import { bash } from "./completion_bash.ts";
import { fish } from "./completion_fish.ts";
import { completionTable } from "./completion_table.ts";
import { zsh } from "./completion_zsh.ts";
import { type Command, NONE, ONE_ID } from "./command.ts";

function fake(parts: Partial<Command>) {
  const command: Command = {
    summary: "it's one",
    about: "",
    arguments: ONE_ID,
    options: [],
    run: () => 0,
    ...parts,
  };
  return () => Promise.resolve({ command });
}

const TABLE = await completionTable({
  kill: fake({
    options: [{ name: "all", short: "a", help: "all [of it]: yes (or not)" }],
  }),
  run: fake({
    options: [
      { name: "bundle", short: "b", value: "dir", help: "the bundle" },
      { name: "pid-file", value: "path", help: "a file" },
      { name: "number", value: "N", help: "how many" },
    ],
  }),
  plan: fake({ arguments: { ...NONE, synopsis: "[bundle]", max: 1 } }),
  shell: fake({ arguments: { ...NONE, synopsis: "<bash|fish>", max: 1 } }),
});

Deno.test("completionTable() knows what arguments and values are", () => {
  const kinds = TABLE.commands.map(({ word, argument }) => [word, argument]);
  assertEquals(kinds, [
    ["kill", "id"],
    ["run", "none"],
    ["plan", "folder"],
    ["shell", ["bash", "fish"]],
  ]);
  const values = TABLE.commands[1]!.options.map(({ value }) => value);
  assertEquals(values, ["folder", "file", "word", undefined]);
});

/** What bash offers for the last of these words. */
function offers(...words: string[]): string[] {
  const folder = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(
      `${folder}/davit`,
      '#!/bin/sh\n[ "$*" = "list -q" ] && echo c1 c2\n' +
        '[ "$*" = "--root /r list -q" ] && echo r1\n',
      { mode: 0o755 },
    );
    Deno.mkdirSync(`${folder}/here`);
    Deno.writeTextFileSync(`${folder}/file`, "");
    const line = ["davit", ...words].map((word) => `'${word}'`).join(" ");
    const script = `${bash(TABLE)}
COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _davit
printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = new Deno.Command("bash", {
      args: ["-c", script],
      cwd: folder,
      env: { PATH: `${folder}:/usr/bin:/bin` },
    }).outputSync();
    assertEquals(new TextDecoder().decode(stderr), "");
    return new TextDecoder().decode(stdout).split("\n").filter((w) => w !== "");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("bash completes commands, flags, IDs and files", () => {
  assertEquals(offers(""), ["kill", "run", "plan", "shell", "help"]);
  assertEquals(offers("--debug", "k"), ["kill"]);
  assertEquals(offers("--root", "run", "k"), ["kill"]);
  assertEquals(offers("--ro"), ["--root", "--rootless"]);
  assertEquals(offers("kill", "--"), ["--all", "--help"]);
  assertEquals(offers("kill", ""), ["c1", "c2"]);
  assertEquals(offers("--root", "/r", "kill", ""), ["r1"]);
  assertEquals(offers("run", "--bundle", ""), ["here"]);
  assertEquals(offers("run", "--pid-file", "f"), ["file"]);
  assertEquals(offers("run", "--number", ""), []);
  assertEquals(offers("plan", "h"), ["here"]);
  assertEquals(offers("shell", "f"), ["fish"]);
  assertEquals(offers("help", "p"), ["plan"]);
});

for (
  const [shell, script] of [
    ["bash", bash(TABLE)],
    ["zsh", zsh(TABLE)],
    ["fish", fish(TABLE)],
  ] as const
) {
  Deno.test(`the script for ${shell} names every flag, and parses`, () => {
    for (const flag of ["all", "bundle", "pid-file", "number"]) {
      assert(script.includes(flag), flag);
    }
    const path = Deno.makeTempFileSync();
    try {
      Deno.writeTextFileSync(path, script);
      const { success, stderr } = new Deno.Command(shell, {
        args: ["-n", path],
      }).outputSync();
      assert(success, new TextDecoder().decode(stderr));
    } catch (error) {
      // That shell is not here: what it has to hold was seen.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    } finally {
      Deno.removeSync(path);
    }
  });
}

Deno.test("texts are quoted as each shell wants it", () => {
  assertMatch(zsh(TABLE), /\*--all\[all \\\[of it\\\]\\: yes\]/);
  assertMatch(zsh(TABLE), /'kill:it'\\''s one'/);
  assertMatch(fish(TABLE), /-d 'it\\'s one'/);
});
