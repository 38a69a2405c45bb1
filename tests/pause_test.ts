import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  command,
  type Container,
  containerTest,
  idOf,
  script,
} from "./container.ts";
import type { Patch } from "./config.ts";
import { assertOneLine, assertSuccess, readIfThere, until } from "./davit.ts";
import { cgroupsOf } from "./leftovers.ts";

const placed: Patch = (config) => {
  config.linux.cgroupsPath = `/${idOf(config)}`;
};

async function start(container: Container) {
  const creation = container.spawn([
    "create",
    "--bundle",
    container.bundle,
    container.id,
  ]);
  assertSuccess(await creation.end());
  assertSuccess(await container.start());
  await until("it works", () => creation.stdout.length > 10);
  return creation;
}

function status(container: Container): Promise<string> {
  return container.state().then(({ status }) => status);
}

/** Whether every process of the container is stopped by its freezer. */
function stopped(container: Container): boolean {
  return cgroupsOf(container).some((folder) =>
    readIfThere(`${folder}/freezer.state`) === "FROZEN\n" ||
    readIfThere(`${folder}/cgroup.events`).includes("frozen 1\n")
  );
}

containerTest(
  "pause: a paused container makes no progress, resume lets it go on",
  script("while :; do echo; done", placed),
  async (container) => {
    using output = await start(container);
    assertSuccess(await container.davit(["pause", container.id]));
    const { length } = output.stdout;
    assertEquals(await status(container), "paused");
    const list = await container.davit(["list"]);
    assertMatch(list.stdout, new RegExp(`^${container.id} .* paused `, "m"));
    assert(stopped(container));
    // The commands above took their time.
    assertEquals(output.stdout.length, length);
    assertSuccess(await container.davit(["resume", container.id]));
    assertEquals(await status(container), "running");
    await until("it goes on", () => output.stdout.length > length);
  },
);

containerTest(
  "pause: processes that go on making others, and those of sub-cgroups",
  script(
    "echo of an orphan; while :; do (while :; do :; done &) ; sleep 0.01; " +
      "done",
    (config) => {
      placed(config);
      config.linux.resources = { pids: { limit: 40 } };
    },
  ),
  async (container) => {
    using _output = await start(container);
    const folders = cgroupsOf(container).filter((folder) =>
      readIfThere(`${folder}/cgroup.procs`) !== ""
    );
    for (const folder of folders) {
      // v2 lets no cgroup with controllers for others hold processes itself.
      Deno.mkdirSync(`${folder}/below`);
      const pids = readIfThere(`${folder}/cgroup.procs`).trim().split("\n");
      try {
        Deno.writeTextFileSync(`${folder}/below/cgroup.procs`, pids.at(-1)!);
      } catch {
        // It has ended; or a v1 cpuset without processors takes none.
      }
    }
    for (let i = 0; i < 3; i++) {
      assertSuccess(await container.davit(["pause", container.id]));
      assert(stopped(container));
      assertSuccess(await container.davit(["resume", container.id]));
    }
    assertEquals(await status(container), "running");
  },
);

containerTest(
  "pause: a created container is created again after resume",
  command(["true"], placed),
  async (container) => {
    assertSuccess(await container.create());
    assertSuccess(await container.davit(["pause", container.id]));
    assertEquals(await status(container), "paused");
    assertOneLine(await container.start(), /it is paused, wanted created/);
    assertSuccess(await container.davit(["resume", container.id]));
    assertEquals(await status(container), "created");
    assertSuccess(await container.start());
  },
);

containerTest(
  "pause and resume refuse what is not running, or not paused",
  command(["sleep", "100"], placed),
  async (container) => {
    const { id } = container;
    assertSuccess(await container.create());
    const words = /container not paused: it is created$/m;
    assertOneLine(await container.davit(["resume", id]), words);
    assertSuccess(await container.davit(["pause", id]));
    assertOneLine(
      await container.davit(["pause", id]),
      /container not running: it is paused$/m,
    );
    assertSuccess(await container.davit(["kill", id, "KILL"]));
    await until("it ends", async () => await status(container) === "stopped");
    assertOneLine(
      await container.davit(["pause", id]),
      /container not running: it is stopped$/m,
    );
    assertOneLine(
      await container.davit(["resume", id]),
      /container not paused: it is stopped$/m,
    );
    for (const word of ["pause", "resume"]) {
      assertOneLine(
        await container.davit([word, "nobody"]),
        /Container ID \(nobody\) does not exist/,
      );
    }
  },
);

for (const all of [[], ["--all"]]) {
  containerTest(
    `a paused container ends by ${["kill", ...all, "KILL"].join(" ")}`,
    script("echo it is running; sleep 100", placed),
    async (container) => {
      using _output = await start(container);
      const { id } = container;
      assertSuccess(await container.davit(["pause", id]));
      assertSuccess(await container.davit(["kill", ...all, id, "KILL"]));
      await until("it ends", async () => await status(container) === "stopped");
      assertSuccess(await container.davit(["delete", id]));
      assertEquals(container.leftovers(), []);
    },
  );
}

containerTest(
  "a paused container is deleted only with --force",
  script("echo it is running; sleep 100", placed),
  async (container) => {
    using _output = await start(container);
    const { id } = container;
    assertSuccess(await container.davit(["pause", id]));
    assertOneLine(
      await container.davit(["delete", id]),
      /not stopped: it is paused/,
    );
    assertEquals(await status(container), "paused");
    assertSuccess(await container.davit(["delete", "--force", id]));
    assertEquals(container.leftovers(), []);
  },
);
