import { assert, assertEquals, assertThrows } from "@std/assert";
import { CompileError, nameByContent } from "./deno_compile.ts";

/** The files of a folder after they are named, and their times. */
function named(files: Record<string, string>): Map<string, string> {
  const folder = Deno.makeTempDirSync();
  try {
    for (const [name, text] of Object.entries(files)) {
      Deno.writeTextFileSync(`${folder}/${name}`, text);
    }
    nameByContent(folder);
    return new Map(
      [...Deno.readDirSync(folder)].map(({ name }) => {
        const file = `${folder}/${name}`;
        assertEquals(Deno.statSync(file).mtime?.getTime(), 0);
        return [name, Deno.readTextFileSync(file)];
      }).sort() as [string, string][],
    );
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const bundled = (one: string, other: string, text = "x") => ({
  "main.js": `import"./chunk-${one}.js";import("./exec-${other}.js")`,
  [`chunk-${one}.js`]: text,
  [`exec-${other}.js`]: `import"./chunk-${one}.js"`,
});

Deno.test("nameByContent() gives the same names wherever files were bundled", () => {
  const files = named(bundled("7TMIKQJP", "D7S2BRAE"));
  assertEquals(files, named(bundled("XVOTFJSJ", "NVU6F3GO")));
  const names = [...files.keys()];
  assertEquals(names.length, 3);
  assertEquals(
    files.get("main.js"),
    `import"./${names[0]}";import("./${names[1]}")`,
  );
  assertEquals(files.get(names[1]!), `import"./${names[0]}"`);
});

Deno.test("nameByContent() gives other content another name", () => {
  const [name] = named(bundled("7TMIKQJP", "D7S2BRAE")).keys();
  assert(!named(bundled("7TMIKQJP", "D7S2BRAE", "y")).has(name!));
});

Deno.test("nameByContent() refuses two files with the same content", () => {
  assertThrows(
    () => named({ "a-AAAAAAAA.js": "x", "b-BBBBBBBB.js": "x" }),
    CompileError,
    "same content",
  );
});
