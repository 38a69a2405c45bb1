/** Containers with a service manager that are saved, and go on. */
import { assert, assertEquals } from "@std/assert";
import { connectDatagrams, sendDescriptors } from "../ffi/socket.ts";
import { close } from "../ffi/fd.ts";
import { type Container, containerTest, script } from "./container.ts";
import { env as criuEnv, fakeCriu, WORKING } from "./criu.ts";
import { assertSuccess, readIfThere, until } from "./davit.ts";
import { Manager, say, WAITS } from "./service_manager.ts";

const images = ({ folder }: Container) => ["--image-path", `${folder}/images`];

/** `davit restore`, with flags. */
function restoring(container: Container, ...flags: string[]): string[] {
  const { bundle, id } = container;
  return [
    "restore",
    ...images(container),
    "--bundle",
    bundle,
    ...flags,
    id,
  ];
}

/** Runs the program in the background until it has said what it has to say. */
async function runService(
  container: Container,
  manager: Manager,
  said: string,
): Promise<void> {
  const words = ["run", "--bundle", container.bundle, container.id];
  const running = container.spawn(words, { env: manager.env });
  try {
    await say(container, said);
    assert(manager.take().startsWith(said));
  } finally {
    running.kill("SIGKILL");
    await running.end();
  }
}

/** A checkpoint as Davit makes it, without criu's images. */
function writeCheckpoint(container: Container, service?: unknown): void {
  const folder = `${container.folder}/images`;
  Deno.mkdirSync(folder);
  Deno.writeTextFileSync(`${folder}/descriptors.json`, '["","",""]');
  if (service === undefined) return;
  Deno.writeTextFileSync(`${folder}/service.json`, JSON.stringify(service));
}

/** Says something to the container's socket, on the host. */
function sayOutside({ id, root }: Container, text: string): void {
  const socket = connectDatagrams(`${root}/${id}/notify/notify.sock`);
  try {
    sendDescriptors(socket, new TextEncoder().encode(text), []);
  } finally {
    close(socket);
  }
}

for (const [said, ready] of [["READY=1", true], ["STATUS=soon", false]]) {
  containerTest(
    `checkpoint: of a service it is kept whether it is ready: ${said}`,
    WAITS,
    async (container) => {
      using manager = new Manager(container);
      await runService(container, manager, String(said));
      const { env, asked } = fakeCriu(container, "ok");
      const flags = [...images(container), "--leave-running"];
      assertSuccess(
        await container.davit(["checkpoint", ...flags, container.id], { env }),
      );
      const { external } = asked();
      assert(external.includes("mnt[/run/notify]:/run/notify"), external);
      const kept = readIfThere(`${container.folder}/images/service.json`);
      assertEquals(JSON.parse(kept), { ready });
    },
  );
}

containerTest(
  "restore: a program that was ready is ready",
  script("true"),
  async (container) => {
    writeCheckpoint(container, { ready: true });
    using manager = new Manager(container);
    const { env, asked } = fakeCriu(container, "restores");
    using restored = container.spawn(restoring(container, "--detach"), {
      env: { ...env, ...manager.env },
    });
    const told = manager.take();
    const { pid } = await container.state();
    assertEquals(told, `READY=1\nMAINPID=${pid}\n`);
    assertEquals(manager.take(), "BARRIER=1\n");
    assertSuccess(await restored.end());
    const folder = `${container.root}/${container.id}/notify`;
    assert(asked().external.includes(`mnt[/run/notify]:${folder}`));
    assertSuccess(await container.davit(["delete", "--force", container.id]));
    assertEquals(container.leftovers(), []);
  },
);

containerTest(
  "restore: a program that was not ready is waited for",
  script("true"),
  async (container) => {
    writeCheckpoint(container, { ready: false });
    using manager = new Manager(container);
    const { env } = fakeCriu(container, "restores");
    using restored = container.spawn(restoring(container, "--detach"), {
      env: { ...env, ...manager.env },
    });
    await until("it is restored", async () => {
      const { stdout } = await container.davit(["state", container.id]);
      return stdout !== "" && JSON.parse(stdout).status === "running";
    });
    sayOutside(container, "STATUS=soon");
    assertEquals(manager.take(), "STATUS=soon\n");
    sayOutside(container, "READY=1");
    const { pid } = await container.state();
    assertEquals(manager.take(), `READY=1\nMAINPID=${pid}\n`);
    assertEquals(manager.take(), "BARRIER=1\n");
    assertSuccess(await restored.end());
    assertSuccess(await container.davit(["delete", "--force", container.id]));
    assertEquals(container.leftovers(), []);
  },
);

containerTest(
  "restore: without a service in the checkpoint nobody is waited for",
  script("true"),
  async (container) => {
    writeCheckpoint(container);
    using manager = new Manager(container);
    const { env } = fakeCriu(container, "restores");
    const { stderr } = assertSuccess(
      await container.davit(restoring(container, "--detach"), {
        env: { ...env, ...manager.env },
      }),
    );
    assert(stderr.includes("does not tell of a NOTIFY_SOCKET"), stderr);
    assertSuccess(await container.davit(["delete", "--force", container.id]));
    assertEquals(container.leftovers(), []);
  },
);

containerTest(
  "checkpoint: a service goes on, and is heard",
  WAITS,
  async (container) => {
    const { id } = container;
    using manager = new Manager(container);
    await runService(container, manager, "READY=1");
    const saves = ["checkpoint", ...images(container), id];
    assertSuccess(await container.davit(saves, { env: criuEnv }));
    // Without a manager, too.
    const alone = restoring(container, "--detach");
    assertSuccess(await container.davit(alone, { env: criuEnv }));
    assertSuccess(await container.davit(saves, { env: criuEnv }));
    using restored = container.spawn(restoring(container), {
      env: { ...criuEnv, ...manager.env },
    });
    assertEquals(manager.take(), `READY=1\nMAINPID=${restored.pid}\n`);
    await say(container, "WATCHDOG=1");
    assertEquals(manager.take(), "WATCHDOG=1\n");
    restored.kill("SIGKILL");
    await restored.end();
    assertSuccess(await container.davit(["delete", "--force", id]));
    assertEquals(container.leftovers(), []);
  },
  WORKING,
);
