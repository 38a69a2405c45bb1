/** Pods as engines make them: a pause container, and two in its sandbox. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Config } from "./config.ts";
import { change, command, Container, rootTest } from "./container.ts";
import { assertOneLine, assertSuccess, readIfThere, until } from "./davit.ts";

/** What engines write into a container's annotations. */
interface Keys {
  readonly type: string;
  readonly sandbox: string;
}

const ENGINES: Readonly<Record<string, Keys>> = {
  containerd: {
    type: "io.kubernetes.cri.container-type",
    sandbox: "io.kubernetes.cri.sandbox-id",
  },
  "CRI-O": {
    type: "io.kubernetes.cri-o.ContainerType",
    sandbox: "io.kubernetes.cri-o.SandboxID",
  },
};

const FILE: Readonly<Record<string, string>> = {
  network: "net",
  ipc: "ipc",
  uts: "uts",
  pid: "pid",
};

/** The namespace of a process. */
function namespace(pid: number, kind: string): string {
  return Deno.readLinkSync(`/proc/${pid}/ns/${FILE[kind]}`);
}

/** A pod's pause container, which runs. */
async function pause(keys: Keys): Promise<Container> {
  const sandbox = new Container(command(["sleep", "1000"]));
  change(sandbox, (config) => {
    config.hostname = "the-pod";
    config.annotations = { [keys.type]: "sandbox", [keys.sandbox]: sandbox.id };
  });
  assertSuccess(await sandbox.create());
  assertSuccess(await sandbox.start());
  return sandbox;
}

/** A container of the pod, which shares namespaces by their paths and runs. */
async function member(
  sandbox: Container,
  pid: number,
  keys: Keys,
  shared: readonly string[],
): Promise<Container> {
  const container = new Container(
    (config: Config) => {
      command(["sleep", "1000"])(config);
      Reflect.deleteProperty(config, "hostname");
      config.annotations = {
        [keys.type]: "container",
        [keys.sandbox]: sandbox.id,
      };
      config.linux.namespaces = config.linux.namespaces.map((found) =>
        shared.includes(found.type)
          ? { ...found, path: `/proc/${pid}/ns/${FILE[found.type]}` }
          : found
      );
    },
    undefined,
    sandbox.root,
  );
  assertSuccess(await container.create());
  assertSuccess(await container.start());
  return container;
}

for (const [engine, keys] of Object.entries(ENGINES)) {
  rootTest(
    `a pod of ${engine}: its containers and its sandbox know each other`,
    async () => {
      await using sandbox = await pause(keys);
      const { pid } = await sandbox.state();
      const shared = ["network", "ipc", "uts"];
      await using first = await member(sandbox, pid, keys, shared);
      await using second = await member(sandbox, pid, keys, [...shared, "pid"]);

      for (const container of [first, second]) {
        const state = await container.state();
        assertEquals(state.sandbox, sandbox.id);
        assertEquals(state.annotations?.[keys.sandbox], sandbox.id);
        for (const kind of shared) {
          assertEquals(namespace(state.pid, kind), namespace(pid, kind), kind);
        }
      }
      const inner = (await second.state()).pid;
      assertEquals(namespace(inner, "pid"), namespace(pid, "pid"));
      const status = readIfThere(`/proc/${inner}/status`);
      assert(!/^NSpid:.*\t1$/m.test(status), "the pause process is process 1");
      assertEquals((await sandbox.state()).sandbox, undefined);

      const table = assertSuccess(await sandbox.davit(["list"])).stdout;
      const [header, ...rows] = table.trimEnd().split("\n");
      assertMatch(header!, / OWNER +SANDBOX$/);
      assertEquals(rows.length, 3);
      for (const row of rows) assert(row.endsWith(` ${sandbox.id}`), row);

      assertOneLine(
        await sandbox.davit(["delete", sandbox.id]),
        /that is not stopped: it is running/,
      );
      const log = `${sandbox.folder}/log`;
      assertSuccess(
        await sandbox.davit(["--log", log, "kill", sandbox.id, "KILL"]),
      );
      assertMatch(
        readIfThere(log),
        new RegExp(`level=info .*not its live containers: .*${first.id}`),
      );
      for (const container of [second, sandbox]) {
        await until(
          "its process tree is gone",
          async () => (await container.state()).status === "stopped",
        );
      }
      assertEquals((await first.state()).status, "running");
      assertOneLine(
        await sandbox.davit(["delete", sandbox.id]),
        new RegExp(
          `Cannot delete sandbox "${sandbox.id}": containers of it live: ${first.id};`,
        ),
      );
      assertEquals((await sandbox.state()).status, "stopped");

      assertSuccess(await first.davit(["kill", first.id, "KILL"]));
      await until(
        "the last container is gone",
        async () => (await first.state()).status === "stopped",
      );
      // Stopped ones are in nobody's way.
      assertSuccess(await sandbox.davit(["delete", sandbox.id]));
      assertSuccess(await first.davit(["delete", first.id]));
      assertSuccess(await second.davit(["delete", second.id]));
      for (const container of [sandbox, first, second]) {
        assertEquals(container.leftovers(), []);
      }
    },
  );
}

rootTest("a sandbox goes before its containers when forced", async () => {
  const keys = ENGINES["containerd"]!;
  await using sandbox = await pause(keys);
  const { pid } = await sandbox.state();
  await using container = await member(sandbox, pid, keys, ["network"]);
  const result = assertSuccess(
    await sandbox.davit(["delete", "--force", sandbox.id]),
  );
  assertMatch(
    result.stderr,
    new RegExp(`sandbox of live containers is deleted: ${container.id}`),
  );
  const { status, sandbox: kept } = await container.state();
  assertEquals([status, kept], ["running", sandbox.id]);
  assertSuccess(await container.davit(["delete", "--force", container.id]));
  assertEquals(sandbox.leftovers(), []);
});
