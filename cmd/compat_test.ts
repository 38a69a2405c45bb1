/** Holds docs/compat.md against Davit's own commands and options. */
import { assert, assertEquals } from "@std/assert";
import { commands } from "../main.ts";
import { GLOBAL_OPTIONS } from "./global_options.ts";
import { allCommands } from "./more.ts";
import type { Option } from "./options.ts";

/** A row of a table: what it is about, and what Davit does with it. */
interface Row {
  readonly names: readonly string[];
  readonly peers: readonly string[];
  readonly davit: string;
  readonly note: string;
}

const TEXT = Deno.readTextFileSync(
  new URL("../docs/compat.md", import.meta.url),
);

/** The rows of each table, by the heading above it. */
function tables(text: string): Map<string, Row[]> {
  const found = new Map<string, Row[]>();
  for (const part of text.split(/^## /m).slice(1)) {
    const [heading = "", ...lines] = part.split("\n");
    const rows = lines.filter((line) => line.startsWith("| `")).map((line) => {
      const [names = "", runc, crun, kata, davit = "", note = ""] = line
        .split("|").slice(1, -1).map((cell) => cell.trim());
      return {
        names: [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
        peers: [runc!, crun!, kata!],
        davit,
        note,
      };
    });
    found.set(heading.replaceAll("`", ""), rows);
  }
  return found;
}

/** The heading of what is about no command. */
const SUITE = "The integration suite of runc";

const TABLES = tables(TEXT);
const HELP: Option = { name: "help", short: "h", help: "" };

/** Davit's options by the headings of their tables. */
async function ownOptions(): Promise<Map<string, readonly Option[]>> {
  const own = new Map<string, readonly Option[]>();
  own.set("Before the command", [...GLOBAL_OPTIONS, HELP]);
  for (const [word, load] of Object.entries(allCommands(commands))) {
    own.set(word, (await load()).command.options);
  }
  return own;
}

/** How an option is written on a command line, short form last. */
function written({ name, short }: Option): string[] {
  return short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`];
}

Deno.test("compat.md says of each command whether there is one", async () => {
  const own = await ownOptions();
  const rows = TABLES.get("Commands")!;
  assert(rows.length > 20);
  for (const { names: [name = ""], davit, peers } of rows) {
    assert(["does", "refuses"].includes(davit), `${name}: ${davit}`);
    assertEquals(own.has(name), davit === "does", name);
    assert(peers.includes("yes"), name);
  }
});

Deno.test("compat.md says of each flag whether there is one", async () => {
  const own = await ownOptions();
  for (const [heading, rows] of TABLES) {
    if (["Commands", SUITE].includes(heading)) continue;
    const options = own.get(heading) ?? [];
    assert(own.has(heading), `there is no command ${heading}`);
    for (const { names, davit, note, peers } of rows) {
      const place = `${heading} ${names}`;
      const option = options.find((o) => `--${o.name}` === names[0]);
      assert(["does", "ignores", "refuses"].includes(davit), place);
      assertEquals(option !== undefined, davit !== "refuses", place);
      if (option !== undefined) assertEquals(written(option), names, place);
      // Where Davit does otherwise, it has a reason.
      if (davit !== "does") assert(note !== "", place);
      assert(peers.includes("yes"), place);
    }
  }
});

Deno.test("compat.md leaves out only Davit's own flags", async () => {
  const own = [...await ownOptions()].flatMap(([heading, options]) => {
    const rows = TABLES.get(heading) ?? [];
    return options.filter((option) =>
      !rows.some(({ names }) => names[0] === `--${option.name}`)
    ).map(({ name }) => `${heading} --${name}`);
  }).filter((place) => !/ --(strict|trace)$/.test(place));
  const words = TABLES.get("Commands")!.map(({ names }) => names[0]);
  assertEquals(own.filter((place) => words.includes(place.split(" ")[0]!)), []);
});

Deno.test("compat.md names what is Davit's own", async () => {
  const words = new Set(TABLES.get("Commands")!.map(({ names }) => names[0]));
  const [intro = ""] = TEXT.split("## Commands");
  for (const word of (await ownOptions()).keys()) {
    if (words.has(word) || word === "Before the command") continue;
    assert(intro.includes(`\`${word}\``), `${word} is not mentioned`);
  }
});
