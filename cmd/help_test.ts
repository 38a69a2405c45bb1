import { assertEquals } from "@std/assert";
import { type Command, NONE, ONE_ID } from "./command.ts";
import { commandHelp, generalHelp } from "./help.ts";

const COMMAND: Command = {
  summary: "do it",
  about: "Does it.\n\n    # davit it",
  arguments: ONE_ID,
  options: [
    { name: "bundle", short: "b", value: "dir", help: "the bundle" },
    { name: "keep", help: "keep it" },
  ],
  run: () => 0,
};

Deno.test("commandHelp() makes the help text of the command's table", () => {
  assertEquals(
    commandHelp("it", COMMAND),
    `NAME:
   davit it - do it

USAGE:
   davit it [command options] <container-id>

DESCRIPTION:
   Does it.

       # davit it

OPTIONS:
   --bundle dir, -b dir  the bundle
   --keep                keep it
   --help, -h            show help
`,
  );
});

Deno.test("commandHelp() shows no arguments where there are none", () => {
  const text = commandHelp("it", { ...COMMAND, arguments: NONE });
  assertEquals(text.split("\n")[4], "   davit it [command options]");
});

Deno.test("generalHelp() lists every command and global option", async () => {
  const text = await generalHelp({
    it: () => Promise.resolve({ command: COMMAND }),
    another: () => Promise.resolve({ command: COMMAND }),
  });
  const headings = text.split("\n").filter((line) => /^\S/.test(line));
  assertEquals(headings, [
    "NAME:",
    "USAGE:",
    "VERSION:",
    "COMMANDS:",
    "GLOBAL OPTIONS:",
  ]);
  const lines = text.split("\n");
  assertEquals(lines[1], "   davit - Open Container Initiative runtime");
  const start = lines.indexOf("COMMANDS:");
  assertEquals(lines.slice(start + 1, start + 5), [
    "   it       do it",
    "   another  do it",
    "   help, h  show help for a command",
    "",
  ]);
});
