import { assertEquals, assertMatch } from "@std/assert";

const MAIN = new URL("./main.ts", import.meta.url).pathname;
const COMMANDS = [
  "build",
  "check",
  "checkpoint",
  "completion",
  "create",
  "delete",
  "env",
  "events",
  "exec",
  "features",
  "kill",
  "list",
  "pause",
  "plan",
  "ps",
  "restore",
  "resume",
  "run",
  "spec",
  "start",
  "state",
  "try",
  "update",
  "validate",
];

async function davit(...args: string[]) {
  const output = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", MAIN, ...args],
  }).output();
  const decoder = new TextDecoder();
  return {
    code: output.code,
    stdout: decoder.decode(output.stdout),
    stderr: decoder.decode(output.stderr),
  };
}

Deno.test("main.ts has every command", async () => {
  const { code, stdout, stderr } = await davit("--help");
  assertEquals([code, stderr], [0, ""]);
  const [, list = ""] = /^COMMANDS:\n(.*?)\n\n/ms.exec(stdout) ?? [];
  const words = list.split("\n").map((line) => line.trim().split(/[ ,]/)[0]);
  assertEquals(words, [...COMMANDS, "help"]);
});

Deno.test("main.ts has help for every command", async () => {
  const outputs = await Promise.all(COMMANDS.map((word) => davit(word, "-h")));
  for (const [index, { code, stdout, stderr }] of outputs.entries()) {
    assertEquals([code, stderr], [0, ""]);
    const [first, second = ""] = stdout.split("\n");
    assertEquals(first, "NAME:");
    assertEquals(second.startsWith(`   davit ${COMMANDS[index]} - `), true);
  }
});

Deno.test("main.ts exits with a status and one line", async () => {
  assertEquals(await davit("foo"), {
    code: 3,
    stdout: "",
    stderr: "No help topic for 'foo'; see davit --help\n",
  });
  const version = await davit("--version");
  assertEquals(version.code, 0);
  assertMatch(version.stdout, /^davit version /);
});

Deno.test("main.ts ends silently when nobody reads", async () => {
  const pipe = new Deno.Command("sh", {
    args: ["-c", `"$0" "$@" | true`, Deno.execPath(), "run", "-A", MAIN, "-h"],
  });
  const { stderr } = await pipe.output();
  assertEquals(new TextDecoder().decode(stderr), "");
});
