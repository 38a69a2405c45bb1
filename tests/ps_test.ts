import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  command,
  type Container,
  containerTest,
  idOf,
  type Needs,
  onPath,
  script,
} from "./container.ts";
import { assertOneLine, assertSuccess, until } from "./davit.ts";

/** A container of three processes; their IDs on the host. */
async function started(container: Container): Promise<number[]> {
  assertSuccess(await container.create());
  assertSuccess(await container.start());
  return await until("all are there", async () => {
    const { stdout } = await container.davit(
      ["ps", "--format", "json", container.id],
    );
    const pids: number[] = JSON.parse(stdout) ?? [];
    return pids.length === 3 ? pids : undefined;
  });
}

const three = script(
  "sleep 1001 & sleep 1002 & wait",
  (config) => {
    config.linux.cgroupsPath = `/${idOf(config)}`;
  },
);

/** procps asks for the time of the boot, which not every kernel tells. */
const needs: Needs = !onPath("ps")
  ? { programs: ["ps"] }
  : new Deno.Command("ps", { args: ["-ef"] }).outputSync().success
  ? {}
  : { missing: "a kernel that ps -ef works with" };

containerTest(
  "ps: a table of the container's processes, a JSON array of their IDs",
  three,
  async (container) => {
    const pids = await started(container);
    assert(pids.includes((await container.state()).pid));
    const { stdout } = assertSuccess(
      await container.davit(["ps", container.id]),
    );
    const [header, ...lines] = stdout.trimEnd().split("\n");
    assertMatch(header!, /^UID +PID +PPID +C +STIME +TTY +TIME +CMD$/);
    assertEquals(lines.map((line) => Number(line.split(/ +/)[1])), pids);
    assertEquals(lines.filter((line) => line.includes("sleep 100")).length, 3);
  },
  needs,
);

containerTest(
  "ps: options after the ID are those of ps",
  three,
  async (container) => {
    const pids = await started(container);
    const { stdout } = assertSuccess(
      await container.davit(["ps", container.id, "-e", "-o", "args,pid"]),
    );
    const [header, ...lines] = stdout.trimEnd().split("\n");
    assertMatch(header!, /^COMMAND +PID$/);
    assertEquals(lines.map((line) => Number(line.split(/ +/).at(-1))), pids);
    assertSuccess(await container.davit(["ps", container.id, "-e", "-x"]));

    const bad = (...options: string[]) =>
      container.davit(["ps", container.id, ...options]);
    assertOneLine(
      await bad("-e", "-o", "args"),
      /couldn't find PID field in ps output/,
    );
    assertOneLine(await bad("--nonsense"), /^Cannot list processes: ps --nons/);
    assertOneLine(
      await container.davit(["ps", "--format", "xml", container.id]),
      /invalid format option: "xml": expected table or json/,
    );
    const folder = `${container.folder}/bin`;
    Deno.mkdirSync(folder);
    Deno.symlinkSync("/bin/sh", `${folder}/sh`); // runs Davit
    const none = await container.davit(["ps", container.id], {
      bare: { PATH: folder },
    });
    assertOneLine(none, /there is no program "ps" in PATH/);
  },
  { programs: ["ps"] },
);

containerTest(
  "ps: sub-cgroups, a stopped container and one that is not there",
  command(["sleep", "1000"], (config) => {
    config.linux.cgroupsPath = `/${idOf(config)}`;
  }),
  async (container) => {
    const { id } = container;
    assertSuccess(await container.create());
    const json = async () =>
      JSON.parse(
        assertSuccess(await container.davit(["ps", "-f", "json", id])).stdout,
      );
    assertEquals(await json(), [(await container.state()).pid]);
    assertSuccess(await container.davit(["kill", id, "KILL"]));
    await until(
      "it ends",
      async () => (await container.state()).status === "stopped",
    );
    assertEquals(await json(), null);
    const { stdout } = assertSuccess(
      await container.davit(["ps", id, "-e", "-o", "pid,args"]),
    );
    assertEquals(stdout.trimEnd().split("\n").length, 1, "no more than a head");
    assertOneLine(
      await container.davit(["ps", "nobody"]),
      /Container ID \(nobody\) does not exist/,
    );
  },
  { programs: ["ps"] },
);
