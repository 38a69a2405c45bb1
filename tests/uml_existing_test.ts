/**
 * What is done with the cgroups of containers that exist, under another
 * kernel: tests of this folder, with the layouts that the host has not.
 */
import { rootTest } from "./container.ts";
import { DAVIT } from "./davit.ts";
import { checkTests, EXISTING, testCommand } from "./existing.ts";
import { umlMissing, underUml } from "./uml.ts";

const missing = DAVIT.endsWith("scripts/davit")
  ? "the compiled binary"
  : umlMissing();

for (const layout of ["v1", "v2"] as const) {
  rootTest(
    `under User-Mode Linux with cgroup ${layout}: existing cgroups`,
    async () => {
      const tests = EXISTING[layout];
      checkTests(await underUml(layout, testCommand(tests)), tests);
    },
    { missing },
  );
}
