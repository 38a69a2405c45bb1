import { assertEquals } from "@std/assert";
import { scopePath, withoutIdleWeight } from "./scope.ts";

Deno.test("what is idle has no weight beside", () => {
  assertEquals(
    withoutIdleWeight({ cpu: { idle: 1, shares: 512, quota: 5 }, pids: {} }),
    { cpu: { idle: 1, quota: 5 }, pids: {} },
  );
  assertEquals(
    withoutIdleWeight({
      cpu: { shares: 512 },
      unified: { "cpu.idle": "1\n", "cpu.weight": "5", "pids.max": "1" },
    }),
    { cpu: {}, unified: { "cpu.idle": "1\n", "pids.max": "1" } },
  );
  for (const idle of [0, undefined]) {
    const awake = {
      cpu: { shares: 512, ...idle !== undefined && { idle } },
      unified: { "cpu.weight": "5" },
    };
    assertEquals(withoutIdleWeight(awake), awake);
  }
});

Deno.test("scopePath() is the cgroup below the manager's", () => {
  const unit = "davit-x.scope";
  assertEquals(
    scopePath({ slice: "a-b.slice", unit }),
    `/a.slice/a-b.slice/${unit}`,
  );
  assertEquals(scopePath({ slice: "-.slice", unit }), `/${unit}`);
});
