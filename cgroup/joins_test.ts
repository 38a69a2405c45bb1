import { assertEquals } from "@std/assert";
import { hybrid, withRoot } from "./fake_cgroups.ts";
import { cgroupJoins, existingJoins } from "./joins.ts";

Deno.test(
  "existingJoins() tells what cgroupJoins() does, from the files",
  withRoot((root) => {
    const layout = hybrid(root);
    const legacy = layout.hierarchies.map(({ mountPoint }) => {
      const directory = `${mountPoint}/box`;
      Deno.mkdirSync(directory);
      Deno.writeTextFileSync(`${directory}/tasks`, "");
      return directory;
    });
    const unified = `${layout.unified!.mountPoint}/box`;
    Deno.mkdirSync(unified);
    const all = [...legacy, unified];
    const expected = {
      tasks: legacy.map((directory) => `${directory}/tasks`),
      unified,
    };
    assertEquals(cgroupJoins(layout, all), expected);
    assertEquals(existingJoins(all), expected);
    assertEquals(existingJoins([unified, ...legacy]), expected);
    assertEquals(existingJoins(legacy), { tasks: expected.tasks });
    assertEquals(existingJoins([unified]), { tasks: [], unified });
    assertEquals(existingJoins([]), { tasks: [] });
  }),
);
