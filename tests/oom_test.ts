/** A container that is killed for memory says so. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Patch } from "./config.ts";
import { command, containerTest, idOf, script } from "./container.ts";
import { assertOneLine, assertSuccess, until } from "./davit.ts";

/** Little memory, and no swap beside it. */
function memory(bytes: number): Patch {
  return (config) => {
    config.linux.cgroupsPath = `/${idOf(config)}`;
    config.linux.resources = { memory: { limit: bytes, swap: bytes } };
  };
}

const LIMIT = 8 << 20;
const limited = memory(LIMIT);
// busybox's dd takes a buffer of that size in one.
const HOG = "dd if=/dev/zero of=/dev/null bs=64M count=1 2>/dev/null";
const WHY =
  `it needs more than its limit of ${LIMIT} bytes \\(linux.resources.` +
  "memory\\), raise it$";

for (
  const [what, text] of [
    ["an init", `exec ${HOG}`],
    ["an init's last child", `${HOG}; exit $?`],
  ] as const
) {
  containerTest(
    `run tells that ${what} was killed for memory`,
    script(text, limited),
    async (container) => {
      const result = await container.run();
      assertEquals(result.code, 137);
      assertOneLine(
        result,
        new RegExp(
          `^Container "${container.id}" was killed for memory: ${WHY}`,
        ),
      );
    },
  );
}

containerTest(
  "run warns of others that were killed for memory",
  script(`${HOG}; exit 3`, limited),
  async (container) => {
    const { code, stderr } = await container.run();
    assertEquals(code, 3);
    assertMatch(
      stderr,
      /level=warning msg="processes of container .* were killed for memory: /,
    );
  },
);

containerTest(
  "the log of run holds that a container was killed for memory",
  script(`exec ${HOG}`, limited),
  async (container) => {
    const log = `${container.folder}/log.json`;
    const { id, bundle } = container;
    const { code } = await container.davit([
      ...["--log", log, "--log-format", "json"],
      ...["run", "--bundle", bundle, id],
    ]);
    assertEquals(code, 137);
    const [line = ""] = Deno.readTextFileSync(log).split("\n");
    const { level, msg } = JSON.parse(line);
    assertEquals(level, "error");
    assertMatch(msg, new RegExp(`was killed for memory: ${WHY}`));
  },
);

containerTest(
  "state tells that a container was killed for memory",
  script(`exec ${HOG}`, limited),
  async (container) => {
    assertSuccess(await container.create());
    const before = await container.state();
    assertEquals("oomKilled" in before, false);
    assertSuccess(await container.start());
    await until(
      "it ends",
      async () => (await container.state()).status === "stopped",
    );
    const { id, status, oomKilled } = await container.state();
    assertEquals([id, status, oomKilled], [container.id, "stopped", true]);
    const { stdout } = assertSuccess(
      await container.davit(["list", "--format", "json"]),
    );
    assertEquals(JSON.parse(stdout)[0].oomKilled, true);
  },
);

containerTest(
  "neither run nor state tells it of a container that was just killed",
  command(["sleep", "1000"], limited),
  async (container) => {
    const { id, bundle } = container;
    using running = container.spawn(["run", "--keep", "--bundle", bundle, id]);
    await until(
      "it runs",
      async () =>
        (await container.davit(["state", id])).stdout.includes("running"),
    );
    assertSuccess(await container.davit(["kill", id, "KILL"]));
    const { code, stderr } = await running.end();
    assertEquals([code, stderr], [137, ""]);
    assertEquals("oomKilled" in await container.state(), false);
  },
);

containerTest(
  "create tells that the memory limit is too low for a container",
  command(["true"], memory(64 << 10)),
  async (container) => {
    const result = await container.create();
    assertOneLine(
      result,
      /init ended with SIGKILL: container init was OOM-killed \(memory limit too low\?\): it needs more than its limit of 65536 bytes/,
    );
    assertEquals(container.leftovers(), []);
    assert((await container.davit(["state", container.id])).code !== 0);
  },
);
