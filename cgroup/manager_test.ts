import { assert, assertEquals, assertThrows } from "@std/assert";
import { CgroupError } from "./error.ts";
import { cgroupManagerFromState } from "./existing.ts";
import { type CgroupLayout, cgroupLayout } from "./layout.ts";
import { cgroupManager, type CgroupRequest } from "./manager.ts";
import { HYBRID, NONE } from "./recorded_mountinfo.ts";

/** Runs a test on a directory that stands for the cgroup root. */
function withRoot(test: (root: string) => void): () => void {
  return () => {
    const root = Deno.makeTempDirSync();
    try {
      test(root);
    } finally {
      Deno.removeSync(root, { recursive: true });
    }
  };
}

/** A hybrid host of plain directories. */
function hybrid(root: string): CgroupLayout {
  const hierarchies = ["memory", "devices", "pids", "name=systemd"].map(
    (name) => ({
      mountPoint: `${root}/${name.replace("name=", "")}`,
      root: "/",
      controllers: [name],
    }),
  );
  const unified = { mountPoint: `${root}/unified`, root: "/" };
  for (const { mountPoint } of [...hierarchies, unified]) {
    Deno.mkdirSync(mountPoint);
  }
  return { kind: "hybrid", hierarchies, unified };
}

const FOLDERS = ["memory", "devices", "pids", "systemd", "unified"];

/** A unified host: one plain directory with the files that are read. */
function unified(root: string, controllers: string): CgroupLayout {
  Deno.writeTextFileSync(`${root}/cgroup.controllers`, controllers);
  Deno.writeTextFileSync(`${root}/cgroup.subtree_control`, "");
  return {
    kind: "unified",
    hierarchies: [],
    unified: { mountPoint: root, root: "/" },
  };
}

/** A cgroup that exists already, with files. */
function existing(directory: string, files: Record<string, string>): void {
  Deno.mkdirSync(directory, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    Deno.writeTextFileSync(`${directory}/${name}`, text);
  }
}

/** A layout whose one hierarchy refuses mkdir(2) to everybody: sysfs. */
const REFUSING: CgroupLayout = {
  kind: "hybrid",
  hierarchies: [{
    mountPoint: "/sys/kernel",
    root: "/",
    controllers: ["pids", "devices"],
  }],
  unified: undefined,
};

function names(path: string): string[] {
  return [...Deno.readDirSync(path)].map((entry) => entry.name).sort();
}

function request(linux: object, id = "c1"): CgroupRequest {
  return { id, spec: { linux } };
}

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
      FOLDERS.flatMap((f) => [`${root}/${f}/pod`, `${root}/${f}/pod/c1`]),
    );
    for (const path of directories) assert(Deno.lstatSync(path).isDirectory);
    assertEquals(
      manager.processFiles(),
      directories.map((path) => `${path}/cgroup.procs`),
    );
  }),
);

Deno.test(
  "cgroupManager() uses cgroupsPath, relative or absolute, else the ID",
  withRoot((root) => {
    const layout = hybrid(root);
    const first = (r: CgroupRequest) => cgroupManager(layout, r).directories[0];
    assertEquals(first({ id: "c1" }), `${root}/memory/davit-c1`);
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

Deno.test(
  "destroy() removes sub-cgroups, cgroups and the parents that were made",
  withRoot((root) => {
    Deno.mkdirSync(`${root}/keep`);
    const layout = hybrid(root);
    Deno.mkdirSync(`${root}/pids/pod`);
    const manager = cgroupManager(layout, request({ cgroupsPath: "pod/x/c1" }));
    manager.create();
    Deno.mkdirSync(`${root}/unified/pod/x/c1/init.scope/deep`, {
      recursive: true,
    });
    Deno.mkdirSync(`${root}/devices/pod/other`);
    manager.destroy();
    assertEquals(names(`${root}/memory`), []);
    assertEquals(names(`${root}/unified`), []);
    // Not made by this container, and still used by another one.
    assertEquals(names(`${root}/pids`), ["pod"]);
    assertEquals(names(`${root}/pids/pod`), []);
    assertEquals(names(`${root}/devices/pod`), ["other"]);
    manager.destroy();
  }),
);

Deno.test(
  "cgroupManagerFromState() serves from the record alone",
  withRoot((root) => {
    const manager = cgroupManager(hybrid(root), { id: "c1" });
    manager.create();
    const text = JSON.stringify(manager.record());
    const again = cgroupManagerFromState(JSON.parse(text));
    assertEquals(again.record(), manager.record());
    assertEquals(again.pids(), []);
    again.signalAll(9);
    again.destroy();
    for (const folder of FOLDERS) assertEquals(names(`${root}/${folder}`), []);
  }),
);

Deno.test(
  "destroy() touches nothing through a symbolic link",
  withRoot((root) => {
    Deno.mkdirSync(`${root}/outside/kept`, { recursive: true });
    Deno.symlinkSync(`${root}/outside`, `${root}/link`);
    const directories = [`${root}/link`];
    const manager = cgroupManagerFromState({
      kind: "v2",
      directories,
      created: directories,
    });
    assertThrows(
      () => manager.destroy(),
      CgroupError,
      `Cannot remove cgroup "${root}/link": ENOTDIR: Not a directory`,
    );
    assertEquals(names(root), ["link", "outside"]);
    assertEquals(names(`${root}/outside`), ["kept"]);
  }),
);

Deno.test(
  "destroy() gives up on a cgroup that stays in use, and names its processes",
  withRoot((root) => {
    existing(`${root}/c1`, { "cgroup.procs": "4000000\n4000001\n" });
    const directories = [`${root}/c1`];
    const manager = cgroupManagerFromState({
      kind: "v2",
      directories,
      created: [],
    });
    assertThrows(
      () => manager.destroy(5),
      CgroupError,
      `Cannot remove cgroup "${root}/c1": processes 4000000, 4000001 stay`,
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
    "cgroup left out /sys/kernel/davit-c1",
    "no permission for cgroups: devices are not limited",
  ]);
});

Deno.test("create() says so where the config insists on a cgroup", () => {
  const limits = { resources: { pids: { limit: 3 } } };
  for (const linux of [{ cgroupsPath: "/davit-c1" }, limits]) {
    assertThrows(
      () => cgroupManager(REFUSING, request(linux)).create(),
      CgroupError,
      "unable to apply cgroup configuration: rootless needs no limits + no " +
        "cgrouppath when no permission is granted for cgroups: make cgroup " +
        '"/sys/kernel/davit-c1": ',
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
    const file = `${root}/memory/davit-c1/memory.limit_in_bytes`;
    assertThrows(
      () => manager.applyResources(resources),
      CgroupError,
      `Cannot set linux.resources.memory.limit: write "4096" to "${file}": ENOENT`,
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

Deno.test("cgroupManager() refuses limits that it does not apply", () => {
  const resources = { memory: { limit: 1, swap: 2 } };
  assertThrows(
    () => cgroupManager(cgroupLayout(HYBRID), request({ resources })),
    CgroupError,
    "Cannot apply linux.resources.memory.swap: this version does not set it",
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
    assertEquals(read("cgroup.subtree_control"), "+cpu +memory +pids");
    assertEquals(read("pod/cgroup.subtree_control"), "+memory +pids");
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
