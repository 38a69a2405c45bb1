import { assertEquals, assertMatch } from "@std/assert";
import { capture } from "./captured_output.ts";
import { print, VERSION, versionLines } from "./version.ts";

Deno.test("print() prints the version as runc does", async () => {
  const { result, stdout } = await capture(print);
  assertEquals(result, 0);
  assertMatch(
    stdout,
    /^davit version \d+\.\d+\.\d+\ncommit: source\nspec: 1\.3\.0\ndeno: [\d.]+\n$/,
  );
});

Deno.test("VERSION is the one of deno.json", () => {
  const text = Deno.readTextFileSync(new URL("../deno.json", import.meta.url));
  assertEquals(JSON.parse(text).version, VERSION);
});

Deno.test("versionLines() say whose version it is, called by another's name", () => {
  const [first, ...others] = versionLines("runc").split("\n");
  assertEquals(first, `${VERSION} (Davit)`);
  assertEquals(others, versionLines().split("\n").slice(1));
});
