/** Containers for which nobody makes cgroups, or nobody can. */
import { assertEquals, assertMatch } from "@std/assert";
import { command, containerTest, idOf } from "./container.ts";
import { assertOneLine, assertSuccess, readIfThere, run } from "./davit.ts";

const DISABLED = ["--cgroup-manager", "disabled"];

containerTest(
  "without cgroups a container stays in its caller's",
  command(["sleep", "1000"], (config) => {
    config.linux.cgroupsPath = `/${idOf(config)}`;
    config.linux.resources = { pids: { limit: 5 }, memory: { limit: 1 << 25 } };
  }),
  async (container) => {
    const { bundle, id } = container;
    const { stderr } = assertSuccess(
      await container.davit([...DISABLED, "create", "--bundle", bundle, id]),
    );
    assertMatch(
      stderr,
      /cgroups are disabled \(--cgroup-manager\): linux\.resources\.pids\.limit, linux\.resources\.memory\.limit are not set, devices are not limited/,
    );
    const { pid } = await container.state();
    assertEquals(
      readIfThere(`/proc/${pid}/cgroup`),
      readIfThere("/proc/self/cgroup"),
    );
    const { stdout } = await run([
      "find",
      "/sys/fs/cgroup",
      "-name",
      `*${id}*`,
    ]);
    assertEquals(stdout, "");
    assertSuccess(await container.start());
    assertMatch(
      assertSuccess(await container.davit(["ps", id])).stdout,
      /sleep 1000/,
    );
    assertOneLine(
      await container.davit(["pause", id]),
      /the container has no cgroup/,
    );
    assertOneLine(
      await container.davit(["update", "--pids-limit", "7", id]),
      /cannot set limits without cgroups/,
    );
    assertSuccess(await container.davit(["kill", "--all", id, "KILL"]));
    assertSuccess(await container.davit(["delete", "--force", id]));
  },
);

containerTest(
  "a host without systemd makes no scopes",
  command(["true"]),
  async (container) => {
    const { bundle, id } = container;
    const run = ["--systemd-cgroup", "run", "--bundle", bundle, id];
    assertOneLine(
      await container.davit(run),
      /systemd not running on this host \("\/run\/systemd\/system" is missing\), leave out --systemd-cgroup/,
    );
  },
  {
    missing: readIfThere("/proc/1/comm") === "systemd\n"
      ? "a host without systemd"
      : undefined,
  },
);
