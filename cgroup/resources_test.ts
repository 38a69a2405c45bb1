import { assertEquals, assertThrows } from "@std/assert";
import { CgroupError } from "./error.ts";
import {
  type CgroupLimits,
  cpuWeight,
  resourceWrites,
  unsupportedLimits,
} from "./resources.ts";

/** The writes as `controller file=value`. */
function writes(kind: "v1" | "v2", resources?: CgroupLimits): string[] {
  return resourceWrites(kind, resources)
    .map((w) => `${w.controller} ${w.file}=${w.value}`);
}

function both(resources?: CgroupLimits): string[][] {
  return [writes("v1", resources), writes("v2", resources)];
}

Deno.test("resourceWrites() writes nothing where nothing is asked", () => {
  const nothing = [[], []];
  assertEquals(both(), nothing);
  assertEquals(both({}), nothing);
  assertEquals(both({ memory: {}, cpu: {}, pids: {} }), nothing);
  assertEquals(
    both({ memory: { limit: 0 }, cpu: { shares: 0, quota: 0, period: 0 } }),
    nothing,
  );
});

Deno.test("resourceWrites() lowers memory.limit", () => {
  assertEquals(both({ memory: { limit: 4096 } }), [
    ["memory memory.limit_in_bytes=4096"],
    ["memory memory.max=4096"],
  ]);
  assertEquals(both({ memory: { limit: -1 } }), [
    ["memory memory.limit_in_bytes=-1"],
    ["memory memory.max=max"],
  ]);
  assertEquals(writes("v2", { memory: { limit: 2n ** 62n } }), [
    "memory memory.max=4611686018427387904",
  ]);
});

Deno.test("resourceWrites() lowers cpu.shares", () => {
  assertEquals(both({ cpu: { shares: 512 } }), [
    ["cpu cpu.shares=512"],
    ["cpu cpu.weight=59"],
  ]);
});

Deno.test("resourceWrites() lowers cpu.quota and cpu.period, the period first", () => {
  assertEquals(both({ cpu: { quota: 20000, period: 50000 } }), [
    ["cpu cpu.cfs_period_us=50000", "cpu cpu.cfs_quota_us=20000"],
    ["cpu cpu.max=20000 50000"],
  ]);
  assertEquals(both({ cpu: { quota: 20000 } }), [
    ["cpu cpu.cfs_quota_us=20000"],
    ["cpu cpu.max=20000 100000"],
  ]);
  assertEquals(both({ cpu: { quota: -1 } }), [
    ["cpu cpu.cfs_quota_us=-1"],
    ["cpu cpu.max=max 100000"],
  ]);
  assertEquals(both({ cpu: { period: 50000 } }), [
    ["cpu cpu.cfs_period_us=50000"],
    ["cpu cpu.max=max 50000"],
  ]);
});

Deno.test("resourceWrites() lowers pids.limit: 0 is a limit, -1 is none", () => {
  const pids = (limit: number) => both({ pids: { limit } });
  assertEquals(pids(20), [["pids pids.max=20"], ["pids pids.max=20"]]);
  assertEquals(pids(0), [["pids pids.max=1"], ["pids pids.max=1"]]);
  assertEquals(pids(-1), [["pids pids.max=max"], ["pids pids.max=max"]]);
});

Deno.test("resourceWrites() says which property asks, and why", () => {
  const resources = {
    memory: { limit: 1 },
    cpu: { shares: 2, quota: 3, period: 4 },
    pids: { limit: 5 },
  };
  assertEquals(resourceWrites("v1", resources).map((w) => w.pointer), [
    "/linux/resources/memory/limit",
    "/linux/resources/cpu/shares",
    "/linux/resources/cpu/period",
    "/linux/resources/cpu/quota",
    "/linux/resources/pids/limit",
  ]);
  assertEquals(resourceWrites("v2", resources).map((w) => w.why), [
    "limit memory",
    "weigh processor time",
    "limit processor time",
    "limit the number of tasks",
  ]);
});

Deno.test("resourceWrites() refuses what no kernel takes", () => {
  const table: [CgroupLimits, string][] = [
    [
      { memory: { limit: -2 } },
      "Cannot set linux.resources.memory.limit to -2",
    ],
    [{ memory: { limit: 1.5 } }, "Cannot set linux.resources.memory.limit"],
    [{ cpu: { shares: -1 } }, "Cannot set linux.resources.cpu.shares to -1"],
    [{ cpu: { period: -1 } }, "Cannot set linux.resources.cpu.period to -1"],
    [{ cpu: { quota: NaN } }, "Cannot set linux.resources.cpu.quota to NaN"],
    [{ pids: { limit: 2 ** 60 } }, "Cannot set linux.resources.pids.limit"],
  ];
  for (const [resources, text] of table) {
    assertThrows(() => resourceWrites("v2", resources), CgroupError, text);
  }
});

Deno.test("cpuWeight() meets both ranges and both defaults", () => {
  const table = [
    [0, 0],
    [1, 1],
    [2, 1],
    [3, 2],
    [512, 59],
    [1024, 100],
    [2048, 174],
    [262143, 10000],
    [262144, 10000],
    [262145, 10000],
  ];
  for (const [shares, weight] of table) {
    assertEquals(cpuWeight(shares ?? 0), weight);
  }
  for (let shares = 3, last = 1; shares <= 262144; shares++) {
    const weight = cpuWeight(shares);
    if (weight < last || weight > 10000) {
      throw new Error(`cpuWeight(${shares}) is ${weight}, after ${last}`);
    }
    last = weight;
  }
});

Deno.test("unsupportedLimits() names what is given but not lowered", () => {
  assertEquals(
    unsupportedLimits({
      devices: [{ allow: false }],
      memory: { limit: 1, swap: 2, swappiness: 0, useHierarchy: true },
      cpu: { shares: 1, cpus: "0" },
      blockIO: { weight: 10 },
      unified: { "memory.high": "1" },
    }),
    [
      "linux.resources.memory.swap",
      "linux.resources.memory.swappiness",
      "linux.resources.cpu.cpus",
      "linux.resources.blockIO",
      "linux.resources.unified",
    ],
  );
});

Deno.test("unsupportedLimits() passes over what engines write as unset", () => {
  assertEquals(
    unsupportedLimits({
      memory: { limit: 1, swap: 0, disableOOMKiller: false },
      cpu: { shares: 0, cpus: "", realtimePeriod: 0n },
      pids: { limit: 3 },
      blockIO: { weight: 0, weightDevice: [] },
      hugepageLimits: [],
      network: {},
      rdma: {},
      unified: {},
    }),
    [],
  );
  assertEquals(unsupportedLimits(), []);
});
