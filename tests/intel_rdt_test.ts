/** Groups of resctrl, on hosts that have none. */
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { join } from "@std/path/posix";
import { command, containerTest, script } from "./container.ts";
import { assertSuccess, readIfThere } from "./davit.ts";

const here = /- resctrl /.test(readIfThere("/proc/self/mountinfo"));

for (const rdt of [{}, { closID: "/" }, { schemata: ["MB:0=10"] }]) {
  containerTest(
    `run refuses intelRdt ${JSON.stringify(rdt)} without resctrl`,
    command(["true"], (config) => config.linux.intelRdt = rdt),
    async (container) => {
      const { code, stderr } = await container.run();
      assertEquals(code, 1);
      assertMatch(
        stderr,
        /^Cannot use linux\.intelRdt: no resctrl file system is mounted/,
      );
      assertEquals(container.leftovers(), []);
    },
    here ? { missing: "a host without resctrl" } : {},
  );
}

containerTest(
  "delete removes the groups of resctrl that are on record",
  script("true"),
  async (container) => {
    assertSuccess(await container.create());
    const group = join(container.folder, "group");
    const monitoring = join(group, "mon_groups");
    Deno.mkdirSync(monitoring, { recursive: true });
    const path = join(container.root, container.id, "state.json");
    const record = JSON.parse(Deno.readTextFileSync(path));
    // One that is gone already is no error.
    record.resctrl = [join(group, "gone"), monitoring, group];
    Deno.writeTextFileSync(path, JSON.stringify(record));
    assertSuccess(await container.davit(["delete", "--force", container.id]));
    assertThrows(() => Deno.statSync(group), Deno.errors.NotFound);
  },
);
