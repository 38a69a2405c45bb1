import { assertEquals, assertThrows } from "@std/assert";
import { CgroupError } from "./error.ts";
import { cgroupManagerFromState } from "./existing.ts";
import {
  existing,
  FOLDERS,
  hybrid,
  names,
  request,
  withRoot,
} from "./fake_cgroups.ts";
import { cgroupManager } from "./manager.ts";

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
    manager.release();
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
