import { assert, assertEquals } from "@std/assert";
import { fuzz, type Target } from "./fuzz/run.ts";
import { targets } from "./fuzz/targets.ts";

Deno.test("nothing that comes from others is a bug", () => {
  const folder = Deno.makeTempDirSync();
  try {
    const outcomes = fuzz(targets(folder), Date.now() % 2 ** 31, 4000);
    for (const { name, inputs, findings } of outcomes) {
      assertEquals(findings, [], name);
      assert(inputs > 0, name); // on a busy machine there is little time
    }
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("fuzz() finds what throws, with its input, and is the same again", () => {
  const target: Target = {
    name: "odd",
    make: (random) => random(10),
    take: (n: number) => {
      if (n === 7) throw new TypeError("seven");
      return n < 5;
    },
  };
  const [first] = fuzz([target], 1, 1000);
  assertEquals(first!.findings.length, 3);
  assertEquals(first!.findings[0]!.input, "7");
  assert(first!.findings[0]!.why.includes("seven"));
  const [again] = fuzz([target], 1, 1000);
  assertEquals(again!.inputs, first!.inputs);
  assertEquals(again!.refused, first!.refused);
});
