import { assert, assertEquals } from "@std/assert";
import { layOut } from "./program.ts";
import type { ProcessInput } from "./input.ts";
import { openLabels, planLabels } from "./labels.ts";
import { type Plan, PlanBuilder } from "./plan.ts";

function plan(process: Partial<ProcessInput>): Plan {
  const builder = new PlanBuilder().because("before").call("getpid", []);
  openLabels(builder, process as ProcessInput);
  builder.because("between").call("getppid", []);
  planLabels(builder, process as ProcessInput);
  return builder.build();
}

/** The system calls and the text or path that each is about. */
function calls(steps: Plan["steps"]): string[] {
  return steps.flatMap(({ action }) =>
    "call" in action ? [`${action.call} ${String(action.args[1] ?? "")}`] : []
  );
}

Deno.test("labels go to a file that is checked to be of a procfs", () => {
  const { steps, blocks } = plan({
    apparmorProfile: "docker-default",
    selinuxLabel: "u:r:t:s0",
  });
  assertEquals(calls(steps).filter((call) => !call.startsWith("fstatfs")), [
    "getpid ",
    "openat /proc/self/attr/apparmor/exec",
    "openat /proc/self/attr/exec",
    "openat /proc/self/attr/exec",
    "getppid ",
    "write exec docker-default",
    "write u:r:t:s0",
  ]);
  const checks = steps.filter(({ action }) => "fail" in action);
  assertEquals(checks.map(({ pointer }) => pointer), [
    "/process/apparmorProfile",
    "/process/selinuxLabel",
  ]);
  // Each name, label and block that the steps use is there.
  assert(layOut({ steps, blocks }, "aarch64").length > steps.length - 1);
});

Deno.test("a process without labels opens nothing", () => {
  assertEquals(calls(plan({}).steps), ["getpid ", "getppid "]);
});
