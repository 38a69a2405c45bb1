/** Holds docs/properties.md against the specification and against the tests. */
import { assert, assertEquals } from "@std/assert";
import {
  hasSchemas,
  schemaProperties,
  whySkipped,
} from "../tests/spec_schema.ts";

const repo = new URL("../", import.meta.url);

interface Row {
  readonly pointer: string;
  readonly file: string;
  readonly test: string;
}

function rows(): Row[] {
  const text = Deno.readTextFileSync(new URL("docs/properties.md", repo));
  const lines = text.split("\n").filter((line) => line.startsWith("| `"));
  return lines.map((line) => {
    const [, pointer, , test] = line.split(" | ").join("|").split("|")
      .map((cell) => cell.trim());
    const found = /^`([^`]+)`: (.+)$/.exec(test!);
    assert(found !== null, `no test: ${line}`);
    const [, file = "", name = ""] = found!;
    return { pointer: pointer!.replaceAll("`", ""), file, test: name };
  });
}

/** Whether the row's pointer, with "*" for a name and "**" for any, fits. */
function fits(row: string, pointer: string): boolean {
  const pattern = row.split("/").map((part) =>
    part === "**" ? ".+" : part === "*" ? "[^/]+" : RegExp.escape(part)
  ).join("/");
  return new RegExp(`^${pattern}$`).test(pointer);
}

const OTHER_PLATFORMS = /^\/(windows|solaris|vm|zos|freebsd)(\/|$)/;

Deno.test({
  name: "docs/properties.md has each property of the specification" +
    whySkipped,
  ignore: !hasSchemas,
  fn() {
    const table = rows().map(({ pointer }) => pointer);
    const all = [...schemaProperties("config-schema.json")]
      .map(({ pointer }) => pointer)
      .filter((pointer) => !OTHER_PLATFORMS.test(pointer));
    // A property that only holds others is there when these are.
    const holders = all.filter((pointer) =>
      all.some((other) => other.startsWith(`${pointer}/`))
    );
    const missing = all.filter((pointer) =>
      !table.some((row) => fits(row, pointer)) && !holders.includes(pointer)
    );
    assertEquals(missing, [], "properties without a row");
    const unknown = table.filter((row) =>
      row !== "state" && !all.some((pointer) => fits(row, pointer))
    );
    assertEquals(unknown, [], "rows without a property");
    assertEquals(new Set(table).size, table.length, "a row is there twice");
  },
});

Deno.test("docs/properties.md names tests that there are", () => {
  const texts = new Map<string, string>();
  for (const { pointer, file, test } of rows()) {
    let text = texts.get(file);
    if (text === undefined) {
      text = Deno.readTextFileSync(new URL(file, repo));
      texts.set(file, text);
    }
    assert(text.includes(test), `${pointer}: ${file} has no "${test}"`);
  }
});
