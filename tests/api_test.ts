/** Davit as a library, in the process of the test. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  build,
  create,
  exec,
  get,
  kill,
  list,
  plan,
  planDifference,
  remove,
  run,
  RuntimeError,
  type Spec,
  start,
  stats,
  validate,
} from "../mod.ts";
import { readConfig } from "./bundle.ts";
import { command, type Container, containerTest, script } from "./container.ts";
import { until } from "./davit.ts";

/** What every call of the test is told. */
function here({ bundle, root }: Container) {
  return { bundle, root };
}

containerTest(
  "the API runs a container and tells its output and status",
  script("echo out; echo err >&2; exit 3"),
  async (container) => {
    const end = await run(container.id, {
      ...here(container),
      stdout: "captured",
      stderr: "captured",
    });
    assertEquals(end, { status: 3, stdout: "out\n", stderr: "err\n" });
    assertEquals(list({ root: container.root }), []);
  },
);

containerTest(
  "the API creates, starts, looks at, signals and deletes a container",
  script("trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done"),
  async (container) => {
    const { id, root } = container;
    await using one = await create(id, {
      ...here(container),
      stdout: "captured",
    });
    assertEquals(one.state().status, "created");
    assertEquals(list({ root }).map(({ id }) => id), [id]);
    await start(id, { root });
    await until("ready", () => one.output() === "ready\n");
    assertEquals(get(id, { root }).state().status, "running");
    assert(one.processes().includes(one.state().pid));
    assert(stats(id, { root }).pids.current! >= 1n);
    const { status, stdout } = await exec(id, ["sh", "-c", "id -u; exit 4"], {
      root,
      stdout: "captured",
    });
    assertEquals([status, stdout], [4, "0\n"]);
    one.pause();
    assertEquals(one.state().status, "paused");
    one.resume();
    kill(id, "TERM", { root });
    assertEquals((await one.wait()).status, 5);
    assertEquals(one.state().status, "stopped");
    await remove(id, { root });
    assertThrows(() => one.state(), RuntimeError, "does not exist");
  },
);

containerTest(
  "the API takes a container away when it is disposed of",
  command(["sleep", "1000"]),
  async (container) => {
    {
      await using one = await create(container.id, here(container));
      await one.start();
    }
    assertEquals(list({ root: container.root }), []);
    assertEquals(container.leftovers(), []);
  },
);

containerTest(
  "the API takes a configuration as an object",
  command(["true"]),
  async (container) => {
    const { bundle, id, root } = container;
    const spec = readConfig(bundle) as unknown as Spec;
    const changed: Spec = {
      ...spec,
      process: { ...spec.process!, args: ["echo", "from the object"] },
    };
    const end = await run(id, {
      bundle,
      root,
      spec: changed,
      stdout: "captured",
    });
    assertEquals(end.stdout, "from the object\n");
    const [before, after] = [
      await plan({ bundle }),
      await plan({ bundle, spec: changed }),
    ];
    assertEquals(planDifference(before, after), [
      "- processes: program: true",
      "+ processes: program: echo 'from the object'",
    ]);
    assertEquals(validate({ bundle }).errors, []);
    const wrong = { ...spec, root: {} } as unknown as Spec;
    assertEquals(
      validate({ bundle, spec: wrong }).errors.map((e) => e.pointer),
      ["/root/path"],
    );
    const program = await build({ bundle, id });
    assertEquals(program.subarray(1, 4), new TextEncoder().encode("ELF"));
  },
);

containerTest(
  "errors of the API have a code, and leave nothing behind",
  command(["no-such-program"]),
  async (container) => {
    const error = await assertRejects(
      () => run(container.id, here(container)),
      RuntimeError,
      "executable file not found in $PATH",
    );
    assertEquals(error.code, "process");
    assertThrows(
      () => get("nobody", { root: container.root }),
      RuntimeError,
      "Container ID (nobody) does not exist",
    );
    const descriptors = [...Deno.readDirSync("/proc/self/fd")].length;
    await assertRejects(() => run(container.id, here(container)));
    assertEquals([...Deno.readDirSync("/proc/self/fd")].length, descriptors);
  },
);
