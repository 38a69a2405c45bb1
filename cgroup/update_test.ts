import { assertEquals, assertThrows } from "@std/assert";
import { CgroupError } from "./error.ts";
import { ExistingCgroups } from "./existing.ts";
import { existing, unified, withRoot } from "./fake_cgroups.ts";
import { loadRareLowering } from "./resources/lower.ts";
import type { CgroupResources } from "./types.ts";
import { type UpdateNotice, updateResources } from "./update.ts";

const rare = await loadRareLowering();

const FILES = {
  "cgroup.controllers": "cpu memory pids\n",
  "cpu.max": "10 20\n",
  "cpu.weight": "100\n",
  "memory.current": "5000\n",
  "memory.max": "8192\n",
  "memory.swap.current": "1000\n",
  "memory.swap.max": "1000\n",
  "pids.max": "7\n",
};

const CURRENT: CgroupResources = {
  memory: { limit: 8192, swap: 9192 },
  cpu: { quota: 10, period: 20 },
};

/** A v2 host with one container, of plain files. */
function host(root: string) {
  const layout = unified(root, "cpu memory pids\n");
  existing(`${root}/c1`, FILES);
  const cgroups = new ExistingCgroups({
    kind: "v2",
    directories: [`${root}/c1`],
    created: [],
  });
  const notices: UpdateNotice[] = [];
  const run = (changes: CgroupResources, limitsDevices = false) =>
    updateResources({
      cgroups,
      layout,
      current: CURRENT,
      changes,
      rare,
      limitsDevices,
      inform: (notice) => notices.push(notice),
    });
  const read = (file: keyof typeof FILES) =>
    Deno.readTextFileSync(`${root}/c1/${file}`).trim();
  return { run, read, notices };
}

Deno.test(
  "updateResources() sets what is given, and undo() puts back what was",
  withRoot((root) => {
    const { notices, read, run } = host(root);
    const { resources, undo } = run({
      cpu: { quota: 15 },
      memory: { limit: 9000 },
    });
    assertEquals(read("cpu.max"), "15 20");
    assertEquals(read("memory.max"), "9000");
    assertEquals(read("memory.swap.max"), "192");
    assertEquals(read("pids.max"), "7");
    assertEquals(resources, {
      memory: { limit: 9000, swap: 9192 },
      cpu: { quota: 15, period: 20 },
    });
    undo();
    assertEquals(read("cpu.max"), "10 20");
    assertEquals(read("memory.max"), "8192");
    assertEquals(read("memory.swap.max"), "1000");
    // Whoever manages the unit hears of both.
    assertEquals(
      notices.map(({ writes }) => writes.map(({ file }) => file)),
      [
        ["memory.max", "memory.swap.max", "cpu.max"],
        ["memory.max", "memory.swap.max", "cpu.max"],
      ],
    );
  }),
);

Deno.test(
  "updateResources() puts back what it changed when something fails",
  withRoot((root) => {
    const { read, run } = host(root);
    const changes = {
      memory: { limit: 9000 },
      cpu: { shares: 512 },
      unified: { "cpu.nothing": "1" },
    };
    assertThrows(() => run(changes), CgroupError, "cpu.nothing");
    assertEquals(read("memory.max"), "8192");
    assertEquals(read("memory.swap.max"), "1000");
    assertEquals(read("cpu.weight"), "100");
  }),
);

Deno.test(
  "updateResources() names a controller that is not there",
  withRoot((root) => {
    const { run } = host(root);
    assertThrows(
      () => run({ unified: { "misc.max": "res 1" } }),
      CgroupError,
      'the cgroup controller "misc" is not available',
    );
  }),
);

Deno.test(
  "updateResources() rejects limits below the usage when asked to check",
  withRoot((root) => {
    const { read, run } = host(root);
    const check = (limit: number, swap: number) =>
      run({ memory: { limit, swap, checkBeforeUpdate: true } });
    assertThrows(
      () => check(5000, 0),
      CgroupError,
      "rejecting memory limit 5000 <= usage 5000",
    );
    assertThrows(
      () => check(1024, 6000),
      CgroupError,
      "rejecting memory+swap limit 6000 <= usage 6000",
    );
    assertEquals(read("memory.max"), "8192");
    check(5001, 6001);
    assertEquals(read("memory.max"), "5001");
    run({ memory: { limit: 1, swap: 1 } });
    assertEquals(read("memory.max"), "1");
  }),
);

Deno.test(
  "updateResources() keeps the devices when engines send no rules of theirs",
  withRoot((root) => {
    const { run } = host(root);
    const lists = [
      undefined,
      [],
      [{ allow: false, access: "rwm" }],
      [{ allow: false, type: "a", major: -1, minor: -1, access: "rwm" }],
    ];
    for (const devices of lists) {
      const { resources } = run(devices ? { devices } : {}, true);
      assertEquals(resources, CURRENT);
    }
  }),
);

Deno.test("updateResources() needs cgroups only for limits", () => {
  const none = { kind: "none", directories: [], created: [] } as const;
  const run = (changes: CgroupResources) =>
    updateResources({
      cgroups: new ExistingCgroups(none),
      layout: { kind: "none", hierarchies: [], unified: undefined },
      current: {},
      changes,
      rare,
      limitsDevices: true,
    });
  run({ memory: { limit: 0 } });
  assertThrows(
    () => run({ pids: { limit: 5 } }),
    CgroupError,
    "cannot set limits without cgroups: the container has none",
  );
});
