import { assertEquals } from "@std/assert";
import { defaultSpec } from "./default_spec.ts";
import { describeProblem } from "./errors.ts";
import { checkSupported } from "./supported.ts";

function refused(config: unknown): string[] {
  return checkSupported(config).map((problem) => problem.pointer);
}

Deno.test("checkSupported() accepts what `spec` writes", () => {
  assertEquals(refused(defaultSpec({ cgroupNamespace: true })), []);
});

Deno.test("checkSupported() accepts the limits that are built", () => {
  const resources = {
    devices: [{ allow: false, access: "rwm" }],
    memory: { limit: 1, disableOOMKiller: false, swap: 0 },
    cpu: { shares: 1, quota: 1, period: 1, cpus: "", idle: 0 },
    pids: { limit: 1 },
    blockIO: { weight: 0, weightDevice: [] },
    network: { classID: 0 },
    hugepageLimits: [],
    unified: {},
  };
  assertEquals(refused({ linux: { resources } }), []);
});

Deno.test("checkSupported() names each property that is not built", () => {
  const config = {
    linux: {
      namespaces: [{ type: "pid" }],
      devices: [{}],
      netDevices: { eth0: {} },
      sysctl: { a: "b" },
      seccomp: { defaultAction: "SCMP_ACT_ALLOW" },
      personality: { domain: "LINUX" },
      memoryPolicy: { mode: "MPOL_LOCAL" },
      intelRdt: { closID: "x" },
      resources: {
        memory: { reservation: 1, swap: 1, kernel: -1, swappiness: 0 },
        cpu: { burst: 1, cpus: "0", mems: "0", idle: 1, realtimePeriod: 1 },
        blockIO: { weight: 10 },
        hugepageLimits: [{}],
        network: { classID: 1, priorities: [{}] },
        rdma: { x: {} },
        unified: { "memory.high": "1" },
      },
    },
  };
  assertEquals(refused(config), [
    "/linux/resources/blockIO/weight",
    "/linux/resources/hugepageLimits",
    "/linux/resources/network/classID",
    "/linux/resources/network/priorities",
    "/linux/resources/rdma",
    "/linux/resources/unified",
  ]);
});

Deno.test("checkSupported() says what it found", () => {
  const [problem] = checkSupported({
    linux: { resources: { rdma: { x: {} } } },
  });
  assertEquals(
    describeProblem(problem!),
    "linux.resources.rdma: it is not supported yet, found an object",
  );
});

Deno.test("checkSupported() takes empty values for not asked", () => {
  const config = {
    hooks: { prestart: [] },
    linux: { devices: [], sysctl: {}, seccomp: null },
  };
  assertEquals(refused(config), []);
  assertEquals(refused({ hooks: null, linux: 5, mounts: [null, 1] }), []);
});
