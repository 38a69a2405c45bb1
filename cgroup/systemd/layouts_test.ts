/** Where a scope's cgroups are, by how a host has them mounted. */
import { assertEquals, assertThrows } from "@std/assert";
import { CgroupError } from "../error.ts";
import { existing, hybrid, names, unified, withRoot } from "../fake_cgroups.ts";
import { cgroupLayout } from "../layout.ts";
import { cgroupManager } from "../manager.ts";
import { LEGACY, SYSTEMD_HYBRID, UNIFIED } from "../recorded_mountinfo.ts";

const scope = {
  place: "/a.slice/a-b.slice/davit-c1.scope",
  unit: { unit: "davit-c1.scope", slice: "a-b.slice", user: false },
};
const spec = { linux: { cgroupsPath: "a-b.slice:davit:c1" } };

for (
  const [name, mountinfo, folders] of [
    ["legacy", LEGACY, [
      "systemd",
      "cpu,cpuacct",
      "net_cls,net_prio",
      "cpuset",
      "memory",
      "pids",
      "blkio",
      "devices",
    ]],
    ["hybrid", SYSTEMD_HYBRID, [
      "systemd",
      "pids",
      "devices",
      "cpu,cpuacct",
      "memory",
      "freezer",
      "unified",
    ]],
    ["unified", UNIFIED, [""]],
  ] as const
) {
  Deno.test(`a scope is in every hierarchy of a ${name} host`, () => {
    const layout = cgroupLayout(mountinfo);
    const manager = cgroupManager(layout, { id: "c1", spec, scope });
    assertEquals(
      manager.directories,
      folders.map((folder) =>
        `/sys/fs/cgroup${folder && `/${folder}`}${scope.place}`
      ),
    );
    assertEquals(manager.record().systemd, scope.unit);
  });
}

Deno.test(
  "create() makes the cgroups beside those that systemd has filled",
  withRoot((root) => {
    const layout = hybrid(root);
    // What systemd makes: its own hierarchy, and those that it limits.
    for (const folder of ["systemd", "memory", "unified"]) {
      existing(`${root}/${folder}${scope.place}`, { "cgroup.procs": "7\n" });
    }
    const manager = cgroupManager(layout, { id: "c1", spec, scope });
    // Not somebody else's processes.
    assertThrows(
      () => manager.create({ occupant: 8 }),
      CgroupError,
      "container's cgroup is not empty",
    );
    manager.create({ occupant: 7 });
    assertEquals(manager.pids(), [7]);
    const made = ["devices", "pids"].flatMap((folder) =>
      ["/a.slice", "/a.slice/a-b.slice", scope.place]
        .map((path) => `${root}/${folder}${path}`)
    );
    assertEquals(manager.created.toSorted(), made);
    assertEquals(names(`${root}/pids/a.slice/a-b.slice`), ["davit-c1.scope"]);
  }),
);

Deno.test(
  "create() on cgroup v2 takes the scope as it is",
  withRoot((root) => {
    const layout = unified(root, "pids\n");
    for (const path of ["/a.slice", "/a.slice/a-b.slice", scope.place]) {
      existing(root + path, {
        "cgroup.controllers": "pids\n",
        "cgroup.procs": path === scope.place ? "7\n" : "",
        "cgroup.subtree_control": "pids\n",
      });
    }
    const manager = cgroupManager(layout, { id: "c1", spec, scope });
    manager.create({ occupant: 7 });
    assertEquals(manager.created, []);
    assertEquals(manager.pids(), [7]);
    manager.release();
    // Without systemd, somebody else's processes are in the way.
    const own = cgroupManager(layout, {
      id: "c1",
      spec: { linux: { cgroupsPath: scope.place } },
    });
    assertThrows(
      () => own.create(),
      CgroupError,
      "container's cgroup is not empty",
    );
  }),
);
