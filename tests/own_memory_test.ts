/** What the compiled binary's own process is on the host. */
import { assert, assertEquals } from "@std/assert";
import { command, containerTest } from "./container.ts";
import { DAVIT, readIfThere, until } from "./davit.ts";

const missing = DAVIT.endsWith("scripts/davit")
  ? "the compiled binary"
  : Deno.build.arch === "x86_64"
  ? undefined
  : "an x86_64";

containerTest(
  "run waits in one thread, and has no memory to write to and execute",
  command(["sleep", "100"]),
  async (container) => {
    const { bundle, id } = container;
    using running = container.spawn(["run", "--bundle", bundle, id]);
    await until("the container runs", async () => {
      const { code, stdout } = await container.davit(["state", id]);
      return code === 0 && JSON.parse(stdout).status === "running";
    });
    const maps = readIfThere(`/proc/${running.pid}/maps`).split("\n");
    assert(maps.some((map) => map.includes(" r-xp ") && map.endsWith(DAVIT)));
    assertEquals(maps.filter((map) => /^\S+ .wx/.test(map)), []);
    const status = readIfThere(`/proc/${running.pid}/status`);
    assertEquals(/^Threads:\t(\d+)$/m.exec(status)?.[1], "1");
    await container.davit(["kill", id, "KILL"]);
    await running.end();
  },
  { missing },
);
