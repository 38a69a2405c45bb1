import { assertEquals, assertMatch } from "@std/assert";
import { describeProblem } from "./errors.ts";
import { validate } from "./validate.ts";

/** The problems of a configuration whose process has these properties. */
function problems(process: Record<string, unknown>): string[] {
  return validate({
    ociVersion: "1.3.0",
    root: { path: "rootfs" },
    process: { args: ["true"], cwd: "/", ...process },
  }).errors.map(describeProblem);
}

const scheduler = (scheduler: unknown) => problems({ scheduler });

Deno.test("a scheduler's settings have to fit its policy", () => {
  assertEquals(scheduler({ policy: "SCHED_BATCH", nice: 19 }), []);
  assertEquals(scheduler({ policy: "SCHED_FIFO", priority: 99 }), []);
  const deadline = { runtime: 10, deadline: 20, period: 20 };
  assertEquals(scheduler({ policy: "SCHED_DEADLINE", ...deadline }), []);
  assertEquals(scheduler({ policy: "SCHED_OTHER", nice: 20 }), [
    "process.scheduler.nice: must be from -20 to 19, found 20",
  ]);
  assertEquals(scheduler({ policy: "SCHED_RR" }), [
    "process.scheduler.priority: must be from 1 to 99 with SCHED_RR, found 0",
  ]);
  assertEquals(scheduler({ policy: "SCHED_OTHER", priority: 5 }), [
    "process.scheduler.priority: goes with SCHED_FIFO and SCHED_RR only",
  ]);
  assertEquals(scheduler({ policy: "SCHED_OTHER", period: 5 }), [
    "process.scheduler.period: goes with SCHED_DEADLINE only",
  ]);
  const flags = ["SCHED_FLAG_UTIL_CLAMP_MIN"];
  assertEquals(scheduler({ policy: "SCHED_OTHER", flags }).length, 1);
});

Deno.test("an I/O priority is from 0 to 7", () => {
  const priority = (priority: number) =>
    problems({ ioPriority: { class: "IOPRIO_CLASS_BE", priority } });
  assertEquals([priority(0), priority(7)], [[], []]);
  assertEquals(priority(8), [
    "process.ioPriority.priority: must be from 0 to 7, found 8",
  ]);
  assertEquals(priority(-1).length, 1);
});

Deno.test("CPU affinities are lists of processors", () => {
  const initial = (initial: string) =>
    problems({ execCPUAffinity: { initial } });
  for (const good of ["", "0", "0-3,7", "1, 3-3 ,5"]) {
    assertEquals(initial(good), [], good);
  }
  for (const bad of ["-", "3-1", "1,,2", "0-", "99999", ","]) {
    assertEquals(initial(bad).length, 1, bad);
  }
});

Deno.test("memory policies are refused in runc's words, too", () => {
  const refusal = (memoryPolicy: unknown) =>
    validate({
      ociVersion: "1.3.0",
      root: { path: "rootfs" },
      linux: { memoryPolicy },
    }).errors.map(describeProblem);
  assertMatch(
    refusal({ mode: "INTERLEAVE" })[0]!,
    /: invalid memory policy mode: /,
  );
  assertMatch(
    refusal({ nodes: "0" })[0]!,
    /invalid memory policy mode: is missing/,
  );
  const flags = refusal({ mode: "MPOL_BIND", nodes: "0", flags: ["x"] });
  assertMatch(flags[0]!, /flags\[0\]: invalid memory policy flag: /);
  assertMatch(
    refusal({ mode: "MPOL_BIND", nodes: "0-9999" })[0]!,
    /invalid memory policy node/,
  );
  assertMatch(
    refusal({ mode: "MPOL_DEFAULT", nodes: "0-6,9" })[0]!,
    /mode requires 0 nodes but got 8/,
  );
});
