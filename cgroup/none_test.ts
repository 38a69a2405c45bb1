import { assertEquals } from "@std/assert";
import { NoCgroups } from "./none.ts";

function told(resources: object): string[] {
  const texts: string[] = [];
  const manager = new NoCgroups("none", {
    debug() {},
    warn: (text) => texts.push(text),
  });
  manager.create();
  assertEquals(manager.record(), {
    kind: "none",
    directories: [],
    created: [],
  });
  assertEquals(manager.pids(), []);
  manager.applyResources(resources);
  manager.destroy();
  return texts;
}

Deno.test("what is not limited without cgroups is told", () => {
  assertEquals(told({}), ["none: devices are not limited"]);
  assertEquals(told({ devices: [], memory: {}, cpu: { cpus: "" } }), [
    "none: devices are not limited",
  ]);
  assertEquals(told({ pids: { limit: 0 } }), [
    "none: linux.resources.pids.limit is not set, devices are not limited",
  ]);
  assertEquals(
    told({
      memory: { limit: 1, swap: 2 },
      unified: { "a.b": "1" },
      hugepageLimits: [{}],
    }),
    [
      "none: linux.resources.memory.limit, linux.resources.memory.swap, " +
      "linux.resources.unified, linux.resources.hugepageLimits are not set, " +
      "devices are not limited",
    ],
  );
});
