import { assert, assertEquals, assertMatch } from "@std/assert";
import { writeConfig } from "./bundle.ts";
import {
  command,
  type Container,
  containerTest,
  rootTest,
  script,
} from "./container.ts";
import { Container as Bundle } from "./container.ts";
import {
  assertOneLine,
  assertSuccess,
  readIfThere,
  run,
  until,
} from "./davit.ts";

async function stopped(container: Container): Promise<void> {
  await until(
    "it is stopped",
    async () => (await container.state()).status === "stopped",
  );
}

containerTest(
  "create, start, kill, delete: state tells each of them",
  script("touch /tmp/ran; sleep 100", (config) => {
    config.root.readonly = false;
    config.annotations = { "org.example.key": "value" };
  }),
  async (container) => {
    assertSuccess(await container.create());
    const created = await container.state();
    assertEquals(created.status, "created");
    assertEquals(created.id, container.id);
    assertEquals(created.bundle, container.bundle);
    assertEquals(created.annotations, { "org.example.key": "value" });
    assertMatch(created.ociVersion, /^1\.\d+\.\d+/);
    assert(created.pid > 1, `${created.pid}`);
    Deno.statSync(`/proc/${created.pid}`);
    const marker = `/proc/${created.pid}/root/tmp/ran`;
    assert(!exists(marker), "the program waits for start");

    assertSuccess(await container.start());
    const running = await container.state();
    assertEquals(running, { ...created, status: "running" });
    await until("the program ran", () => exists(marker));

    assertSuccess(await container.davit(["kill", container.id, "KILL"]));
    await stopped(container);
    assertSuccess(await container.davit(["delete", container.id]));
    assert((await container.davit(["state", container.id])).code !== 0);
    assertEquals(container.leftovers(), []);
  },
);

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

containerTest(
  "create leaves an init of at most 64 KB",
  command(["true"]),
  async (container) => {
    assertSuccess(await container.create());
    const { pid } = await container.state();
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    const resident = Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1]);
    assert(resident <= 64, `${resident} KB`);
  },
);

containerTest(
  "create hands its own stdin, stdout and stderr to the container",
  script("cat; echo to stderr >&2"),
  async (container) => {
    using creation = container.spawn(
      ["create", "--bundle", container.bundle, container.id],
      { stdin: "to stdin\n" },
    );
    assertSuccess(await creation.end());
    assertEquals(creation.stdout, "");
    assertSuccess(await container.start());
    await stopped(container);
    assertEquals(creation.stdout, "to stdin\n");
    assertEquals(creation.stderr, "to stderr\n");
  },
);

containerTest(
  "create --pid-file writes the digits of init's pid",
  command(["sleep", "100"]),
  async (container) => {
    const file = `${container.folder}/pid`;
    assertSuccess(await container.create(["--pid-file", file]));
    assertEquals(readIfThere(file), `${(await container.state()).pid}`);
  },
);

containerTest(
  "create that cannot write the pid file leaves nothing",
  command(["sleep", "100"]),
  async (container) => {
    const file = `${container.folder}/missing/pid`;
    const result = await container.create(["--pid-file", file]);
    assert(result.code !== 0);
    assertMatch(result.stderr, /missing\/pid/);
    assertEquals(container.leftovers(), []);
  },
);

containerTest(
  "create that fails leaves nothing, and its ID can be used again",
  command(["true"], (config) => {
    config.mounts.push({
      destination: "/data",
      type: "bind",
      source: "/no/such/source",
      options: ["bind"],
    });
  }),
  async (container) => {
    const result = await container.create();
    assert(result.code !== 0);
    assertMatch(result.stderr, /\/no\/such\/source/);
    assertEquals(container.leftovers(), []);
    const config = JSON.parse(readIfThere(`${container.bundle}/config.json`));
    config.mounts.pop();
    writeConfig(container.bundle, config);
    assertSuccess(await container.run());
  },
);

containerTest(
  "create keeps its state to root: folders and programs 0700, files 0600",
  command(["true"]),
  async (container) => {
    assertSuccess(await container.create());
    const wrong = (await run([
      "find",
      container.root,
      "-type",
      "d",
      "!",
      "-perm",
      "0700",
      "-not",
      "-path",
      "*containers-mapping*",
      "-o",
      "-type",
      "f",
      "!",
      "-perm",
      "0600",
      "-not",
      "(",
      "-perm",
      "0700",
      ...["-name", "start", "-o", "-name", "delete", "-o", "-name", "kill-*"],
      ")",
    ])).stdout;
    assertEquals(wrong, "");
  },
);

containerTest(
  "create maps the container to its sandbox",
  command(["true"], (config) => {
    config.annotations = {
      "io.kubernetes.cri.container-type": "container",
      "io.kubernetes.cri.sandbox-id": "sandbox-7",
    };
  }),
  async (container) => {
    assertSuccess(await container.create());
    const folder = `${container.root}/containers-mapping/${container.id}`;
    assertEquals(
      [...Deno.readDirSync(folder)].map(({ name }) => name),
      ["sandbox-7"],
    );
    assertEquals(Deno.statSync(folder).mode! & 0o777, 0o750);
    assertSuccess(await container.davit(["delete", "--force", container.id]));
    assertEquals(exists(folder), false);
  },
);

containerTest(
  "create maps a container that is alone to itself",
  command(["true"]),
  async (container) => {
    assertSuccess(await container.create());
    const folder = `${container.root}/containers-mapping/${container.id}`;
    assertEquals(
      [...Deno.readDirSync(folder)].map(({ name }) => name),
      [container.id],
    );
  },
);

containerTest(
  "create accepts a config without process; start fails",
  (config) => {
    delete (config as Record<string, unknown>).process;
  },
  async (container) => {
    assertSuccess(await container.create());
    assertEquals((await container.state()).status, "created");
    const result = await container.start();
    assert(result.code !== 0);
    assertMatch(result.stderr, /process/);
  },
);

containerTest(
  "start reports a program that went away, and the container is stopped",
  command(["/bin/tool"]),
  async (container) => {
    const program = `${container.rootfs}/bin/tool`;
    Deno.copyFileSync(`${container.rootfs}/bin/busybox`, program);
    Deno.chmodSync(program, 0o755);
    assertSuccess(await container.create());
    Deno.removeSync(program);
    assertOneLine(await container.start(), /no such file or directory/i);
    await stopped(container);
    assertSuccess(await container.davit(["delete", container.id]));
    assertEquals(container.leftovers(), []);
  },
);

containerTest(
  "start of a running container fails and changes nothing",
  command(["sleep", "100"]),
  async (container) => {
    assertSuccess(await container.create());
    assertSuccess(await container.start());
    const before = await container.state();
    assert((await container.start()).code !== 0);
    assertEquals(await container.state(), before);
  },
);

containerTest(
  "start of a stopped container fails",
  command(["true"]),
  async (container) => {
    assertSuccess(await container.create());
    assertSuccess(await container.start());
    await stopped(container);
    assert((await container.start()).code !== 0);
    assertEquals((await container.state()).status, "stopped");
  },
);

containerTest(
  "an init that the host kills is stopped",
  command(["sleep", "100"]),
  async (container) => {
    assertSuccess(await container.create());
    Deno.kill((await container.state()).pid, "SIGKILL");
    await stopped(container);
    assertSuccess(await container.davit(["delete", container.id]));
  },
);

containerTest(
  "create of one ID 64 times at once has one winner",
  command(["sleep", "100"]),
  async (container) => {
    const results = await Promise.all(
      Array.from({ length: 64 }, () => container.create([], { timeout: 120 })),
    );
    const losers = results.filter(({ code }) => code !== 0);
    assertEquals(losers.length, 63);
    for (const { stderr } of losers) {
      assertMatch(stderr, /ID already in use, unique ID should be provided/);
    }
    assertEquals((await container.state()).status, "created");
    assertSuccess(await container.start());
    assertSuccess(await container.davit(["delete", "--force", container.id]));
    assertEquals(container.leftovers(), []);
  },
);

rootTest("create that is killed at any moment can be deleted", async () => {
  await using container = new Bundle(command(["sleep", "100"], (config) => {
    config.linux.resources = { pids: { limit: 20 } };
  }));
  for (let moment = 5; moment <= 45; moment += 2) {
    using creation = container.spawn([
      "create",
      "--bundle",
      container.bundle,
      container.id,
    ]);
    await new Promise((resolve) => setTimeout(resolve, moment));
    try {
      creation.kill("SIGKILL");
    } catch {
      // it was faster
    }
    await creation.end();
    assertSuccess(await container.davit(["delete", "--force", container.id]));
    await until(
      `nothing is left of a create killed after ${moment} ms: ${container.leftovers()}`,
      () => container.leftovers().length === 0,
      5,
    );
  }
});
