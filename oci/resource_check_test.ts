import { assertEquals } from "@std/assert";
import type { CgroupLayout } from "../cgroup/layout.ts";
import { defaultSpec } from "./default_spec.ts";
import { describeProblem } from "./errors.ts";
import { resourceProblems } from "./resource_check.ts";
import type { Linux, Resources } from "./spec.ts";

const V1: CgroupLayout = {
  kind: "legacy",
  hierarchies: ["memory", "cpu", "pids", "devices"].map((name) => ({
    mountPoint: `/nowhere/${name}`,
    root: "/",
    controllers: [name],
  })),
  unified: undefined,
};

const V2: CgroupLayout = {
  kind: "unified",
  hierarchies: [],
  unified: { mountPoint: "/nowhere", root: "/" },
};

function problems(layout: CgroupLayout, linux: Partial<Linux>): string[] {
  const spec = defaultSpec({ cgroupNamespace: true });
  return resourceProblems(
    { ...spec, linux: { ...spec.linux, ...linux } },
    layout,
  )
    .map(describeProblem);
}

function of(layout: CgroupLayout, resources: Resources): string[] {
  return problems(layout, { resources });
}

Deno.test("resourceProblems() finds none in what a host can do", () => {
  for (const layout of [V1, V2]) {
    assertEquals(problems(layout, {}), []);
    assertEquals(of(layout, { memory: { limit: 1 }, pids: { limit: 0 } }), []);
  }
  assertEquals(of(V2, { unified: { "memory.high": "5" } }), []);
});

Deno.test("resourceProblems() names what a host cannot do", () => {
  assertEquals(of(V2, { memory: { swap: 5, limit: 6 } }), [
    "linux.resources.memory.swap: it is less than the memory limit, 6: " +
    "memory+swap limit should be >= memory limit",
  ]);
  assertEquals(of(V2, { network: { classID: 1 } }), [
    "linux.resources.network.classID: only cgroup v1 has the controller " +
    '"net_cls", this host has cgroup v2',
  ]);
  assertEquals(of(V1, { unified: { "memory.high": "5" } }), [
    'linux.resources.unified["memory.high"]: invalid configuration: cannot ' +
    'use unified on cgroup v1, where "memory" is',
  ]);
  assertEquals(of(V1, { hugepageLimits: [{ pageSize: "2MB", limit: 0 }] }), [
    "linux.resources.hugepageLimits[0].limit: the cgroup controller " +
    '"hugetlb" is not mounted, mount it',
  ]);
  assertEquals(problems(V1, { cgroupsPath: "/../x" }), [
    "linux.cgroupsPath: it leads out of the cgroup root, give a path below it",
  ]);
});
