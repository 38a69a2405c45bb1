import { assert, assertEquals } from "@std/assert";
import { manPages } from "./man.ts";

Deno.test("the manual pages are those of the commands: deno task man", async () => {
  const folder = new URL("../docs/man/", import.meta.url);
  const found = new Map(
    Array.from(Deno.readDirSync(folder), ({ name }) => [
      name,
      Deno.readTextFileSync(new URL(name, folder)),
    ]),
  );
  const wanted = await manPages();
  assertEquals([...found.keys()].sort(), [...wanted.keys()].sort());
  for (const [name, page] of wanted) assertEquals(found.get(name), page, name);
});

Deno.test("manual pages are roff", async () => {
  const page = (await manPages()).get("davit-run.8")!;
  assert(page.startsWith('.TH DAVIT-RUN 8 "" "davit '));
  assert(page.includes("\n.SH OPTIONS\n.TP\n"));
  assert(page.includes("\\fB\\-\\-detach\\fR, \\fB\\-d\\fR\n"));
  assert(!/^[.'](?!TH|SH|TP|PP|nf|fi)/m.test(page), "no other requests");
});
