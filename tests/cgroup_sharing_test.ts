/** Containers that ask for one cgroup, as with runc. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Patch } from "./config.ts";
import {
  change,
  command,
  Container,
  idOf,
  rootTest,
  script,
} from "./container.ts";
import { assertOneLine, assertSuccess, readIfThere, until } from "./davit.ts";
import { cgroupsOf } from "./leftovers.ts";

const placed: Patch = (config) => {
  config.linux.cgroupsPath = `/${idOf(config)}`;
};

/** Another container with the cgroup of the first. */
function sharing(first: Container, args: readonly string[]): Container {
  const second = new Container(command(args), undefined, first.root);
  change(second, (config) => {
    config.linux.cgroupsPath = `/${first.id}`;
  });
  return second;
}

async function runToItsEnd(container: Container): Promise<void> {
  assertSuccess(await container.create());
  assertSuccess(await container.start());
  await until(
    "it ends",
    async () => (await container.state()).status === "stopped",
  );
}

rootTest(
  "one cgroup: a second container is refused while there is one",
  async () => {
    await using first = new Container(command(["sleep", "100"], placed));
    await using second = sharing(first, ["sleep", "100"]);
    assertSuccess(await first.create());
    assertOneLine(
      await second.create(),
      /container's cgroup is not empty: 1 process\(es\) found in/,
    );
    assertEquals((await first.state()).status, "created");
    assertSuccess(await first.davit(["delete", "--force", first.id]));
    assertSuccess(await second.create());
  },
);

rootTest(
  "one cgroup: deleting who was there before spares who is there",
  async () => {
    for (const force of [[], ["--force"]]) {
      await using first = new Container(command(["true"], placed));
      await using second = sharing(first, ["sleep", "100"]);
      await runToItsEnd(first);
      assertSuccess(await second.create());
      assertSuccess(await second.start());
      const { stderr } = assertSuccess(
        await first.davit(["delete", ...force, first.id]),
      );
      assertMatch(stderr, /cgroups are left to whoever uses them/);
      const { pid, status } = await second.state();
      assertEquals(status, "running");
      assert(readIfThere(`/proc/${pid}/cgroup`).includes(`/${first.id}\n`));
      assertSuccess(await second.davit(["delete", "--force", second.id]));
      assertEquals(cgroupsOf(first), []);
    }
  },
);

rootTest(
  "one cgroup: what is left without a pid namespace is ended",
  async () => {
    await using first = new Container(
      script("sleep 1000 >/dev/null 2>&1 & exit 0", (config) => {
        placed(config);
        config.linux.namespaces = config.linux.namespaces.filter(({ type }) =>
          type !== "pid"
        );
      }),
    );
    await runToItsEnd(first);
    assertSuccess(await first.davit(["delete", first.id]));
    assertEquals(first.leftovers(), []);
  },
);
