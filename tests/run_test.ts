import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  command,
  Container,
  containerTest,
  rootTest,
  script,
} from "./container.ts";
import { assertSuccess, readIfThere, run, until } from "./davit.ts";

for (const verb of ["run", "exec"]) {
  containerTest(
    `${verb}: a caller who ignores the end of his children gets the status`,
    script(verb === "run" ? "exit 7" : "sleep 100"),
    async (container) => {
      if (verb === "exec") assertSuccess(await container.run(["--detach"]));
      const words = verb === "run"
        ? container.words("run", "-b", container.bundle, container.id)
        : container.words("exec", container.id, "sh", "-c", "exit 7");
      const { code, stderr } = await run([
        "env",
        "--ignore-signal=CHLD",
        ...words,
      ]);
      assertEquals([code, stderr], [7, ""]);
    },
  );
}

containerTest(
  "run prints what the program prints, and leaves nothing",
  command(["/bin/echo", "hello from inside"]),
  async (container) => {
    const { stdout, stderr, code } = await container.run();
    assertEquals({ stdout, stderr, code }, {
      stdout: "hello from inside\n",
      stderr: "",
      code: 0,
    });
    assertEquals(container.leftovers(), []);
  },
);

rootTest("run takes the bundle of runc spec", async () => {
  await using container = new Container(command(["echo", "hello"]), "runc");
  const { stdout, stderr, code } = await container.run();
  assertEquals({ stdout, stderr, code }, {
    stdout: "hello\n",
    stderr: "",
    code: 0,
  });
  assertEquals(container.leftovers(), []);
}, { programs: ["runc"] });

containerTest(
  "run exits with the program's status",
  script("exit 41"),
  async (container) => {
    assertEquals((await container.run()).code, 41);
    assertEquals(container.leftovers(), []);
  },
);

containerTest(
  "run exits with 128+n when a signal ends the program",
  command(["sleep", "100"]),
  async (container) => {
    using running = container.spawn([
      "run",
      "--bundle",
      container.bundle,
      container.id,
    ]);
    await until(
      "it runs",
      async () =>
        (await container.davit(["state", container.id])).stdout
          .includes('"running"'),
    );
    assertSuccess(await container.davit(["kill", container.id, "KILL"]));
    assertEquals((await running.end()).code, 137);
    assertEquals(container.leftovers(), []);
  },
);

containerTest(
  "run passes signals on",
  script(
    `trap 'echo got TERM; exit 3' TERM; trap 'echo got HUP' HUP
    echo ready; while :; do sleep 0.05; done`,
  ),
  async (container) => {
    using running = container.spawn([
      "run",
      "--bundle",
      container.bundle,
      container.id,
    ]);
    await until("it is ready", () => running.stdout.includes("ready"));
    running.kill("SIGHUP");
    await until("it got HUP", () => running.stdout.includes("got HUP"));
    running.kill("SIGTERM");
    const { code, stdout } = await running.end();
    assertEquals({ code, stdout }, {
      code: 3,
      stdout: "ready\ngot HUP\ngot TERM\n",
    });
    assertEquals(container.leftovers(), []);
  },
);

containerTest(
  "run hands its stdin, stdout and stderr over",
  script("cat; echo to stderr >&2"),
  async (container) => {
    const result = await container.run([], { stdin: "one\ntwo\n" });
    assertEquals(result, {
      code: 0,
      stdout: "one\ntwo\n",
      stderr: "to stderr\n",
    });
  },
);

containerTest(
  "run loses nothing of a large output",
  script("dd if=/dev/zero bs=64k count=64 2>/dev/null | tr '\\000' x"),
  async (container) => {
    assertEquals((await container.run()).stdout.length, 4 << 20);
  },
);

containerTest(
  "run --detach returns when the program runs",
  command(["sleep", "100"]),
  async (container) => {
    const file = `${container.folder}/pid`;
    assertSuccess(await container.run(["--detach", "--pid-file", file]));
    const state = await container.state();
    assertEquals(state.status, "running");
    assertEquals(readIfThere(file), `${state.pid}`);
    assertSuccess(await container.davit(["kill", container.id, "KILL"]));
    await until(
      "it is stopped",
      async () => (await container.state()).status === "stopped",
    );
    assertSuccess(await container.davit(["delete", container.id]));
  },
);

containerTest(
  "run -d and -b are short for --detach and --bundle",
  command(["sleep", "100"]),
  async (container) => {
    assertSuccess(
      await container.davit([
        "run",
        "-d",
        "-b",
        container.bundle,
        container.id,
      ]),
    );
    assertEquals((await container.state()).status, "running");
  },
);

containerTest(
  "run --keep leaves a stopped container",
  script("exit 5"),
  async (container) => {
    assertEquals((await container.run(["--keep"])).code, 5);
    assertEquals((await container.state()).status, "stopped");
    assertSuccess(await container.davit(["delete", container.id]));
  },
);

containerTest(
  "run takes the current folder as the bundle",
  command(["echo", "here"]),
  async (container) => {
    const result = await container.davit(["run", container.id], {
      cwd: container.bundle,
    });
    assertEquals(assertSuccess(result).stdout, "here\n");
  },
);

containerTest(
  "run takes the same ID again and again",
  command(["true"]),
  async (container) => {
    for (let i = 0; i < 5; i++) assertSuccess(await container.run());
    assertEquals(container.leftovers(), []);
  },
);

containerTest(
  "run ends the container's other processes with its first",
  script("sleep 100 & sleep 100 & echo started"),
  async (container) => {
    assertEquals(assertSuccess(await container.run()).stdout, "started\n");
    assertEquals(container.leftovers(), []);
  },
);

containerTest(
  "run reaps without a pid namespace and leaves no process",
  script("(sleep 100 >/dev/null 2>&1 &) ; echo started", (config) => {
    config.linux.namespaces = config.linux.namespaces.filter(({ type }) =>
      type !== "pid"
    );
  }),
  async (container) => {
    assertEquals(assertSuccess(await container.run()).stdout, "started\n");
    await until("nothing is left", () => container.leftovers().length === 0);
  },
);

containerTest(
  "run finds the program in the container's PATH, not the host's",
  command(["only-here"], (config) => {
    config.process.env = config.process.env.filter((entry) =>
      !entry.startsWith("PATH=")
    );
    config.process.env.push("PATH=/nowhere:/opt/own");
  }),
  async (container) => {
    Deno.mkdirSync(`${container.rootfs}/opt/own`, { recursive: true });
    Deno.writeTextFileSync(
      `${container.rootfs}/opt/own/only-here`,
      "#!/bin/sh\necho found in $PATH\n",
      { mode: 0o755 },
    );
    assertEquals(
      assertSuccess(await container.run()).stdout,
      "found in /nowhere:/opt/own\n",
    );
  },
);

containerTest(
  "run takes a program's path relative to the working directory",
  command(["./tool", "x"], (config) => config.process.cwd = "/home"),
  async (container) => {
    Deno.writeTextFileSync(
      `${container.rootfs}/home/tool`,
      "#!/bin/sh\necho $0 $1\n",
      { mode: 0o755 },
    );
    assertEquals(assertSuccess(await container.run()).stdout, "./tool x\n");
  },
);

rootTest("run of several containers at once keeps them apart", async () => {
  const names = Array.from({ length: 8 }, (_, i) => `number ${i}`);
  await Promise.all(names.map(async (name) => {
    await using container = new Container(
      script(`echo $$ ${name}; sleep 0.2; echo $(ps | grep -c sleep)`),
    );
    const { stdout } = assertSuccess(await container.run());
    assertMatch(stdout, new RegExp(`^1 ${name}\n`));
    assertEquals(container.leftovers(), []);
  }));
});

containerTest(
  "run --log writes runc's fields as JSON",
  command(["/no/such/program"]),
  async (container) => {
    const log = `${container.folder}/log.json`;
    const result = await container.davit([
      "--log",
      log,
      "--log-format",
      "json",
      "run",
      "--bundle",
      container.bundle,
      container.id,
    ]);
    assert(result.code !== 0);
    const last = JSON.parse(readIfThere(log).trim().split("\n").at(-1)!);
    assertEquals(last.level, "error");
    assertMatch(last.msg, /no such file or directory/i);
    assert(!Number.isNaN(Date.parse(last.time)), last.time);
  },
);
