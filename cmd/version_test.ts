import { assertEquals, assertMatch } from "@std/assert";
import { capture } from "./captured_output.ts";
import { print } from "./version.ts";

Deno.test("print() prints the version as runc does", async () => {
  const { result, stdout } = await capture(print);
  assertEquals(result, 0);
  assertMatch(
    stdout,
    /^davit version \d+\.\d+\.\d+\ncommit: source\nspec: 1\.3\.0\ndeno: [\d.]+\n$/,
  );
});

Deno.test("VERSION is the one of deno.json", async () => {
  const { VERSION } = await import("./version.ts");
  const text = Deno.readTextFileSync(new URL("../deno.json", import.meta.url));
  assertEquals(JSON.parse(text).version, VERSION);
});
