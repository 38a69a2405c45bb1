import { assert, assertEquals, assertThrows } from "@std/assert";
import { CgroupError } from "./error.ts";
import {
  existing,
  FOLDERS,
  hybrid,
  names,
  REFUSING,
  request,
  withRoot,
} from "./fake_cgroups.ts";
import { cgroupManager } from "./manager.ts";

Deno.test(
  "create() makes the cgroup in every hierarchy, v2's too",
  withRoot((root) => {
    const manager = cgroupManager(
      hybrid(root),
      request({ cgroupsPath: "/pod/c1" }),
    );
    assertEquals(manager.kind, "v1");
    assertEquals(manager.created, []);
    const directories = FOLDERS.map((folder) => `${root}/${folder}/pod/c1`);
    assertEquals(manager.directories, directories);
    manager.create();
    assertEquals(manager.directories, directories);
    assertEquals(
      manager.created,
      FOLDERS.toReversed().flatMap((
        f,
      ) => [`${root}/${f}/pod`, `${root}/${f}/pod/c1`]),
    );
    for (const path of directories) assert(Deno.lstatSync(path).isDirectory);
    assertEquals(
      manager.processFiles(),
      directories.map((path) => `${path}/cgroup.procs`),
    );
  }),
);

Deno.test(
  "create() refuses a cgroup that has processes, and undoes the rest",
  withRoot((root) => {
    const layout = hybrid(root);
    existing(`${root}/pids/pod/c1/sub`, { "cgroup.procs": "41\n42\n" });
    const manager = cgroupManager(layout, request({ cgroupsPath: "pod/c1" }));
    assertThrows(
      () => manager.create(),
      CgroupError,
      "container's cgroup is not empty: 2 process(es) found in " +
        `"${root}/pids/pod/c1"`,
    );
    assertEquals(names(`${root}/memory`), []);
    assertEquals(names(`${root}/pids/pod`), ["c1"]);
    assertEquals(manager.created, []);
  }),
);

Deno.test(
  "create() refuses a frozen cgroup, on v1 and v2",
  withRoot((root) => {
    const layout = hybrid(root);
    for (
      const files of [
        { "freezer.state": "FROZEN\n" },
        { "freezer.state": "FREEZING\n" },
        { "cgroup.freeze": "1\n" },
      ]
    ) {
      existing(`${root}/pids/c1`, files);
      assertThrows(
        () => cgroupManager(layout, request({ cgroupsPath: "c1" })).create(),
        CgroupError,
        "container's cgroup unexpectedly frozen",
      );
      Deno.removeSync(`${root}/pids/c1`, { recursive: true });
    }
    existing(`${root}/pids/c1`, { "freezer.state": "THAWED\n" });
    cgroupManager(layout, request({ cgroupsPath: "c1" })).create();
  }),
);

Deno.test(
  "create() takes an idle cgroup that exists, without owning it",
  withRoot((root) => {
    const layout = hybrid(root);
    existing(`${root}/pids/c1`, {});
    const manager = cgroupManager(layout, request({ cgroupsPath: "c1" }));
    manager.create();
    assertEquals(manager.created.length, FOLDERS.length - 1);
    // The container's own cgroup goes all the same, as with runc.
    manager.destroy();
    assertEquals(names(`${root}/pids`), []);
  }),
);

Deno.test(
  "create() copies cpuset values down from the first parent that has some",
  withRoot((root) => {
    existing(root, { "cpuset.cpus": "0-3\n", "cpuset.mems": "0\n" });
    existing(`${root}/a`, { "cpuset.cpus": "\n", "cpuset.mems": "0-1\n" });
    existing(`${root}/a/c1`, { "cpuset.cpus": "", "cpuset.mems": "" });
    const cpuset = { mountPoint: root, root: "/", controllers: ["cpuset"] };
    const layout = {
      kind: "hybrid",
      hierarchies: [cpuset],
      unified: { mountPoint: `${root}/unified`, root: "/" },
    } as const;
    Deno.mkdirSync(`${root}/unified`);
    cgroupManager(layout, request({ cgroupsPath: "a/c1" })).create();
    const read = (path: string) => Deno.readTextFileSync(`${root}/${path}`);
    assertEquals(read("a/cpuset.cpus"), "0-3");
    assertEquals(read("a/c1/cpuset.cpus"), "0-3");
    assertEquals(read("a/cpuset.mems"), "0-1\n");
    assertEquals(read("a/c1/cpuset.mems"), "0-1");
  }),
);

Deno.test("create() leaves out hierarchies that it may not change", () => {
  const logged: string[] = [];
  const manager = cgroupManager(REFUSING, {
    id: "c1",
    log: {
      debug: (message, fields) => logged.push(`${message} ${fields?.path}`),
      warn: (message) => logged.push(message),
    },
  });
  manager.create();
  assertEquals(manager.directories, []);
  assertEquals(manager.processFiles(), []);
  manager.applyResources();
  manager.destroy();
  assertEquals(logged, [
    "cgroup left out /sys/kernel/c1",
    "no permission for cgroups: devices are not limited",
  ]);
});

Deno.test("create() says so where the config insists on a cgroup", () => {
  const limits = { resources: { pids: { limit: 3 } } };
  for (const linux of [{ cgroupsPath: "/c1" }, limits]) {
    assertThrows(
      () => cgroupManager(REFUSING, request(linux)).create(),
      CgroupError,
      "unable to apply cgroup configuration: rootless needs no limits + no " +
        "cgrouppath when no permission is granted for cgroups: make cgroup " +
        '"/sys/kernel/c1": ',
    );
  }
});

Deno.test(
  "applyResources() writes limits and device rules on v1",
  withRoot((root) => {
    const layout = hybrid(root);
    existing(`${root}/memory/c1`, { "memory.limit_in_bytes": "" });
    existing(`${root}/pids/c1`, { "pids.max": "max" });
    existing(`${root}/devices/c1`, { "devices.allow": "", "devices.deny": "" });
    const resources = { memory: { limit: 4096 }, pids: { limit: 0 } };
    const manager = cgroupManager(
      layout,
      request({ cgroupsPath: "c1", resources }),
    );
    manager.create();
    manager.applyResources(resources);
    const read = (path: string) => Deno.readTextFileSync(`${root}/${path}`);
    assertEquals(read("memory/c1/memory.limit_in_bytes"), "4096");
    assertEquals(read("pids/c1/pids.max"), "1");
    assertEquals(read("devices/c1/devices.deny"), "a");
    assertEquals(
      read("devices/c1/devices.allow").slice(0, 14),
      "c *:* mb *:* m",
    );
  }),
);

Deno.test(
  "applyResources() names the property whose write fails",
  withRoot((root) => {
    const resources = { memory: { limit: 4096 } };
    const manager = cgroupManager(hybrid(root), request({ resources }));
    manager.create();
    const file = `${root}/memory/c1/memory.limit_in_bytes`;
    assertThrows(
      () => manager.applyResources(resources),
      CgroupError,
      `Cannot set linux.resources.memory.limit: write "4096" to "${file}": ENOENT`,
    );
  }),
);
