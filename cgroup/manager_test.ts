import { assertEquals, assertThrows } from "@std/assert";
import { CgroupError } from "./error.ts";
import { hybrid, request, withRoot } from "./fake_cgroups.ts";
import { type CgroupLayout, cgroupLayout } from "./layout.ts";
import { cgroupManager, type CgroupRequest } from "./manager.ts";
import { NONE } from "./recorded_mountinfo.ts";

Deno.test(
  "cgroupManager() uses cgroupsPath, relative or absolute, else the ID",
  withRoot((root) => {
    const layout = hybrid(root);
    const first = (r: CgroupRequest) => cgroupManager(layout, r).directories[0];
    assertEquals(first({ id: "c1" }), `${root}/memory/c1`);
    assertEquals(first({ id: "c1", cgroupsPath: "a/b" }), `${root}/memory/a/b`);
    assertEquals(first({ id: "c1", cgroupsPath: "/a" }), `${root}/memory/a`);
    assertEquals(
      first(request({ cgroupsPath: "/from/spec" })),
      `${root}/memory/from/spec`,
    );
    assertThrows(
      () => first({ id: "c1", cgroupsPath: "../../x" }),
      CgroupError,
      "it leads out of the cgroup root",
    );
  }),
);

Deno.test("cgroupManager() wants the controllers that a v1 config needs", () => {
  const pids = { mountPoint: "/x", root: "/", controllers: ["pids"] };
  const layout: CgroupLayout = {
    kind: "legacy",
    hierarchies: [pids],
    unified: undefined,
  };
  const open = [{ allow: true, access: "rwm" }];
  const make = (resources: object) =>
    cgroupManager(layout, request({ resources }));
  make({ devices: open });
  assertThrows(
    () => make({ devices: open, cpu: { shares: 5 } }),
    CgroupError,
    "Cannot set linux.resources.cpu.shares: the cgroup controller " +
      '"cpu" is not mounted',
  );
  assertThrows(
    () => make({}),
    CgroupError,
    'the cgroup controller "devices" is not mounted',
  );
});

Deno.test("cgroupManager() on a host without cgroups serves who asks nothing", () => {
  const layout = cgroupLayout(NONE);
  const logged: string[] = [];
  const log = { debug() {}, warn: (message: string) => logged.push(message) };
  const manager = cgroupManager(layout, { id: "c1", log });
  manager.create();
  manager.applyResources();
  assertEquals(manager.record(), {
    kind: "none",
    directories: [],
    created: [],
  });
  assertEquals(manager.pids(), []);
  manager.signalAll(9);
  manager.destroy();
  assertEquals(logged, [
    "no cgroup file system is mounted: devices are not limited",
  ]);
  assertThrows(
    () => cgroupManager(layout, request({ cgroupsPath: "/a" })),
    CgroupError,
    "unable to apply cgroup configuration: linux.cgroupsPath is set",
  );
  assertThrows(
    () => cgroupManager(layout, request({ resources: { pids: { limit: 1 } } })),
    CgroupError,
    "unable to apply cgroup configuration: linux.resources.pids.limit is set",
  );
});
