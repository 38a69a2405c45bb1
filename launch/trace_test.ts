import { assertEquals } from "@std/assert";
import { PlanBuilder, reg } from "./plan.ts";
import { traced } from "./trace.ts";

const NAMES = { init: "init", frame: "frame" };

Deno.test("traced() stamps each reason once, and keeps labels and jumps", () => {
  const plan = new PlanBuilder()
    .because("one", "/1").call("getpid", []).call("getppid", [])
    .because("two").label("again").call("umask", [0])
    .jump("again", [reg("x"), "==", 1])
    .because("three").label("init").call("setsid", [])
    .because("load the filter").call("seccomp", [1])
    .because("run").call("execve", [])
    .build();
  const { plan: whole, stamps } = traced(plan, 9, NAMES);
  const shown = whole.steps.map(({ label, action }) =>
    (label === undefined ? "" : `${label}: `) +
    ("call" in action ? action.call : Object.keys(action)[0])
  );
  assertEquals(shown, [
    "mmap",
    "clock_gettime",
    "getpid",
    "getppid",
    "again: clock_gettime",
    "umask",
    "jump",
    "init: clock_gettime",
    "setsid",
    "clock_gettime",
    "seccomp",
    "execve", // the filter may forbid clock_gettime
  ]);
  assertEquals(stamps.map(({ why, init }) => [why, init]), [
    ["one", false],
    ["two", false],
    ["three", true],
    ["load the filter", true],
  ]);
});

Deno.test("traced() leaves routines alone: their callers are stamped", () => {
  const plan = new PlanBuilder();
  for (const why of ["a", "b"]) {
    plan.because(why).routine("shared", [1], (routine) => {
      routine.call("getpid", []).goBack();
    });
  }
  plan.because("end").call("exit_group", [0]);
  const { plan: whole, stamps } = traced(plan.build(), 3, NAMES);
  assertEquals(stamps.map(({ why }) => why), ["a", "b", "end"]);
  const calls = whole.steps.flatMap(({ action }) =>
    "call" in action ? [action.call] : []
  );
  assertEquals(calls.filter((call) => call === "getpid").length, 1);
  assertEquals(calls.at(-1), "getpid");
});
