import { assertEquals, assertThrows } from "@std/assert";
import { CgroupError } from "../error.ts";
import { cpuWeight } from "./cpu.ts";
import { type CgroupLimits, resourceWrites } from "./lower.ts";

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
    [
      "memory memory.limit_in_bytes=-1",
      "memory memory.memsw.limit_in_bytes=-1",
    ],
    ["memory memory.max=max", "memory memory.swap.max=max"],
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

/** Files and values, as `file=value`. */
function files(kind: "v1" | "v2", resources: CgroupLimits): string[] {
  return resourceWrites(kind, resources).map(({ file, value }) =>
    `${file}=${value}`
  );
}

Deno.test("resourceWrites() knows swap as memory and swap together", () => {
  const memory = { limit: 100, swap: 150, reservation: 50 };
  assertEquals(files("v1", { memory }), [
    "memory.limit_in_bytes=100",
    "memory.memsw.limit_in_bytes=150",
    "memory.soft_limit_in_bytes=50",
  ]);
  assertEquals(files("v2", { memory }), [
    "memory.max=100",
    "memory.swap.max=50",
    "memory.low=50",
  ]);
  assertEquals(files("v2", { memory: { swap: -1 } }), ["memory.swap.max=max"]);
  assertEquals(files("v2", { memory: { limit: 7, swap: 7 } }), [
    "memory.max=7",
    "memory.swap.max=0",
  ]);
  for (const wrong of [{ swap: 5 }, { limit: 6, swap: 5 }]) {
    assertThrows(
      () => resourceWrites("v2", { memory: wrong }),
      CgroupError,
      "Cannot set linux.resources.memory.swap to 5: it is",
    );
  }
  // Without a limit of memory what is given is what may be swapped.
  assertEquals(files("v2", { memory: { limit: -1, swap: 5 } }), [
    "memory.max=max",
    "memory.swap.max=5",
  ]);
});

Deno.test("resourceWrites() writes what processors and nodes are used", () => {
  const cpu = { cpus: "0-1", mems: "0", idle: 1, burst: 9, shares: 2 };
  assertEquals(files("v1", { cpu }), [
    "cpu.shares=2",
    "cpu.cfs_burst_us=9",
    "cpu.idle=1",
    "cpuset.cpus=0-1",
    "cpuset.mems=0",
  ]);
  assertEquals(files("v2", { cpu }), [
    "cpu.weight=1",
    "cpu.max.burst=9",
    "cpu.idle=1",
    "cpuset.cpus=0-1",
    "cpuset.mems=0",
  ]);
});

Deno.test("resourceWrites() refuses on v2 what only v1 has", () => {
  const cases: [CgroupLimits, string[]][] = [
    [{ memory: { swappiness: 0 } }, ["memory.swappiness=0"]],
    [{ memory: { disableOOMKiller: true } }, ["memory.oom_control=1"]],
    [{ cpu: { realtimeRuntime: 5, realtimePeriod: 10 } }, [
      "cpu.rt_period_us=10",
      "cpu.rt_runtime_us=5",
    ]],
  ];
  for (const [resources, writes] of cases) {
    assertEquals(files("v1", resources), writes);
    assertThrows(
      () => resourceWrites("v2", resources),
      CgroupError,
      "only cgroup v1 has",
    );
  }
});

Deno.test("resourceWrites() leaves out what a kernel has not to take back", () => {
  const optional = (resources: CgroupLimits) =>
    resourceWrites("v2", resources).filter((write) => write.optional)
      .map(({ file }) => file);
  assertEquals(optional({ cpu: { burst: 0, idle: 0 } }), [
    "cpu.max.burst",
    "cpu.idle",
  ]);
  assertEquals(optional({ cpu: { burst: 1, idle: 1 } }), []);
  assertEquals(optional({ memory: { limit: -1 } }), ["memory.swap.max"]);
  assertEquals(optional({ memory: { limit: 7, swap: 7 } }), [
    "memory.swap.max",
  ]);
  assertEquals(optional({ memory: { limit: 7, swap: 8 } }), []);
});

Deno.test("resourceWrites() takes the largest number for no swappiness", () => {
  const none = { memory: { swappiness: 2n ** 64n - 1n } };
  assertEquals(both(none), [[], []]);
  assertThrows(
    () => resourceWrites("v1", { memory: { swappiness: 101 } }),
    CgroupError,
    "Cannot set linux.resources.memory.swappiness to 101: want 0 to 100",
  );
});

Deno.test("resourceWrites() uses each controller where it is", () => {
  const versionOf = (controller: string) =>
    controller === "memory" ? "v2" : "v1";
  const resources = { memory: { limit: 5 }, cpu: { shares: 512, cpus: "0" } };
  assertEquals(
    resourceWrites(versionOf, resources).map(({ file, version }) =>
      `${version} ${file}`
    ),
    ["v2 memory.max", "v1 cpu.shares", "v1 cpuset.cpus"],
  );
});
