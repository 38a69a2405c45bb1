import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { cgroupLayout, hostLayout } from "./layout.ts";
import { HYBRID, LEGACY, NONE, UNIFIED } from "./recorded_mountinfo.ts";

Deno.test("cgroupLayout() reads a v1 host, co-mounted controllers together", () => {
  const layout = cgroupLayout(LEGACY);
  assertEquals(layout.kind, "legacy");
  assertEquals(layout.unified, undefined);
  assertEquals(
    layout.hierarchies.map((h) => [h.mountPoint, h.controllers.join()]),
    [
      ["/sys/fs/cgroup/systemd", "name=systemd"],
      ["/sys/fs/cgroup/cpu,cpuacct", "cpu,cpuacct"],
      ["/sys/fs/cgroup/net_cls,net_prio", "net_cls,net_prio"],
      ["/sys/fs/cgroup/cpuset", "cpuset"],
      ["/sys/fs/cgroup/memory", "memory"],
      ["/sys/fs/cgroup/devices", "devices"],
      ["/sys/fs/cgroup/pids", "pids"],
      ["/sys/fs/cgroup/blkio", "blkio"],
    ],
  );
});

Deno.test("cgroupLayout() counts the first mount of a hierarchy", () => {
  const points = cgroupLayout(LEGACY).hierarchies.map((h) => h.mountPoint);
  assert(points.every((point) => point.startsWith("/sys/fs/cgroup/")));
  assertEquals(cgroupLayout(UNIFIED).unified, {
    mountPoint: "/sys/fs/cgroup",
    root: "/",
  });
});

Deno.test("cgroupLayout() reads a hybrid host", () => {
  const layout = cgroupLayout(HYBRID);
  assertEquals(layout.kind, "hybrid");
  assertEquals(layout.hierarchies.length, 9);
  assertEquals(layout.unified?.mountPoint, "/sys/fs/cgroup/unified");
});

Deno.test("cgroupLayout() reads a unified host", () => {
  const layout = cgroupLayout(UNIFIED);
  assertEquals(layout.kind, "unified");
  assertEquals(layout.hierarchies, []);
});

Deno.test("cgroupLayout() reads a host without cgroups", () => {
  for (const text of [NONE, ""]) {
    assertEquals(cgroupLayout(text), {
      kind: "none",
      hierarchies: [],
      unified: undefined,
    });
  }
});

Deno.test("cgroupLayout() keeps the mounted folder and decodes paths", () => {
  const line = String.raw`9 8 0:1 /pod\040a /cg\040roups/pids rw - ` +
    "cgroup cgroup rw,pids";
  assertEquals(cgroupLayout(line).hierarchies, [{
    mountPoint: "/cg roups/pids",
    root: "/pod a",
    controllers: ["pids"],
  }]);
});

Deno.test("hostLayout() is read once", () => {
  assertStrictEquals(hostLayout(), hostLayout());
});
