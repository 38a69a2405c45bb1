import { assertEquals, assertThrows } from "@std/assert";
import { CgroupError } from "./error.ts";
import { cgroupManagerFromState } from "./existing.ts";
import { existing, withRoot } from "./fake_cgroups.ts";
import {
  findFreezer,
  freeze,
  isFrozen,
  releaseKilled,
  thaw,
} from "./freezer.ts";

function read(path: string): string {
  return Deno.readTextFileSync(path);
}

Deno.test(
  "findFreezer() finds v1's freezer, and v2's where there is none",
  withRoot((root) => {
    existing(`${root}/pids/c1`, {});
    existing(`${root}/unified/c1`, { "cgroup.freeze": "0\n" });
    existing(`${root}/freezer/c1`, { "freezer.state": "THAWED\n" });
    const paths = ["pids", "unified", "freezer"].map((n) => `${root}/${n}/c1`);
    assertEquals(findFreezer(paths), { directory: paths[2]!, kind: "v1" });
    assertEquals(
      findFreezer(paths.slice(0, 2)),
      { directory: paths[1]!, kind: "v2" },
    );
    assertEquals(findFreezer(paths.slice(0, 1)), undefined);
    assertEquals(findFreezer([`${root}/gone`]), undefined);
  }),
);

Deno.test(
  "freeze() and thaw() write what v1 and v2 read",
  withRoot((root) => {
    existing(`${root}/one`, { "freezer.state": "THAWED\n" });
    const one = { directory: `${root}/one`, kind: "v1" } as const;
    freeze(one);
    assertEquals(read(`${root}/one/freezer.state`), "FROZEN");
    thaw(one);
    assertEquals(read(`${root}/one/freezer.state`), "THAWED");

    existing(`${root}/two`, {
      "cgroup.freeze": "0\n",
      "cgroup.events": "populated 1\nfrozen 1\n",
    });
    const two = { directory: `${root}/two`, kind: "v2" } as const;
    freeze(two);
    assertEquals(read(`${root}/two/cgroup.freeze`), "1");
    thaw(two);
    assertEquals(read(`${root}/two/cgroup.freeze`), "0");
  }),
);

Deno.test(
  "freeze() lets go on what does not stop",
  withRoot((root) => {
    existing(root, {
      "cgroup.freeze": "0\n",
      "cgroup.events": "populated 1\nfrozen 0\n",
    });
    assertThrows(
      () => freeze({ directory: root, kind: "v2" }, 5),
      CgroupError,
      `Cannot freeze cgroup "${root}": unable to freeze: a process does not`,
    );
    assertEquals(read(`${root}/cgroup.freeze`), "0");
  }),
);

Deno.test(
  "isFrozen() asks for the cgroup itself, and knows one that is gone",
  withRoot((root) => {
    const v1 = { directory: root, kind: "v1" } as const;
    // Frozen by a cgroup above it.
    existing(root, {
      "freezer.state": "FROZEN\n",
      "freezer.self_freezing": "0\n",
    });
    assertEquals(isFrozen(v1), false);
    existing(root, {
      "freezer.state": "FREEZING\n",
      "freezer.self_freezing": "1\n",
      "cgroup.freeze": "1\n",
    });
    assertEquals(isFrozen(v1), true);
    assertEquals(isFrozen({ directory: root, kind: "v2" }), true);
    assertEquals(isFrozen({ ...v1, directory: `${root}/gone` }), false);
  }),
);

Deno.test(
  "releaseKilled() wakes v1's sub-cgroups as well",
  withRoot((root) => {
    const paths = [root, `${root}/a`, `${root}/a/b`];
    for (const path of paths) existing(path, { "freezer.state": "FROZEN\n" });
    releaseKilled({ directory: root, kind: "v1" });
    for (const path of paths) {
      assertEquals(read(`${path}/freezer.state`), "THAWED");
    }
  }),
);

Deno.test(
  "a container without a freezer cannot be frozen, and is told why",
  withRoot((root) => {
    const none = { kind: "none", directories: [], created: [] } as const;
    assertThrows(
      () => cgroupManagerFromState(none).freeze(),
      CgroupError,
      "Cannot freeze processes: the container has no cgroup",
    );
    const pids = { kind: "v1", directories: [root], created: [] } as const;
    assertThrows(
      () => cgroupManagerFromState(pids).thaw(),
      CgroupError,
      'mount the cgroup controller "freezer", or cgroup2',
    );
    assertEquals(cgroupManagerFromState(pids).frozen(), false);
  }),
);
