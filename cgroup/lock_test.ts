import { assert, assertEquals, assertThrows } from "@std/assert";
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
import { CgroupInUse, lockCgroup, tryLockCgroup } from "./lock.ts";
import { cgroupManager } from "./manager.ts";
import { leftOut, levelsAbove } from "./parents.ts";

Deno.test(
  "tryLockCgroup() gives the lock to one at a time",
  withRoot((root) => {
    const directory = `${root}/c1`;
    assertEquals(tryLockCgroup(directory), undefined);
    for (const files of [{}, { "devices.deny": "" }, { "cgroup.kill": "" }]) {
      existing(directory, files);
      using lock = tryLockCgroup(directory) as Disposable;
      assert(typeof lock === "object");
      assertEquals(tryLockCgroup(directory), "taken");
      assertThrows(() => lockCgroup(directory), CgroupInUse, "just being made");
    }
    using lock = tryLockCgroup(directory) as Disposable;
    assert(typeof lock === "object");
  }),
);

Deno.test(
  "a cgroup that comes after a locked one has a lock of its own",
  withRoot((root) => {
    const directory = `${root}/c1`;
    existing(directory, { "cgroup.kill": "" });
    using _lock = lockCgroup(directory);
    Deno.removeSync(directory, { recursive: true });
    assertEquals(lockCgroup(directory), undefined);
    existing(directory, { "cgroup.kill": "" });
    using again = lockCgroup(directory);
    assert(again !== undefined);
  }),
);

Deno.test(
  "create() leaves cgroups alone that another container is about to use",
  withRoot((root) => {
    const layout = hybrid(root);
    const one = cgroupManager(layout, request({ cgroupsPath: "pod/c1" }));
    const two = cgroupManager(layout, request({ cgroupsPath: "pod/c1" }));
    one.create();
    // Both have found it empty; or made it, as far as the second one goes.
    assertThrows(() => two.create(), CgroupError, "cgroup is not empty");
    assertThrows(
      () => cgroupManagerFromState(one.record()).killAndDestroy(),
      CgroupInUse,
    );
    for (const folder of FOLDERS) {
      assertEquals(names(`${root}/${folder}/pod`), ["c1"]);
    }
    one.release();
    two.create();
    two.destroy();
    for (const folder of FOLDERS) {
      assertEquals(names(`${root}/${folder}`), ["pod"]);
    }
  }),
);

Deno.test(
  "destroy() leaves parents in which a container is being made",
  withRoot((root) => {
    const layout = hybrid(root);
    const inner = cgroupManager(layout, request({ cgroupsPath: "a/b/c1" }));
    inner.create();
    const outer = cgroupManager(layout, request({ cgroupsPath: "a" }));
    outer.create();
    inner.destroy();
    for (const folder of FOLDERS) {
      assertEquals(names(`${root}/${folder}/a`), []);
    }
    outer.destroy();
    for (const folder of FOLDERS) assertEquals(names(`${root}/${folder}`), []);
  }),
);

Deno.test("levelsAbove() has what was made, the nearest first", () => {
  const directories = ["/x/p/q/c", "/y/p/q/c"];
  const created = ["/x/p", "/x/p/q", "/x/p/q/c", "/y/p/q", "/y/p/q/c"];
  assertEquals(levelsAbove(directories, created), [
    { locked: "/y/p/q", directories: ["/x/p/q", "/y/p/q"] },
    { locked: "/y/p", directories: ["/x/p"] },
  ]);
  assertEquals(levelsAbove(directories, directories), []);
  assertEquals(levelsAbove([], created), []);
  // Not to be written to, say.
  const other = ["/z/p", "/z/p/q"];
  assertEquals(leftOut(directories, [...created, ...other]), [
    "/z/p/q",
    "/z/p",
  ]);
  assertEquals(leftOut(directories, created), []);
});
