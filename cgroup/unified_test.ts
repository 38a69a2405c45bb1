import { assertEquals, assertThrows } from "@std/assert";
import { CgroupError } from "./error.ts";
import { existing, request, unified, withRoot } from "./fake_cgroups.ts";
import { cgroupManager } from "./manager.ts";

Deno.test(
  "create() hands v2 controllers down and applyResources() writes limits",
  withRoot((root) => {
    const layout = unified(root, "cpu memory pids misc\n");
    existing(`${root}/pod`, { "cgroup.subtree_control": "cpu\n" });
    existing(`${root}/pod/c1`, {
      "cgroup.controllers": "cpu memory pids\n",
      "cpu.weight": "100",
      "memory.max": "max",
    });
    const resources = {
      cpu: { shares: 2 },
      memory: { limit: -1 },
      devices: [{ allow: true, access: "rwm" }],
    };
    const manager = cgroupManager(
      layout,
      request({ cgroupsPath: "pod/c1", resources }),
    );
    assertEquals(manager.kind, "v2");
    assertEquals(manager.directories, [`${root}/pod/c1`]);
    manager.create();
    manager.applyResources(resources);
    const read = (path: string) => Deno.readTextFileSync(`${root}/${path}`);
    assertEquals(read("cgroup.subtree_control"), "+cpu +memory +pids +misc");
    assertEquals(read("pod/cgroup.subtree_control"), "+memory +pids +misc");
    assertEquals(read("pod/c1/cpu.weight"), "1");
    assertEquals(read("pod/c1/memory.max"), "max");
  }),
);

Deno.test(
  "create() names the property whose v2 controller is missing",
  withRoot((root) => {
    const layout = unified(root, "pids\n");
    existing(`${root}/c1`, { "cgroup.controllers": "pids\n" });
    const resources = { memory: { limit: 4096 } };
    assertThrows(
      () =>
        cgroupManager(layout, request({ cgroupsPath: "c1", resources }))
          .create(),
      CgroupError,
      "Cannot set linux.resources.memory.limit: the cgroup controller " +
        `"memory" is not available in "${root}/c1": it is not in`,
    );
  }),
);

Deno.test(
  "create() turns on no controllers beside processes",
  withRoot((root) => {
    const layout = unified(root, "pids memory\n");
    existing(`${root}/service`, {
      "cgroup.type": "domain\n",
      "cgroup.procs": "5\n",
      "cgroup.subtree_control": "",
    });
    existing(`${root}/service/c1`, { "cgroup.controllers": "" });
    const create = (resources: object) => {
      const linux = { cgroupsPath: "service/c1", resources };
      const manager = cgroupManager(layout, request(linux));
      manager.create();
      manager.release();
    };
    create({});
    assertThrows(
      () => create({ pids: { limit: 5 } }),
      CgroupError,
      `write "+pids" to "${root}/service/cgroup.subtree_control": EBUSY, ` +
        "that cgroup has processes of its own",
    );
    const control = `${root}/service/cgroup.subtree_control`;
    assertEquals(Deno.readTextFileSync(control), "");
  }),
);

Deno.test("only root is told that there are no cgroups for device rules", () => {
  const told = (privileged: boolean) => {
    const logged: string[] = [];
    const manager = cgroupManager({
      kind: "unified",
      hierarchies: [],
      unified: { mountPoint: "/sys/kernel", root: "/" },
    }, {
      id: "c1",
      privileged,
      log: { debug() {}, warn: (message) => logged.push(message) },
    });
    manager.create();
    manager.applyResources();
    return logged;
  };
  assertEquals(told(false), []);
  assertEquals(told(true), [
    "no permission for cgroups: devices are not limited",
  ]);
});
