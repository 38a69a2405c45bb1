/** A forced delete of containers whose records are of no use. */
import { assertEquals } from "@std/assert";
import { command, containerTest } from "./container.ts";
import { assertOneLine, assertSuccess, run } from "./davit.ts";

const SLEEP = command(["sleep", "1000"]);

containerTest(
  "a container with a damaged record is found by its cgroups",
  SLEEP,
  async (container) => {
    const { id, root } = container;
    assertSuccess(await container.run(["--detach"]));
    Deno.writeTextFileSync(`${root}/${id}/state.json`, '{"id":');
    assertOneLine(await container.davit(["delete", id]), /it is damaged/);
    const { code, stderr } = await container.davit(["delete", "--force", id]);
    assertEquals(code, 0, stderr);
    assertEquals(container.leftovers(), []);
  },
);

containerTest(
  "a container with a damaged record and a cgroup path of its own, too",
  command(["sleep", "1000"], (config) => {
    const id = config.process.env.find((e) => e.startsWith("DAVIT_TEST="))!;
    config.linux.cgroupsPath = `/own-${id.slice("DAVIT_TEST=".length)}/c`;
  }),
  async (container) => {
    const { id, root } = container;
    assertSuccess(await container.run(["--detach"]));
    Deno.writeTextFileSync(`${root}/${id}/state.json`, "");
    assertSuccess(await container.davit(["delete", "--force", id]));
    // The folder above is not known to be the container's.
    for (const path of container.leftovers()) {
      await run(["rmdir", path.replace("cgroup ", "")]);
    }
    assertEquals(container.leftovers(), []);
  },
);

containerTest(
  "a record that cannot be read for now is no reason to forget a container",
  SLEEP,
  async (container) => {
    const { id, root } = container;
    assertSuccess(await container.run(["--detach"]));
    const result = await run([
      "strace",
      "-qq",
      "-o",
      "/dev/null",
      "-P",
      `${root}/${id}/state.json`,
      "-e",
      "inject=openat:error=EIO",
      ...container.words("delete", "--force", id),
    ]);
    assertOneLine(result, /state.json.*Input\/output error/);
    assertEquals((await container.state()).status, "running");
    assertSuccess(await container.davit(["delete", "--force", id]));
  },
  { programs: ["strace"] },
);

containerTest(
  "a folder without a record is removed, and nobody else's cgroup",
  SLEEP,
  async (container) => {
    const { folder, id } = container;
    assertSuccess(await container.run(["--detach"]));
    // Another state root, with the remains of a create of this ID.
    Deno.mkdirSync(`${folder}/other/${id}`, { recursive: true });
    const other = ["--root", `${folder}/other`, "delete", "--force", id];
    assertSuccess(await run([container.words()[0]!, ...other]));
    assertEquals((await container.state()).status, "running");
    assertEquals([...Deno.readDirSync(`${folder}/other`)].length <= 1, true);
  },
);
