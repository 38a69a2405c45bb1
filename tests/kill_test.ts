import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Patch } from "./config.ts";
import {
  command,
  Container,
  containerTest,
  idOf,
  script,
} from "./container.ts";
import { assertOneLine, assertSuccess, until } from "./davit.ts";

/** Starts a container whose shell says READY once its traps are set. */
async function started(container: Container) {
  const creation = container.spawn([
    "create",
    "--bundle",
    container.bundle,
    container.id,
  ]);
  assertSuccess(await creation.end());
  assertSuccess(await container.start());
  await until("it is ready", () => creation.stdout.includes("READY"));
  return creation;
}

const telling = script(
  `for s in HUP USR1 TERM; do trap "echo got $s" $s; done
  echo READY; while :; do sleep 0.05; done`,
);

for (
  const [words, name] of [
    [[], "TERM"],
    [["TERM"], "TERM"],
    [["SIGHUP"], "HUP"],
    [["usr1"], "USR1"],
    [["10"], "USR1"],
    [["sigterm"], "TERM"],
  ] as [string[], string][]
) {
  containerTest(
    `kill ID ${words.join(" ")} sends ${name}`,
    telling,
    async (container) => {
      using output = await started(container);
      assertSuccess(await container.davit(["kill", container.id, ...words]));
      await until(name, () => output.stdout.includes(`got ${name}\n`));
    },
  );
}

containerTest(
  "kill --all reaches every process of the container",
  script("sleep 1000 & sleep 1000 & echo READY; wait", (config) => {
    config.linux.namespaces = config.linux.namespaces.filter(({ type }) =>
      type !== "pid"
    );
    config.linux.cgroupsPath = `/${idOf(config)}`;
  }),
  async (container) => {
    using _output = await started(container);
    assertSuccess(
      await container.davit(["kill", "--all", container.id, "KILL"]),
    );
    await until(
      "it is stopped",
      async () => (await container.state()).status === "stopped",
    );
    await until(
      "its processes are gone",
      () => !container.leftovers().some((line) => line.startsWith("process")),
    );
  },
);

const noPidNamespace: Patch = (config) => {
  config.linux.namespaces = config.linux.namespaces.filter(({ type }) =>
    type !== "pid"
  );
  config.linux.cgroupsPath = `/${idOf(config)}`;
};

function processes(container: Container): string[] {
  return container.leftovers().filter((line) => line.startsWith("process"));
}

containerTest(
  "kill --all sends a signal to each process once",
  script(
    `tell() { trap "echo $1 got it" USR1; echo; while :; do sleep 0.05; done; }
    (tell a) & (tell b) & trap "echo init got it" USR1; echo READY
    while :; do sleep 0.05; done`,
    noPidNamespace,
  ),
  async (container) => {
    using output = await started(container);
    await until("all do", () => output.stdout.split("\n").length === 4);
    assertSuccess(
      await container.davit(["kill", "--all", container.id, "USR1"]),
    );
    // Their sleeping children had no use for it: all went on to the next one.
    await until("all have", () => output.stdout.split("\n").length >= 7);
    assertSuccess(await container.davit(["kill", container.id, "USR1"]));
    await until(
      "init has again",
      () => output.stdout.split("init got it").length >= 3,
    );
    assertEquals(
      output.stdout.split("\n").filter((line) => line !== "").sort(),
      ["READY", "a got it", "b got it", "init got it", "init got it"],
    );
  },
);

containerTest(
  "kill KILL without a pid namespace ends every process",
  script("sleep 1000 & sleep 1000 & echo READY; wait", noPidNamespace),
  async (container) => {
    using _output = await started(container);
    assertSuccess(await container.davit(["kill", container.id, "KILL"]));
    assertEquals(processes(container), []);
  },
);

containerTest(
  "kill KILL ends what an init without a pid namespace left behind",
  script("sleep 1000 & sleep 1000 & echo READY; wait", noPidNamespace),
  async (container) => {
    using _output = await started(container);
    Deno.kill((await container.state()).pid, "SIGKILL");
    await until(
      "init is gone",
      async () => (await container.state()).status === "stopped",
    );
    assertEquals(processes(container).length, 2);
    assertOneLine(
      await container.davit(["kill", container.id, "TERM"]),
      /container not running/,
    );
    assertSuccess(await container.davit(["kill", container.id, "KILL"]));
    assertEquals(processes(container), []);
    assertOneLine(
      await container.davit(["kill", container.id, "KILL"]),
      /container not running/,
    );
  },
);

containerTest(
  "kill KILL in a pid namespace that is another's ends only its own",
  script("sleep 1000 & echo READY; wait"),
  async (container) => {
    using _output = await started(container);
    const { pid } = await container.state();
    await using guest = new Container(
      script("sleep 1000 & echo READY; wait", (config) => {
        for (const namespace of config.linux.namespaces) {
          if (namespace.type === "pid") namespace.path = `/proc/${pid}/ns/pid`;
        }
      }),
    );
    using _other = await started(guest);
    assertSuccess(await guest.davit(["kill", guest.id, "KILL"]));
    assertEquals(processes(guest), []);
    assertEquals((await container.state()).status, "running");
    assertSuccess(await guest.davit(["delete", guest.id]));
    assertEquals(processes(container).length, 2);
  },
);

containerTest(
  "kill 0 asks whether there is a process",
  command(["true"]),
  async (container) => {
    assertSuccess(await container.create());
    assertSuccess(await container.davit(["kill", container.id, "0"]));
    assertEquals((await container.state()).status, "created");
    assertSuccess(await container.start());
    await until(
      "it is stopped",
      async () => (await container.state()).status === "stopped",
    );
    assertOneLine(
      await container.davit(["kill", container.id, "0"]),
      /container not running/,
    );
    assertSuccess(await container.davit(["kill", "-a", container.id, "0"]));
  },
);

// runc's init ends by these as well; USR1 and the like it leaves alone.
for (const signal of ["KILL", "TERM", "INT", "HUP"]) {
  containerTest(
    `kill ${signal} ends a created container`,
    command(["true"]),
    async (container) => {
      assertSuccess(await container.create());
      assertSuccess(await container.davit(["kill", container.id, "USR1"]));
      assertEquals((await container.state()).status, "created");
      assertSuccess(await container.davit(["kill", container.id, signal]));
      await until(
        "it is stopped",
        async () => (await container.state()).status === "stopped",
      );
    },
  );
}

containerTest(
  "kill of a stopped container fails, kill --all succeeds",
  command(["true"]),
  async (container) => {
    assertSuccess(await container.run(["--keep"]));
    const result = await container.davit(["kill", container.id, "KILL"]);
    assertOneLine(result, /container not running/);
    assertSuccess(await container.davit(["kill", "--all", container.id, "9"]));
  },
);

containerTest(
  "kill of an unknown container fails",
  command(["true"]),
  async (container) => {
    assertOneLine(
      await container.davit(["kill", "nobody", "KILL"]),
      /Container ID \(nobody\) does not exist/,
    );
  },
);

containerTest(
  "kill works with an environment of nothing but XDG_RUNTIME_DIR",
  command(["sleep", "100"]),
  async (container) => {
    assertSuccess(await container.create());
    assertSuccess(await container.start());
    const { code, stderr } = await container.davit(
      ["kill", container.id, "9"],
      { bare: { XDG_RUNTIME_DIR: "" } },
    );
    assertEquals(code, 0, stderr);
    await until(
      "it is stopped",
      async () => (await container.state()).status === "stopped",
    );
  },
);

containerTest(
  "delete of what is created or running fails and changes nothing",
  command(["sleep", "100"]),
  async (container) => {
    assertSuccess(await container.create());
    const created = await container.state();
    assertOneLine(
      await container.davit(["delete", container.id]),
      /created|not stopped/,
    );
    assertEquals(await container.state(), created);
    assertSuccess(await container.start());
    const running = await container.state();
    assertOneLine(
      await container.davit(["delete", container.id]),
      /running|not stopped/,
    );
    assertEquals(await container.state(), running);
    Deno.statSync(`/proc/${running.pid}`);
  },
);

containerTest(
  "delete --force ends and removes a running container",
  script("sleep 1000 & sleep 1000"),
  async (container) => {
    assertSuccess(await container.create());
    assertSuccess(await container.start());
    assertSuccess(await container.davit(["delete", "--force", container.id]));
    assertEquals(container.leftovers(), []);
    assert((await container.davit(["state", container.id])).code !== 0);
  },
);

containerTest(
  "delete of an unknown container fails, delete --force succeeds",
  command(["true"]),
  async (container) => {
    assertOneLine(
      await container.davit(["delete", "nobody"]),
      /Container ID \(nobody\) does not exist/,
    );
    const { stderr } = assertSuccess(
      await container.davit(["delete", "--force", "nobody"]),
    );
    assertMatch(stderr, /^$/);
  },
);

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"] as const) {
  containerTest(
    `a created container ends on ${signal}, whoever sends it`,
    script("true"),
    async (container) => {
      assertSuccess(await container.create());
      const { pid } = await container.state();
      Deno.kill(pid, signal);
      await until(
        "it is stopped",
        async () => (await container.state()).status === "stopped",
      );
    },
  );
}
