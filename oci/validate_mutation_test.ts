import { assert, assertEquals } from "@std/assert";
import { defaultSpec } from "./default_spec.ts";
import { ConfigError, type Problem } from "./errors.ts";
import { parseJson } from "./json_text.ts";
import { parseMountOptions } from "./mount_options.ts";
import { checkSupported } from "./supported.ts";
import { validate } from "./validate.ts";

/** The specification's schema and examples, outside of the repository. */
const SCHEMA = new URL("../../shared/oci-schema/", import.meta.url);

function examples(kind: "good" | "bad"): { name: string; text: string }[] {
  try {
    const folder = new URL(`test/config/${kind}/`, SCHEMA);
    return [...Deno.readDirSync(folder)].map(({ name }) => ({
      name,
      text: Deno.readTextFileSync(new URL(name, folder)),
    }));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

const good = examples("good");
const bad = examples("bad");
const ignore = good.length === 0;
const why = ignore ? " (skipped: ../shared/oci-schema is not there)" : "";

function parse(text: string): unknown {
  return parseJson(new TextEncoder().encode(text));
}

/**
 * Reasons why good examples are refused all the same: they are for other
 * platforms or older versions, or leave out what Linux needs.
 */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  "freebsd-example.json": ["/hostname", "/mounts"],
  "zos-example.json": ["/ociVersion", "/hostname", "/mounts"],
  "spec-example.json": ["/ociVersion"],
};

Deno.test({
  name: "the specification's good examples are accepted" + why,
  ignore,
  fn() {
    for (const { name, text } of good) {
      const pointers = validate(parse(text)).errors.map((e) => e.pointer);
      const wanted = REFUSED[name] ?? [];
      assertEquals(pointers.filter((p) => !wanted.includes(p)), [], name);
    }
  },
});

Deno.test({
  name: "the specification's bad examples are refused" + why,
  ignore,
  fn() {
    for (const { name, text } of bad) {
      // Sections of other platforms are not looked at.
      if (name.startsWith("freebsd")) continue;
      let count = 0;
      try {
        count = validate(parse(text)).errors.length;
      } catch {
        count = 1;
      }
      assert(count > 0, name);
    }
  },
});

/** Numbers from 0 to below `n`, the same ones at every run. */
function randomNumbers(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

const VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  4294967296,
  1e300,
  2n ** 64n,
  -(2n ** 70n),
  "",
  "x",
  "/",
  "/a\0b",
  "../..",
  "\ud800",
  "x".repeat(5000),
  [],
  [null],
  [[[]]],
  ["a", 1],
  {},
  { type: "user" },
  { containerID: 0, hostID: 0, size: 1 },
  JSON.parse('{"__proto__": {"polluted": 1}, "constructor": null}'),
];

/** Every place in a value: what holds it, and its name there. */
function places(value: unknown): [Record<string, unknown>, string][] {
  const found: [Record<string, unknown>, string][] = [];
  if (typeof value !== "object" || value === null) return found;
  for (const name of Object.keys(value)) {
    found.push([value as Record<string, unknown>, name]);
    found.push(...places((value as Record<string, unknown>)[name]));
  }
  return found;
}

/** Changes a few places: other values, moved values, renamed, taken away. */
function mutate(config: unknown, random: (n: number) => number): unknown {
  const copy = structuredClone(config);
  for (let left = 1 + random(3); left > 0; left--) {
    const all = places(copy);
    if (all.length === 0) break;
    const [holder, name] = all[random(all.length)]!;
    const value = holder[name];
    const action = random(6);
    if (action === 0) delete holder[name];
    else if (action === 1) {
      const [other, key] = all[random(all.length)]!;
      holder[name] = structuredClone(other[key]);
    } else if (action === 2) {
      delete holder[name];
      holder[name.slice(0, -1) + "X"] = value;
    } else if (action === 3 && Array.isArray(value)) {
      value.push(structuredClone(value[random(value.length)]));
    } else if (action === 4 && typeof value === "number") {
      holder[name] = value + [-1, 1, 0.5, 2 ** 31, 2 ** 32][random(5)]!;
    } else holder[name] = structuredClone(VALUES[random(VALUES.length)]);
  }
  return copy;
}

function assertProblems(problems: readonly Problem[]): void {
  for (const { pointer, found, message } of problems) {
    assert(pointer === "" || pointer.startsWith("/"), pointer);
    assert(typeof found === "string" && found.length < 600);
    assert(message.length > 0 && message.length < 1000, message);
    assert(!/[\n\r\0]/.test(message + found), message);
  }
}

Deno.test("validate() never throws, whatever is changed", () => {
  const random = randomNumbers(20261124);
  const bases: unknown[] = [defaultSpec({ cgroupNamespace: true })];
  for (const { name, text } of [...good, ...bad]) {
    if (name !== "invalid-json.json") bases.push(parse(text));
  }
  let faulty = 0;
  for (let round = 0; round < 4000; round++) {
    // Every second round starts from the default configuration.
    const base = bases[round % 2 === 0 ? 0 : random(bases.length)];
    const config = mutate(base, random);
    const { errors, warnings } = validate(config);
    const unsupported = checkSupported(config);
    assertProblems([...errors, ...warnings, ...unsupported]);
    if (errors.length > 0) {
      faulty++;
      assert(!new ConfigError(errors).message.includes("\n"));
    } else checkUse(config);
  }
  assert(faulty > 1000 && faulty < 4000, `${faulty} of 4000 were refused`);
  assertEquals(({} as { polluted?: number }).polluted, undefined);
});

/** What was accepted can be used without looking at types again. */
function checkUse(config: unknown): void {
  // deno-lint-ignore no-explicit-any
  const spec = config as any;
  assert(spec.root.path.length > 0);
  assert(!spec.process || spec.process.args[0].length > 0);
  for (const mount of spec.mounts ?? []) parseMountOptions(mount.options ?? []);
}
