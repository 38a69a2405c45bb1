import { assertEquals, assertMatch } from "@std/assert";
import { dirname, fromFileUrl } from "@std/path/posix";
import plugin from "./house_rules.ts";

const repo = dirname(dirname(fromFileUrl(import.meta.url)));

/** What the rules say about a file of that name. */
function lint(file: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, `${repo}/${file}`, source)
    .map((diagnostic) => diagnostic.message);
}

const allowed: [file: string, source: string][] = [
  ["main.ts", `import { run } from "./cmd/run.ts";`],
  ["main.ts", `await import("./cmd/run.ts");`],
  ["cmd/run.ts", `import { run } from "../oci/run.ts";`],
  ["oci/run.ts", `import { a } from "../launch/a.ts";`],
  ["oci/run.ts", `export { a } from "./a.ts";`],
  ["oci/run.ts", `import { join } from "@std/path/posix";`],
  ["launch/a.ts", `import type { A } from "../ffi/a.ts";`],
  ["ffi/libc.ts", `Deno.dlopen("libc.so.6", {});`],
  ["cmd/run.ts", `console.log(1);`],
  ["cgroup/a_test.ts", `import { a } from "../oci/a.ts";`],
  ["tests/a.ts", `import { a } from "../oci/a.ts"; console.log(a);`],
  ["scripts/a.ts", `new Deno.Command("runc");`],
  ["cmd/spec.ts", `Deno.openSync("config.json");`],
  ["oci/tour.ts", `Deno.readDirSync("/proc");`],
  ["oci/a_test.ts", `Deno.mkdirSync("/a");`],
  ["launch/a.ts", `Deno.pid; Deno.build.arch; file.statSync();`],
];
for (const [file, source] of allowed) {
  Deno.test(`house rules allow ${source} in ${file}`, () => {
    assertEquals(lint(file, source), []);
  });
}

const refused: [file: string, source: string, message: RegExp][] = [
  ["main.ts", `import { a } from "./oci/a.ts";`, /main\.ts imports "oci"/],
  ["oci/a.ts", `import { a } from "../cmd/a.ts";`, /oci imports "cmd"/],
  ["launch/a.ts", `import { a } from "../oci/a.ts";`, /launch imports "oci"/],
  ["cgroup/a.ts", `export * from "../mapping/a.ts";`, /only: cgroup, ffi$/],
  ["ffi/a.ts", `export { a } from "../launch/a.ts";`, /only: ffi$/],
  ["ffi/a.ts", `await import("../launch/a.ts");`, /only: ffi$/],
  ["oci/a.ts", `import { a } from "../tests/a.ts";`, /oci imports "tests"/],
  ["oci/a.ts", `await import(name);`, /literal name/],
  ["oci/a.ts", `import fs from "node:fs";`, /loads the Node layer/],
  ["oci/a.ts", `import a from "npm:left-pad";`, /the product imports "npm:/],
  ["oci/a.ts", `import { assert } from "@std/assert";`, /@std\/assert/],
  ["oci/a.ts", `import { resolve } from "@std/path/posix";`, /resolve touches/],
  ["oci/a.ts", `import * as path from "@std/path/posix";`, /all of @std/],
  ["oci/a.ts", `globalThis.process.pid;`, /globalThis\.process in oci/],
  ["oci/a.ts", `globalThis["process"].pid;`, /globalThis\.process in oci/],
  ["launch/a.ts", `Deno.dlopen("libc.so.6", {});`, /the one door to libc/],
  ["launch/a.ts", `const { dlopen } = Deno;`, /Deno gets another name/],
  ["oci/a.ts", `const say = console;`, /console gets another name/],
  ["oci/a.ts", `console.error(1);`, /console in oci/],
  ["oci/a.ts", `new Deno.Command("newuidmap");`, /Deno\.Command in oci/],
  ["launch/a.ts", `Deno.openSync(path);`, /openSync in launch.*CVE-2021-30465/],
  ["oci/a.ts", `await Deno.mkdir(path);`, /Deno\.mkdir in oci: it follows/],
  ["oci/a.ts", `Deno["removeSync"](path);`, /Deno\.removeSync in oci/],
  ["oci/a.ts", `const { statSync } = Deno;`, /Deno gets another name/],
  ["cgroup/a.ts", `Deno.writeTextFileSync(a, b);`, /use descriptors of ffi/],
  ["mapping/a.ts", `Deno.readTextFile(a);`, /Deno\.readTextFile in mapping/],
  ["api/a.ts", `Deno.symlinkSync(a, b);`, /Deno\.symlinkSync in api/],
];
for (const [file, source, message] of refused) {
  Deno.test(`house rules refuse ${source} in ${file}`, () => {
    const found = lint(file, source);
    assertEquals(found.length, 1, found.join("\n"));
    assertMatch(found[0]!, message);
  });
}
