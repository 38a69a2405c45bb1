/** A configuration with another name than config.json. */
import { assertEquals } from "@std/assert";
import { readConfig } from "./bundle.ts";
import { command, containerTest } from "./container.ts";
import { assertOneLine, assertSuccess } from "./davit.ts";

containerTest(
  "run --config takes another file of the bundle",
  command(["echo", "config.json"]),
  async (container) => {
    const config = readConfig(container.bundle);
    config.process.args = ["echo", "other.json"];
    const path = `${container.bundle}/other.json`;
    Deno.writeTextFileSync(path, JSON.stringify(config));
    for (const name of ["other.json", path]) {
      const { stdout } = assertSuccess(
        await container.run(["--config", name]),
      );
      assertEquals(stdout, "other.json\n");
    }
    assertOneLine(await container.run(["-f", "none.json"]), /none\.json/);
    assertEquals(container.leftovers(), []);
  },
);
