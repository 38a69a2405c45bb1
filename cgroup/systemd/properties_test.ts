import { assertEquals } from "@std/assert";
import { resourceWrites } from "../resources/lower.ts";
import { limitProperties, type Property } from "./properties.ts";

const INFINITY = 2n ** 64n - 1n;

/** Properties by their names. */
function named(properties: readonly Property[]): Record<string, unknown> {
  return Object.fromEntries(
    properties.map(({ name, type, value }) => [name, `${type} ${value}`]),
  );
}

function of(
  writes: Record<string, string>,
  version = 252,
): Record<string, unknown> {
  const list = Object.entries(writes)
    .map(([file, value]) => ({ file, value }));
  return named(limitProperties(list, version));
}

const RESOURCES = {
  memory: { limit: 33554432, reservation: 16777216, swap: 67108864 },
  cpu: { shares: 512, quota: 12345, period: 100000, cpus: "0-1,8", mems: "0" },
  pids: { limit: 20 },
};

Deno.test("the limits of a config become properties on cgroup v2", () => {
  assertEquals(named(limitProperties(resourceWrites("v2", RESOURCES), 252)), {
    MemoryMax: "t 33554432",
    MemoryLow: "t 16777216",
    MemorySwapMax: "t 33554432",
    CPUWeight: "t 59",
    CPUQuotaPeriodUSec: "t 100000",
    // 12.345 % is rounded up to whole hundredths.
    CPUQuotaPerSecUSec: "t 130000",
    AllowedCPUs: "ay 3,1",
    AllowedMemoryNodes: "ay 1",
    TasksMax: "t 20",
  });
});

Deno.test("the limits of a config become properties on cgroup v1", () => {
  assertEquals(named(limitProperties(resourceWrites("v1", RESOURCES), 252)), {
    MemoryLimit: "t 33554432",
    CPUShares: "t 512",
    CPUQuotaPeriodUSec: "t 100000",
    CPUQuotaPerSecUSec: "t 130000",
    AllowedCPUs: "ay 3,1",
    AllowedMemoryNodes: "ay 1",
    TasksMax: "t 20",
  });
});

Deno.test("no limit is infinity", () => {
  assertEquals(
    of({
      "memory.max": "max",
      "pids.max": "max",
      "cpu.max": "max 50000",
      "memory.limit_in_bytes": "-1",
    }),
    {
      MemoryMax: `t ${INFINITY}`,
      TasksMax: `t ${INFINITY}`,
      CPUQuotaPeriodUSec: "t 50000",
      CPUQuotaPerSecUSec: `t ${INFINITY}`,
      MemoryLimit: `t ${INFINITY}`,
    },
  );
  assertEquals(of({ "cpu.cfs_quota_us": "-1" }), {
    CPUQuotaPeriodUSec: "t 100000",
    CPUQuotaPerSecUSec: `t ${INFINITY}`,
  });
});

Deno.test("what an older systemd lacks is left to the files", () => {
  const writes = {
    "cpuset.cpus": "0",
    "cpu.max": "5000 10000",
    "cpu.idle": "1",
  };
  assertEquals(of(writes, 241), { CPUQuotaPerSecUSec: "t 500000" });
  assertEquals(of(writes, 252), {
    AllowedCPUs: "ay 1",
    CPUQuotaPeriodUSec: "t 10000",
    CPUQuotaPerSecUSec: "t 500000",
    CPUWeight: "t 0",
  });
  assertEquals(of({ "memory.zswap.max": "1" }, 252), {});
  assertEquals(of({ "memory.zswap.max": "1" }, 253), { MemoryZSwapMax: "t 1" });
});

Deno.test("a cgroup that is idle has no weight beside", () => {
  assertEquals(of({ "cpu.weight": "59", "cpu.idle": "1" }), {
    CPUWeight: "t 0",
  });
  assertEquals(of({ "cpu.weight": "59", "cpu.idle": "0" }), {
    CPUWeight: "t 59",
  });
  assertEquals(of({ "cpu.idle": "0" }), { CPUWeight: `t ${INFINITY}` });
  assertEquals(of({ "cpu.idle": "0" }, 251), {});
});

Deno.test("other files, and values that only the kernel judges, give none", () => {
  assertEquals(
    of({
      "memory.oom.group": "1",
      "hugetlb.2MB.max": "0",
      "memory.high": "lots",
      "memory.low": "-5",
      "cpuset.cpus": "3-1",
      "cpuset.mems": "0-99999999",
      "cpu.max": "",
      "io.weight": "8:0 100",
    }),
    {},
  );
  assertEquals(of({ "io.weight": "default 50", "memory.high": " 5\n" }), {
    IOWeight: "t 50",
    MemoryHigh: "t 5",
  });
});
