import { assertEquals, assertThrows } from "@std/assert";
import { CgroupError } from "../error.ts";
import { ioWeight } from "./block_io.ts";
import {
  type CgroupLimits,
  loadRareLowering,
  needsRare,
  resourceWrites,
} from "./lower.ts";
import type { CgroupVersion } from "./write.ts";

const rare = await loadRareLowering();

function lower(version: CgroupVersion, resources: CgroupLimits) {
  return resourceWrites(version, resources, rare);
}

/** The writes as `file=value`, and what may be written instead. */
function files(version: CgroupVersion, resources: CgroupLimits): string[] {
  return lower(version, resources).map(({ file, value, instead = [] }) =>
    [{ file, value }, ...instead].map((one) => `${one.file}=${one.value}`)
      .join(" or ")
  );
}

function both(resources: CgroupLimits): string[][] {
  return [files("v1", resources), files("v2", resources)];
}

function refused(
  version: CgroupVersion,
  resources: CgroupLimits,
  text: string,
): void {
  assertThrows(() => lower(version, resources), CgroupError, text);
}

Deno.test("needsRare() passes over what engines write as unset", () => {
  const unset = {
    memory: { limit: 1 },
    blockIO: {},
    hugepageLimits: [],
    network: {},
    rdma: {},
    unified: {},
  };
  assertEquals([needsRare(unset), needsRare({}), needsRare()], [
    false,
    false,
    false,
  ]);
  assertEquals(both({ ...unset, blockIO: { weight: 0, weightDevice: [] } }), [
    ["memory.limit_in_bytes=1"],
    ["memory.max=1"],
  ]);
  assertEquals(files("v2", { network: { classID: 0, priorities: [] } }), []);
  assertThrows(() => resourceWrites("v1", { rdma: { a: {} } }));
});

Deno.test("weights of block devices are BFQ's, or else the kernel's own", () => {
  const device = { major: 8, minor: 16 };
  const weightDevice = [{ ...device, weight: 1000, leafWeight: 0 }];
  assertEquals(both({ blockIO: { weight: 500, weightDevice } }), [
    [
      "blkio.weight=500 or blkio.bfq.weight=500",
      "blkio.weight_device=8:16 1000 or blkio.bfq.weight_device=8:16 1000",
    ],
    [
      "io.bfq.weight=500 or io.weight=4950",
      "io.bfq.weight=8:16 1000 or io.weight=8:16 10000",
    ],
  ]);
  assertEquals([10, 11, 100, 500, 1000].map(ioWeight), [
    1,
    11,
    910,
    4950,
    10000,
  ]);
  refused("v2", { blockIO: { weight: 9 } }, "weight to 9: want 10 to 1000");
  refused("v2", { blockIO: { weight: 1001 } }, "want 10 to 1000");
});

Deno.test("leaf weights are of v1 alone", () => {
  const weightDevice = [{ major: 8, minor: 0, leafWeight: 20 }];
  const resources = { blockIO: { leafWeight: 30, weightDevice } };
  assertEquals(files("v1", resources), [
    "blkio.leaf_weight=30",
    "blkio.leaf_weight_device=8:0 20",
  ]);
  refused(
    "v2",
    resources,
    'blockIO.leafWeight to 30: only cgroup v1 has "blkio.leaf_weight"',
  );
  refused("v2", { blockIO: { weightDevice } }, "weightDevice[0].leafWeight");
});

Deno.test("rates of block devices, of which 0 takes a limit back", () => {
  const at = (rate: number | bigint) => [{ major: 253, minor: 0, rate }];
  const blockIO = {
    throttleReadBpsDevice: at(2n ** 63n),
    throttleWriteBpsDevice: at(2),
    throttleReadIOPSDevice: at(3),
    throttleWriteIOPSDevice: at(0),
  };
  assertEquals(both({ blockIO }), [
    [
      "blkio.throttle.read_bps_device=253:0 9223372036854775808",
      "blkio.throttle.write_bps_device=253:0 2",
      "blkio.throttle.read_iops_device=253:0 3",
      "blkio.throttle.write_iops_device=253:0 0",
    ],
    [
      "io.max=253:0 rbps=9223372036854775808",
      "io.max=253:0 wbps=2",
      "io.max=253:0 riops=3",
      "io.max=253:0 wiops=max",
    ],
  ]);
  assertEquals(
    lower("v2", { blockIO: { throttleReadBpsDevice: at(1) } })[0]?.line,
    { key: "253:0", unset: "253:0 rbps=max" },
  );
});

Deno.test("huge pages are limited when they are reserved and when used", () => {
  const hugepageLimits = [{ pageSize: "2MB", limit: 0 }];
  assertEquals(both({ hugepageLimits }), [
    ["hugetlb.2MB.limit_in_bytes=0", "hugetlb.2MB.rsvd.limit_in_bytes=0"],
    ["hugetlb.2MB.max=0", "hugetlb.2MB.rsvd.max=0"],
  ]);
  const [used, reserved] = lower("v1", { hugepageLimits });
  assertEquals([used?.optional, reserved?.optional], [undefined, true]);
  const wrong = [{ pageSize: "../2MB", limit: 0 }];
  refused("v1", { hugepageLimits: wrong }, "want a size like");
});

Deno.test("network tags are of v1 alone", () => {
  const network = {
    classID: 0x100001,
    priorities: [{ name: "lo", priority: 0 }, { name: "eth0", priority: 5 }],
  };
  assertEquals(files("v1", { network }), [
    "net_cls.classid=1048577",
    "net_prio.ifpriomap=lo 0",
    "net_prio.ifpriomap=eth0 5",
  ]);
  refused("v2", { network }, "network.classID to 1048577: only cgroup v1");
  const { priorities } = network;
  refused("v2", { network: { priorities } }, "priorities[0].priority to 0");
  for (const name of ["a b", "", "../x", "longer-than-fifteen"]) {
    const priorities = [{ name, priority: 1 }];
    refused("v1", { network: { priorities } }, "the name of a network");
  }
});

Deno.test("RDMA devices have limits of handles, of objects or of both", () => {
  const rdma = {
    mlx5_1: { hcaHandles: 3, hcaObjects: 10000 },
    rxe3: { hcaObjects: 0 },
  };
  const written = [
    "rdma.max=mlx5_1 hca_handle=3 hca_object=10000",
    "rdma.max=rxe3 hca_object=0",
  ];
  assertEquals(both({ rdma }), [written, written]);
  refused("v2", { rdma: { a: {} } }, "want hcaHandles or hcaObjects");
  refused("v2", { rdma: { "a b": { hcaHandles: 1 } } }, 'rdma["a b"]');
});

Deno.test("unified writes any file of v2, line by line", () => {
  const unified = {
    "memory.high": "1073741824",
    "io.max": "259:0 rbps=2 wiops=120\n253:0 rbps=max\n",
    "hugetlb.1GB.max": "5",
    "misc.max": "",
    "io.weight": "300",
    "cgroup.max.depth": "3",
  };
  assertEquals(files("v2", { memory: { limit: 1 }, unified }), [
    "memory.max=1",
    "memory.high=1073741824",
    "io.max=259:0 rbps=2 wiops=120",
    "io.max=253:0 rbps=max",
    "hugetlb.1GB.max=5",
    "io.weight=300",
    "cgroup.max.depth=3",
  ]);
  const lines = lower("v2", { unified }).map(({ line }) => line?.unset);
  assertEquals(lines, [
    undefined,
    "259:0 rbps=max wiops=max",
    "253:0 rbps=max",
    undefined,
    undefined,
    undefined,
  ]);
});

Deno.test("unified takes names of files and no paths", () => {
  for (
    const name of [
      "../memory.max",
      "memory",
      "/memory.max",
      "memory.max/..",
      "memory..max",
      ".memory",
      "memory.max\0",
      "memory.max\n",
      "",
      "..",
      "Memory.max",
    ]
  ) {
    refused("v2", { unified: { [name]: "1" } }, "CONTROLLER.PARAMETER");
  }
  for (const name of ["cgroup.procs", "cgroup.threads", "cgroup.kill"]) {
    refused("v2", { unified: { [name]: "1" } }, "it is no resource");
  }
  refused("v2", { unified: { "memory.max": "1\0" } }, "it holds NUL");
});

Deno.test("unified is refused for controllers on v1", () => {
  refused(
    "v1",
    { unified: { "memory.high": "1" } },
    'Cannot set linux.resources.unified["memory.high"] to "1": invalid ' +
      "configuration: cannot use unified on cgroup v1",
  );
  const unified = { "hugetlb.2MB.max": "0" };
  const hybrid = resourceWrites(
    (controller) => controller === "hugetlb" ? "v2" : "v1",
    { unified },
    rare,
  );
  assertEquals(hybrid.map(({ file }) => file), ["hugetlb.2MB.max"]);
});
