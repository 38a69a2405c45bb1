import { assert, assertEquals } from "@std/assert";
import { mutate, randomNumbers } from "../tests/mutate.ts";
import { examples } from "../tests/spec_schema.ts";
import { defaultSpec } from "./default_spec.ts";
import { ConfigError, type Problem } from "./errors.ts";
import { JsonTextError, parseJson } from "./json_text.ts";
import { parseMountOptions } from "./mount_options.ts";
import { PROBLEMS_MAX } from "./schema.ts";
import { validate } from "./validate.ts";

function parse(text: string): unknown {
  return parseJson(new TextEncoder().encode(text));
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
  const all = [...examples("config/good"), ...examples("config/bad")];
  for (const { name, text } of all) {
    if (name !== "invalid-json.json") bases.push(parse(text));
  }
  let faulty = 0;
  for (let round = 0; round < 4000; round++) {
    // Every second round starts from the default configuration.
    const base = bases[round % 2 === 0 ? 0 : random(bases.length)];
    const config = mutate(base, random);
    const { errors, warnings } = validate(config);
    assertProblems([...errors, ...warnings]);
    if (errors.length > 0) {
      faulty++;
      assert(!new ConfigError(errors).message.includes("\n"));
    } else checkUse(config);
  }
  assert(faulty > 1000 && faulty < 4000, `${faulty} of 4000 were refused`);
  assertEquals(({} as { polluted?: number }).polluted, undefined);
});

Deno.test("what is not quite a config.json is refused, or understood", () => {
  const random = randomNumbers(20261126);
  const text = new TextEncoder().encode(
    JSON.stringify(defaultSpec({ cgroupNamespace: true })),
  );
  let parsed = 0;
  for (let round = 0; round < 4000; round++) {
    const bytes = text.slice(0, random(4) ? undefined : random(text.length));
    for (let left = random(4); left > 0; left--) {
      bytes[random(bytes.length)] = random(2) ? random(256) : 0x20 + random(96);
    }
    try {
      assertProblems(validate(parseJson(bytes)).errors);
      parsed++;
    } catch (error) {
      if (!(error instanceof JsonTextError)) throw error;
      assert(!/[\n\r\0]/.test(error.message), error.message);
    }
  }
  assert(parsed > 1000 && parsed < 4000, `${parsed} of 4000 were JSON`);
});

Deno.test("validate() does not drown in problems", () => {
  const many = Array.from({ length: 200_000 }, () => 5);
  const unknown = Object.fromEntries(many.map((five, i) => [`k${i}`, five]));
  const errors = validate({ mounts: many }).errors;
  const more = "there are more problems, which are not listed";
  assertEquals([errors.length, errors.at(-1)!.message], [
    PROBLEMS_MAX + 1,
    more,
  ]);
  // However many warnings there are: errors are looked for to the end.
  const result = validate({ root: { ...unknown, path: 5 } });
  assertEquals(result.warnings.at(-1)!.message, more);
  assert(result.errors.some(({ pointer }) => pointer === "/root/path"));
});

/** What was accepted can be used without looking at types again. */
function checkUse(config: unknown): void {
  // deno-lint-ignore no-explicit-any
  const spec = config as any;
  assert(spec.root.path.length > 0);
  assert(!spec.process || spec.process.args[0].length > 0);
  for (const mount of spec.mounts ?? []) parseMountOptions(mount.options ?? []);
}
