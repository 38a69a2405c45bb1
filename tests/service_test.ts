/** Containers as services: sockets handed over, and readiness told. */
import { assert, assertEquals } from "@std/assert";
import { type Container, containerTest, script } from "./container.ts";
import { assertOneLine, assertSuccess, run } from "./davit.ts";
import { Manager, say, WAITS } from "./service_manager.ts";

/** Runs Davit as a service manager does that opened descriptors for it. */
function activated(
  container: Container,
  count: number,
  flags: string[] = [],
  pid = "$$",
) {
  const opens = Array.from(
    { length: count },
    (_, i) => `exec ${3 + i}<${container.folder}/data${i}`,
  );
  for (let i = 0; i < count; i++) {
    Deno.writeTextFileSync(`${container.folder}/data${i}`, `data ${i}\n`);
  }
  const words = container.words(
    "run",
    "--bundle",
    container.bundle,
    ...flags,
    container.id,
  );
  const exports = `export LISTEN_PID=${pid} LISTEN_FDNAMES=a:b`;
  return run([
    "bash",
    "-c",
    [...opens, exports, 'exec "$@"'].join("; "),
    "bash",
    ...words,
  ], { env: { LISTEN_FDS: "2" } });
}

const SHOW =
  'echo "$LISTEN_FDS $LISTEN_PID $LISTEN_FDNAMES"; for f in 3 4 5; do cat <&$f; done 2>/dev/null; true';

containerTest(
  "service: its sockets are the program's",
  script(SHOW),
  async (container) => {
    const { stdout } = assertSuccess(await activated(container, 2));
    assertEquals(stdout, "2 1 a:b\ndata 0\ndata 1\n");
  },
);

containerTest(
  "service: more descriptors come behind its sockets",
  script(SHOW),
  async (container) => {
    const { stdout } = assertSuccess(
      await activated(container, 3, ["--preserve-fds=1"]),
    );
    assertEquals(stdout, "2 1 a:b\ndata 0\ndata 1\ndata 2\n");
  },
);

containerTest(
  "service: sockets that an engine counts in --preserve-fds are no more of them",
  script(SHOW),
  async (container) => {
    const { stdout } = assertSuccess(
      await activated(container, 2, ["--preserve-fds=2"]),
    );
    assertEquals(stdout, "2 1 a:b\ndata 0\ndata 1\n");
  },
);

containerTest(
  "service: sockets of another process are not taken",
  script(SHOW),
  async (container) => {
    const { stdout } = assertSuccess(await activated(container, 2, [], "1"));
    assertEquals(stdout, "  \n");
  },
);

containerTest(
  "service: sockets that are not there are an error",
  script(SHOW),
  async (container) => {
    assertOneLine(await activated(container, 1), /descriptor 4 is not open/);
    assertEquals(container.leftovers(), []);
  },
);

containerTest(
  "service: run --detach returns when the program is ready",
  WAITS,
  async (container) => {
    using manager = new Manager(container);
    const { env } = manager;
    const words = ["run", "--detach", "--bundle", container.bundle];
    using running = container.spawn([...words, container.id], { env });
    await say(container, "STATUS=soon\nMAINPID=1", "BARRIER=1", "READY=1");
    assertEquals(manager.take(), "STATUS=soon\n");
    const { pid, status } = await container.state();
    assertEquals(status, "running");
    assertEquals(manager.take(), `READY=1\nMAINPID=${pid}\n`);
    assertEquals(manager.take(), "BARRIER=1\n");
    assertSuccess(await running.end());
    assertSuccess(await container.davit(["delete", "--force", container.id]));
    assertEquals(container.leftovers(), []);
  },
);

containerTest(
  "service: start returns when the program is ready",
  WAITS,
  async (container) => {
    using manager = new Manager(container);
    const { env } = manager;
    assertSuccess(await container.create([], { env }));
    const { pid } = await container.state();
    using starting = container.spawn(["start", container.id], { env });
    await say(container, "READY=1");
    assertEquals(manager.take(), `READY=1\nMAINPID=${pid}\n`);
    assertEquals(manager.take(), "BARRIER=1\n");
    assertSuccess(await starting.end());
  },
);

containerTest(
  "service: start tells when nobody will hear of the container",
  script("sleep 100"),
  async (container) => {
    using manager = new Manager(container);
    assertSuccess(await container.create());
    const { stderr } = assertSuccess(
      await container.davit(["start", container.id], { env: manager.env }),
    );
    assert(stderr.includes("created without NOTIFY_SOCKET"), stderr);
  },
);

containerTest(
  "service: run in the foreground relays all the time",
  WAITS,
  async (container) => {
    using manager = new Manager(container);
    const { env } = manager;
    const words = ["run", "--bundle", container.bundle, container.id];
    using running = container.spawn(words, { env });
    await say(container, "READY=1", "WATCHDOG=1", "STOPPING=1");
    assertEquals(manager.take(), `READY=1\nMAINPID=${running.pid}\n`);
    assertEquals(manager.take(), "WATCHDOG=1\n");
    assertEquals(manager.take(), "STOPPING=1\n");
    running.kill("SIGKILL");
    await running.end();
    assertSuccess(await container.davit(["delete", "--force", container.id]));
    assertEquals(container.leftovers(), []);
  },
);

containerTest(
  "service: a program that ends without a word ends the wait",
  script("exit 3"),
  async (container) => {
    using manager = new Manager(container);
    const { env } = manager;
    assertSuccess(await container.run(["--detach"], { env }));
    assertSuccess(await container.davit(["delete", container.id]));
    assertEquals((await container.run([], { env })).code, 3);
    assertEquals(container.leftovers(), []);
  },
);

containerTest(
  "service: a manager that is gone is a warning",
  WAITS,
  async (container) => {
    const env = { NOTIFY_SOCKET: `${container.folder}/none.sock` };
    const words = ["run", "--detach", "--bundle", container.bundle];
    using running = container.spawn([...words, container.id], { env });
    await say(container, "READY=1");
    const { stderr } = assertSuccess(await running.end());
    assert(stderr.includes("Cannot notify NOTIFY_SOCKET"), stderr);
  },
);
