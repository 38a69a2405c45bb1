import { assert, assertEquals } from "@std/assert";
import type { BundlePlan, PlanEntry } from "../oci/bundle_plan.ts";
import { planText } from "./plan_text.ts";

const entry = (
  subject: string,
  detail: string,
  pointer = "",
  reason = "",
): PlanEntry => ({ subject, detail, pointer, reason });

const CALL = {
  process: "first",
  phase: "create",
  why: "make it",
  pointer: "/a/0",
  call: "mkdirat",
  args: ["-100", '"x"'],
  tolerates: ["EEXIST"],
  certain: true,
  repeats: false,
} as const;

const PLAN: BundlePlan = {
  version: 1,
  bundle: "/b",
  id: "x",
  warnings: ["odd"],
  sections: [{
    name: "things",
    entries: [
      entry("one", "1", "/a/0", "why"),
      entry("three", "with \x1b[31m", ""),
      entry("o".repeat(60), "far", "/a/b"),
      entry("long", "word ".repeat(30).trim(), "/a/c"),
      entry("uncut", "w".repeat(150)),
    ],
  }],
  calls: [CALL, {
    ...CALL,
    process: "init",
    to: "fd",
    certain: false,
    call: "openat",
  }],
};

Deno.test("planText() is a table that fits", () => {
  const text = planText(PLAN, { calls: false, colour: false });
  assert(text.split("\n").every((line) => line.length <= 100), text);
  const column = " ".repeat(46);
  assertEquals(text.split("\n").slice(0, 9), [
    "container x of /b",
    "  warning: odd",
    "",
    "things",
    `  one${" ".repeat(41)}1 (why: a[0])`,
    `  three${" ".repeat(39)}with \\x1b[31m`,
    `  ${"o".repeat(60)}`,
    `${column}far (a.b)`,
    `  long${" ".repeat(40)}${"word ".repeat(10).trim()} word`.slice(0, 100),
  ]);
  assertEquals(text.match(/word/g)?.length, 30);
  assertEquals(text.match(/w(?!o|i|h|a)/g)?.length, 150);
});

Deno.test("planText() lists system calls under their reasons", () => {
  const text = planText(PLAN, { calls: true, colour: false });
  assertEquals(text.split("\n").slice(-11), [
    "",
    "system calls of the first process",
    "  make it (a[0])",
    '    mkdirat(-100, "x") or EEXIST',
    "",
    "system calls of init",
    "  make it (a[0])",
    '  ? openat(-100, "x") -> fd or EEXIST',
    "",
    "?: made only where something is missing, or of some kind",
    "",
  ]);
});

Deno.test("planText() is coloured only when asked", () => {
  assert(!planText(PLAN, { calls: true, colour: false }).includes("\x1b"));
  const coloured = planText(PLAN, { calls: false, colour: true });
  assert(coloured.startsWith("\x1b[1mcontainer x of /b\x1b[0m\n"));
});
