/** Cgroups through a real systemd, in a machine that is booted for it. */
import { rootTest } from "./container.ts";
import { HYBRID_STEPS } from "./systemd_hybrid_steps.ts";
import { doSteps, type Step } from "./systemd_job.ts";
import { LIMIT_STEPS } from "./systemd_limit_steps.ts";
import { STEPS } from "./systemd_steps.ts";
import { USER_STEPS } from "./systemd_user_steps.ts";
import { NoMachine, systemdVmMissing } from "./systemd_vm.ts";

const missing = systemdVmMissing();

/** A test that boots a machine for many steps, and looks at each. */
function machineTest(
  name: string,
  layout: "v2" | "hybrid",
  steps: readonly Step[],
): void {
  rootTest(name, async (t) => {
    let outputs: readonly string[];
    try {
      outputs = await doSteps(steps, layout, 800);
    } catch (error) {
      if (!(error instanceof NoMachine)) throw error;
      const name = `all of it [skipped: ${error.message}]`;
      await t.step({ name, ignore: true, fn() {} });
      return;
    }
    for (const [i, { name, check }] of steps.entries()) {
      await t.step(name, () => check(outputs[i]!));
    }
  }, { missing });
}

machineTest("systemd with cgroup v2", "v2", [
  ...STEPS,
  ...USER_STEPS,
  ...LIMIT_STEPS,
]);
machineTest("systemd with cgroup v1 and v2", "hybrid", HYBRID_STEPS);
