/**
 * What is done with the cgroups of containers that exist, under the kernel
 * that most users have: tests of the folder above.
 */
import { rootTest } from "../container.ts";
import { checkTests, EXISTING, testCommand, type Tests } from "../existing.ts";
import { machineMissing, underDebian } from "./debian.ts";

/** Those, and what is told of processes. */
const TESTS: Tests = {
  ...EXISTING.v2,
  kill: [
    ...EXISTING.v2["kill"]!,
    "kill --all reaches every process of the container",
  ],
  ps: ["ps: a table of the container's processes, a JSON array of their IDs"],
};

rootTest("under Debian's kernel with cgroup v2: existing cgroups", async () => {
  const command = testCommand(TESTS).map((word) =>
    `'${word.replaceAll("'", "'\\''")}'`
  );
  checkTests(await underDebian("v2", command.join(" "), 500), TESTS);
}, { missing: machineMissing() });
