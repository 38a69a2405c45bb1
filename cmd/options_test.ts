import { assertEquals, assertThrows } from "@std/assert";
import { RuntimeError } from "../oci/errors.ts";
import { type Option, parseOptions } from "./options.ts";

const TABLE = [
  { name: "bundle", short: "b", value: "dir", help: "" },
  { name: "pid-file", value: "path", help: "" },
  { name: "force", short: "f", help: "" },
  { name: "env", short: "e", value: "NAME", many: true, help: "" },
] as const satisfies readonly Option[];

function parse(...args: string[]) {
  return parseOptions(TABLE, args, "davit x", true);
}

function refusal(...args: string[]): string {
  const error = assertThrows(() => parse(...args), RuntimeError);
  assertEquals(error.code, "usage");
  assertEquals(error.hint, "see davit x --help");
  return error.message;
}

Deno.test("parseOptions() takes values in all four forms", () => {
  for (
    const args of [["--bundle", "d"], ["--bundle=d"], ["-b", "d"], ["-b=d"]]
  ) {
    assertEquals(parse(...args, "id"), {
      options: { bundle: "d" },
      args: ["id"],
      help: false,
    });
  }
});

Deno.test("parseOptions() keeps what is in a value", () => {
  assertEquals(parse("--pid-file=a=b").options, { "pid-file": "a=b" });
  assertEquals(parse("--pid-file", "--force").options, {
    "pid-file": "--force",
  });
  assertEquals(parse("--pid-file", "").options, { "pid-file": "" });
  assertEquals(parse("--pid-file=").options, { "pid-file": "" });
});

Deno.test("parseOptions() takes switches, on and off", () => {
  assertEquals(parse("-f").options, { force: true });
  assertEquals(parse("--force=true").options, { force: true });
  assertEquals(parse("--force", "--force=false").options, {});
});

Deno.test("parseOptions() takes the last of an option given twice", () => {
  assertEquals(parse("-b", "1", "-b", "2").options, { bundle: "2" });
});

Deno.test("parseOptions() takes all of what may be given more than once", () => {
  assertEquals(parse("-e", "a=1", "--env=b,c", "-e", "").options, {
    env: ["a=1", "b,c", ""],
  });
  assertEquals(parse("id").options, {});
});

Deno.test("parseOptions() keeps arguments as text, in their order", () => {
  const { args } = parse("012", "1e3", "-", "", "__proto__");
  assertEquals(args, ["012", "1e3", "-", "", "__proto__"]);
});

Deno.test("parseOptions() finds options after arguments when mixed", () => {
  assertEquals(parse("id", "-f"), {
    options: { force: true },
    args: ["id"],
    help: false,
  });
  assertEquals(
    parseOptions(TABLE, ["-f", "ls", "-b"], "davit x", false),
    { options: { force: true }, args: ["ls", "-b"], help: false },
  );
});

Deno.test("parseOptions() ends options at --", () => {
  assertEquals(parse("-f", "--", "--force", "--").args, ["--force", "--"]);
  assertEquals(parse("a", "--", "-b").args, ["a", "-b"]);
});

Deno.test("parseOptions() takes more arguments than a call can have", () => {
  const many = new Array<string>(300_000).fill("a");
  assertEquals(parse("--", ...many.slice(0, 10)).args.length, 10);
  const parsed = parseOptions(TABLE, ["--", ...many], "davit x", true);
  assertEquals(parsed.args.length, 300_000);
});

Deno.test("parseOptions() knows --help everywhere", () => {
  assertEquals(parse("id", "-h").help, true);
  assertEquals(parse("--help").help, true);
  assertEquals(parse("--help=false").help, false);
});

Deno.test("parseOptions() refuses what it does not know", () => {
  assertEquals(
    refusal("id", "--forc"),
    'davit x: flag provided but not defined: "--forc"',
  );
  assertEquals(
    refusal("--root=/r"),
    'davit x: flag provided but not defined: "--root"',
  );
  assertEquals(
    refusal("-undefined"),
    'davit x: flag provided but not defined: "-undefined"',
  );
  assertEquals(
    refusal("--constructor"),
    'davit x: flag provided but not defined: "--constructor"',
  );
});

Deno.test("parseOptions() refuses a missing value, and one too many", () => {
  assertEquals(
    refusal("id", "--bundle"),
    'davit x: flag needs an argument: "--bundle"',
  );
  assertEquals(
    refusal("--force=yes"),
    'davit x: flag "--force": found the value "yes", but it takes none',
  );
});
