/** Holds the table of docs/security.md against the tests' names. */
import { assert, assertEquals } from "@std/assert";

const repo = new URL("../", import.meta.url);
const ID = /CVE-\d{4}-\d+|GHSA(?:-[0-9a-z]{4}){3}|opencontainers\/cgroups#69/g;

interface Row {
  readonly id: string;
  readonly file: string;
  readonly test: string;
}

function rows(): Row[] {
  const text = Deno.readTextFileSync(new URL("docs/security.md", repo));
  const [, table = ""] = text.split("\n## Attacks and their tests\n");
  return table.split("\n").filter((line) => /^\| [A-Zo]/.test(line))
    .filter((line) => !line.startsWith("| ID "))
    .map((line) => {
      const [, id = "", , test = ""] = line.split("|").map((cell) =>
        cell.trim()
      );
      const [, file = "", name = ""] = /^`([^`]+)`: (.+)$/.exec(test) ?? [];
      assert(name !== "", `no test: ${line}`);
      return { id, file, test: name };
    });
}

function* testFiles(folder: URL): Generator<URL> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = new URL(isDirectory ? `${name}/` : name, folder);
    if (isDirectory && !name.startsWith(".")) yield* testFiles(path);
    else if (name.endsWith("_test.ts")) yield path;
  }
}

Deno.test("docs/security.md names tests that there are, by their numbers", () => {
  assert(rows().length > 60);
  for (const { id, file, test } of rows()) {
    const text = Deno.readTextFileSync(new URL(file, repo));
    assert(text.includes(test), `${id}: ${file} has no "${test}"`);
    assert(test.includes(id), `${id}: the name "${test}" is without it`);
  }
});

Deno.test("docs/security.md has each number that a test is named by", () => {
  const known = new Set(rows().map(({ id }) => id));
  const unknown = new Set<string>();
  for (const folder of ["tests/", "oci/", "cmd/", "cgroup/", "launch/"]) {
    for (const file of testFiles(new URL(folder, repo))) {
      for (const [id] of Deno.readTextFileSync(file).matchAll(ID)) {
        if (!known.has(id)) unknown.add(id);
      }
    }
  }
  assertEquals([...unknown], []);
});
