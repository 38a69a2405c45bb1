import { assertEquals } from "@std/assert";
import { type Action, BLAME, FRAME, PlanBuilder, reg } from "./plan.ts";

const actions = (plan: PlanBuilder): Action[] =>
  plan.build().steps.map(({ action }) => action);

Deno.test("because() gives reasons to the steps that follow", () => {
  const plan = new PlanBuilder().because("one", "/a").call("getpid", [])
    .call("getuid", []).because("two").add({ fail: 1 }).build();
  assertEquals(plan.steps, [
    { why: "one", pointer: "/a", action: { call: "getpid", args: [] } },
    { why: "one", pointer: "/a", action: { call: "getuid", args: [] } },
    { why: "two", pointer: "", action: { fail: 1 } },
  ]);
});

Deno.test("label() names the next step alone", () => {
  const plan = new PlanBuilder().label("here").call("getpid", [])
    .call("getuid", []).build();
  assertEquals(plan.steps.map(({ label }) => label), ["here", undefined]);
});

Deno.test("label() may be given twice to one step", () => {
  const plan = new PlanBuilder().label("a").label("b").call("getpid", [])
    .build();
  assertEquals(plan.steps.map(({ label, action }) => [label, action]), [
    ["a", { jump: "b" }],
    ["b", { call: "getpid", args: [] }],
  ]);
});

Deno.test("fresh() never gives a label twice", () => {
  const plan = new PlanBuilder();
  const labels = ["x", "x", "y", "x"].map((hint) => plan.fresh(hint));
  assertEquals(new Set(labels).size, 4);
  for (const label of labels) assertEquals(/^[xy] \d+$/.test(label), true);
});

Deno.test("block() declares blocks by name, the last one counts", () => {
  const plan = new PlanBuilder().block("b", [[8, 1]]).block("b", [[8, 2]])
    .block("c", []).build();
  assertEquals(plan.blocks, { b: [[8, 2]], c: [] });
});

Deno.test("argument() loads from the frame, behind two words", () => {
  assertEquals(actions(new PlanBuilder().argument(2, "x")), [
    { load: "x", from: reg(FRAME), at: 32, size: 8 },
  ]);
});

Deno.test("goBack() takes the blame away and returns", () => {
  assertEquals(actions(new PlanBuilder().goBack()), [
    { set: BLAME, value: 0 },
    { load: "back", from: reg(FRAME), at: 8, size: 8 },
    { go: reg("back") },
  ]);
});

Deno.test("routine() puts the steps to the end, once", () => {
  const builder = new PlanBuilder();
  for (const why of ["first", "second"]) {
    builder.because(why).routine("r", ["x", 2], (r) => r.call("getuid", []));
  }
  builder.because("end").call("getpid", []);
  const { steps } = builder.build();
  assertEquals(steps.map(({ why }) => why), [
    "first",
    "first",
    "second",
    "second",
    "end",
    "r",
    "r",
  ]);
  const [call, jump] = steps;
  const back = steps[2]!.label!;
  assertEquals(call!.action, {
    set: FRAME,
    value: {
      struct: [[8, { self: true }], [8, { label: back }], [8, "x"], [8, 2]],
    },
  });
  assertEquals(jump!.action, { jump: "r" });
  assertEquals(steps[5], {
    why: "r",
    pointer: "",
    label: "r",
    action: { load: BLAME, from: reg(FRAME), at: 0, size: 8 },
  });
  assertEquals(builder.build().steps.length, steps.length);
});

Deno.test("routine() may use routines of its own", () => {
  const builder = new PlanBuilder().routine("outer", [], (outer) => {
    outer.routine("inner", [], (inner) => inner.goBack()).goBack();
  });
  const labels = builder.build().steps.map(({ label }) => label);
  assertEquals(labels.includes("outer"), true);
  assertEquals(labels.includes("inner"), true);
});
