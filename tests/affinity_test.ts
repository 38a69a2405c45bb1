/** On which processors a container's processes run. */
import { assertEquals, assertMatch } from "@std/assert";
import { command, containerTest } from "./container.ts";
import { assertSuccess, readIfThere, run } from "./davit.ts";

const processors = /^Cpus_allowed_list:\t(\S+)$/m.exec(
  readIfThere("/proc/self/status"),
)?.[1];
const needs = {
  programs: ["taskset"],
  missing: processors === "0" ? "two processors" : undefined,
};
const SHOW = ["grep", "Cpus_allowed_list", "/proc/self/status"];

containerTest(
  "a container runs on every processor, not just where its caller does",
  command(SHOW),
  async (container) => {
    const words = container.words("run", "-b", container.bundle, container.id);
    const { stdout } = assertSuccess(
      await run(["taskset", "-c", "0", ...words]),
    );
    assertEquals(stdout, `Cpus_allowed_list:\t${processors}\n`);
  },
  needs,
);

containerTest(
  "the processors are those of its cgroup",
  command(SHOW, (config) => {
    config.linux.resources = { ...config.linux.resources, cpu: { cpus: "0" } };
  }),
  async (container) => {
    const { stdout } = assertSuccess(await container.run());
    assertEquals(stdout, "Cpus_allowed_list:\t0\n");
  },
  needs,
);

containerTest(
  "exec runs on every processor, or where it is told to",
  command(["sleep", "100"]),
  async (container) => {
    assertSuccess(await container.run(["--detach"]));
    const words = container.words("exec", container.id, ...SHOW);
    const { stdout } = assertSuccess(
      await run(["taskset", "-c", "0", ...words]),
    );
    assertMatch(stdout, new RegExp(`\t${processors}\n`));
  },
  needs,
);
