import { assertEquals } from "@std/assert";
import { mergeResources, takenBack, withLinked } from "./merge.ts";
import type { CgroupResources } from "./types.ts";

const CURRENT: CgroupResources = {
  memory: { limit: 100, swap: 200, swappiness: 5 },
  cpu: { shares: 5, quota: 10, period: 20, burst: 3, cpus: "0" },
  pids: { limit: 7 },
  blockIO: {
    weight: 50,
    throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1 }],
  },
  rdma: { a: { hcaHandles: 1 } },
  unified: { "memory.high": "5" },
};

Deno.test("mergeResources() leaves what is not given, or is 0 for unset", () => {
  assertEquals(mergeResources(CURRENT, {}), CURRENT);
  assertEquals(
    mergeResources(CURRENT, {
      memory: { limit: 0, swap: 0 },
      cpu: { shares: 0, quota: 0, period: 0, cpus: "", mems: "" },
      blockIO: { weight: 0 },
      network: { classID: 0 },
    }),
    { ...CURRENT, network: {} },
  );
  assertEquals(mergeResources({}, CURRENT), CURRENT);
});

Deno.test("mergeResources() changes what is given, 0 where it is a value", () => {
  const { cpu, memory, pids } = mergeResources(CURRENT, {
    memory: { limit: 300, swappiness: 0 },
    cpu: { burst: 0, idle: 0, mems: "1" },
    pids: { limit: 0 },
  });
  assertEquals([cpu, memory, pids], [
    {
      shares: 5,
      quota: 10,
      period: 20,
      burst: 0,
      idle: 0,
      cpus: "0",
      mems: "1",
    },
    { limit: 300, swap: 200, swappiness: 0 },
    { limit: 0 },
  ]);
});

Deno.test("mergeResources() changes devices, pages and files by their names", () => {
  const merged = mergeResources(CURRENT, {
    blockIO: {
      throttleReadBpsDevice: [
        { major: 8, minor: 0, rate: 2 },
        { major: 8, minor: 1, rate: 3 },
      ],
      weightDevice: [{ major: 8, minor: 0, weight: 9 }],
    },
    hugepageLimits: [{ pageSize: "2MB", limit: 0 }],
    network: { priorities: [{ name: "lo", priority: 1 }] },
    rdma: { a: { hcaObjects: 2 }, ["__proto__"]: { hcaHandles: 3 } },
    unified: { "memory.low": "1" },
  });
  assertEquals(merged.blockIO, {
    weight: 50,
    throttleReadBpsDevice: [
      { major: 8, minor: 0, rate: 2 },
      { major: 8, minor: 1, rate: 3 },
    ],
    weightDevice: [{ major: 8, minor: 0, weight: 9 }],
  });
  assertEquals(merged.hugepageLimits, [{ pageSize: "2MB", limit: 0 }]);
  assertEquals(merged.network, { priorities: [{ name: "lo", priority: 1 }] });
  assertEquals(Object.entries(merged.rdma ?? {}), [
    ["a", { hcaHandles: 1, hcaObjects: 2 }],
    ["__proto__", { hcaHandles: 3 }],
  ]);
  assertEquals(merged.unified, { "memory.high": "5", "memory.low": "1" });
});

Deno.test("mergeResources() lifts the limit of swap with that of memory", () => {
  const lifted = mergeResources(CURRENT, { memory: { limit: -1 } });
  assertEquals(lifted.memory, { limit: -1, swap: -1, swappiness: 5 });
  const both = mergeResources(CURRENT, { memory: { limit: -1, swap: 9 } });
  assertEquals(both.memory, { limit: -1, swap: 9, swappiness: 5 });
});

Deno.test("withLinked() adds what v2 has in one file, or needs", () => {
  const linked = (changes: CgroupResources) =>
    withLinked(() => "v2", CURRENT, changes);
  assertEquals(linked({ cpu: { quota: 30 } }).cpu, { quota: 30, period: 20 });
  assertEquals(linked({ cpu: { period: 40 } }).cpu, { quota: 10, period: 40 });
  assertEquals(linked({ cpu: { shares: 40 } }).cpu, { shares: 40 });
  assertEquals(linked({ memory: { swap: 400 } }).memory, {
    swap: 400,
    limit: 100,
  });
  assertEquals(linked({ memory: { limit: 150 } }).memory, {
    limit: 150,
    swap: 200,
  });
  assertEquals(linked({ memory: { limit: -1 } }).memory, {
    limit: -1,
    swap: -1,
  });
  assertEquals(linked({ memory: { reservation: 1 } }).memory, {
    reservation: 1,
  });
  assertEquals(linked({ pids: { limit: 1 } }), { pids: { limit: 1 } });
});

Deno.test("withLinked() adds the weights of devices to a new one of all", () => {
  const device = (weight: number) => ({ major: 8, minor: 0, weight });
  const current = { blockIO: { weight: 5, weightDevice: [device(6)] } };
  const linked = (blockIO: CgroupResources["blockIO"]) =>
    withLinked(() => "v1", current, { ...blockIO && { blockIO } }).blockIO;
  assertEquals(linked({ weight: 7 }), { weight: 7, weightDevice: [device(6)] });
  assertEquals(linked({ weight: 7, weightDevice: [device(8)] }), {
    weight: 7,
    weightDevice: [device(8)],
  });
  assertEquals(linked({ weightDevice: [device(8)] }), {
    weightDevice: [device(8)],
  });
});

Deno.test("withLinked() leaves v1 alone, but for what systemd knows together", () => {
  const changes = { cpu: { quota: 30 }, memory: { swap: 400 } };
  assertEquals(withLinked(() => "v1", CURRENT, changes), {
    cpu: { quota: 30, period: 20 },
    memory: { swap: 400 },
  });
});

for (const version of ["v1", "v2"] as const) {
  Deno.test(`withLinked() gives back the weight of what was idle: ${version}`, () => {
    const linked = (cpu: CgroupResources["cpu"]) =>
      withLinked(() => version, CURRENT, { ...cpu && { cpu } }).cpu;
    assertEquals(linked({ idle: 0 }), { idle: 0, shares: 5 });
    assertEquals(linked({ idle: 0, shares: 9 }), { idle: 0, shares: 9 });
    assertEquals(linked({ idle: 1 }), { idle: 1 });
  });
}

Deno.test("takenBack() turns the OOM killer on again, where it was off", () => {
  const off = { memory: { disableOOMKiller: true } };
  const on = { memory: { disableOOMKiller: false } };
  const files = (version: "v1" | "v2", ...args: [typeof off, typeof off]) =>
    takenBack(() => version, ...args).map(({ file, value }) =>
      `${file}=${value}`
    );
  assertEquals(files("v1", off, on), ["memory.oom_control=0"]);
  assertEquals(files("v1", on, on), []);
  assertEquals(files("v1", on, off), []);
  assertEquals(files("v2", off, on), []);
});
