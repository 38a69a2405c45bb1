import { assert, assertEquals, assertMatch } from "@std/assert";
import { command, Container, containerTest, rootTest } from "./container.ts";
import { assertOneLine, assertSuccess } from "./davit.ts";

containerTest(
  "state prints the spec's state, and when and whose it is",
  command(["sleep", "100"]),
  async (container) => {
    assertSuccess(await container.create());
    const state = { ...await container.state() } as Record<string, unknown>;
    assertEquals(typeof state.ociVersion, "string");
    assertEquals(state.id, container.id);
    assertEquals(state.status, "created");
    assertEquals(typeof state.pid, "number");
    assertEquals(state.bundle, container.bundle);
    assertEquals(state.rootfs, container.rootfs);
    assertEquals(typeof state.owner, "string");
    const age = Date.now() - Date.parse(`${state.created}`);
    assert(age > -2000 && age < 60_000, `${state.created}`);
    assertMatch(`${state.created}`, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  },
);

containerTest(
  "state of an unknown container fails",
  command(["true"]),
  async (container) => {
    assertOneLine(
      await container.davit(["state", "nobody"]),
      /Container ID \(nobody\) does not exist/,
    );
  },
);

rootTest(
  "list tells every container, as a table, as JSON and as IDs",
  async () => {
    await using one = new Container(command(["sleep", "100"]));
    await using two = new Container(command(["true"]));
    Deno.mkdirSync(one.root);
    const list = async (...flags: string[]) =>
      assertSuccess(await one.davit(["list", ...flags])).stdout;

    const header = /^ID +PID +STATUS +BUNDLE +CREATED +OWNER *\n/;
    assertMatch(await list(), header);
    assertEquals(JSON.parse(await list("--format", "json")) ?? [], []);
    assertEquals(await list("--quiet"), "");

    assertSuccess(await one.create());
    assertSuccess(await one.start());
    assertSuccess(
      await one.davit(["run", "--keep", "--bundle", two.bundle, two.id]),
    );
    try {
      const [first, second] = [one.id, two.id].sort();
      assertEquals(await list("-q"), `${first}\n${second}\n`);
      const text = await list("--format", "json");
      assertEquals(text.trim().split("\n").length, 1);
      const rows: Record<string, unknown>[] = JSON.parse(text);
      assertEquals(rows.map(({ id }) => id), [first, second]);
      assertEquals(
        Object.keys(rows[0]!).slice(0, 7),
        ["ociVersion", "id", "pid", "status", "bundle", "rootfs", "created"],
      );
      const byId = (id: string) => rows.find((row) => row.id === id)!;
      assertEquals(byId(one.id).status, "running");
      assertEquals(byId(two.id).status, "stopped");
      assertEquals(byId(two.id).pid, 0);
      const table = await list();
      assertMatch(table, header);
      assertMatch(
        table,
        new RegExp(
          `^${one.id} +\\d+ +running +${one.bundle} +\\S+ +root *$`,
          "m",
        ),
      );
      assertMatch(
        table,
        new RegExp(`^${two.id} +0 +stopped +${two.bundle} +\\S+ +root *$`, "m"),
      );
    } finally {
      await one.davit(["delete", "--force", two.id]);
    }
  },
);
