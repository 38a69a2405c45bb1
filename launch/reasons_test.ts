import { assertEquals } from "@std/assert";
import { PlanBuilder } from "./plan.ts";
import { reasonOf, reasonsFrom } from "./reasons.ts";

const plan = new PlanBuilder()
  .because("make it").call("getpid", [])
  .because("wait").call("getpid", []).call("getppid", [])
  .because("limit A", "/process/rlimits/0").call("getpid", [])
  .because("limit A", "/process/rlimits/1").call("getpid", [])
  .because("exec sh").call("getpid", []).call("getpid", [])
  .build();

Deno.test("reasonsFrom() keeps each reason once, from a step on", () => {
  assertEquals(reasonsFrom(plan, "wait"), {
    1: { why: "wait", pointer: "" },
    3: { why: "limit A", pointer: "/process/rlimits/0" },
    4: { why: "limit A", pointer: "/process/rlimits/1" },
    5: { why: "exec sh", pointer: "" },
  });
});

Deno.test("reasonOf() finds the reason of each step", () => {
  const kept = JSON.parse(JSON.stringify(reasonsFrom(plan, "wait")));
  const { steps } = plan;
  for (let step = 1; step < steps.length; step++) {
    const { why, pointer } = steps[step]!;
    assertEquals(reasonOf(kept, step), { why, pointer });
  }
  assertEquals(reasonOf(kept, 0), undefined);
});
