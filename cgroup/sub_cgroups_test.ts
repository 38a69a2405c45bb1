import { assertEquals, assertThrows } from "@std/assert";
import { CgroupError } from "./error.ts";
import { cgroupLayout } from "./layout.ts";
import { LEGACY, UNIFIED } from "./recorded_mountinfo.ts";
import { subCgroups, unifiedCgroupOf } from "./sub_cgroups.ts";

const V1 = cgroupLayout(LEGACY), V2 = cgroupLayout(UNIFIED);

/** The container's cgroups on a recorded host. */
function own(layout: typeof V1): string[] {
  return [...layout.hierarchies, ...[layout.unified ?? []].flat()]
    .map(({ mountPoint }) => `${mountPoint}/box`);
}

function joined(layout: typeof V1, paths: Record<string, string>): string[] {
  return subCgroups(layout, own(layout), new Map(Object.entries(paths)));
}

function refusal(layout: typeof V1, paths: Record<string, string>): string {
  const error = assertThrows(() => joined(layout, paths), CgroupError);
  assertEquals(error.code, "config");
  return error.message;
}

Deno.test("subCgroups() are the container's own by default", () => {
  assertEquals(joined(V1, {}), own(V1));
  assertEquals(joined(V2, {}), own(V2));
  for (const path of ["/", "", ".", "a/.."]) {
    assertEquals(joined(V1, { "": path }), own(V1), path);
  }
});

Deno.test("subCgroups() are below the container's", () => {
  const below = own(V1).map((directory) => `${directory}/a/b`);
  for (const path of ["a/b", "/a/b/", "a/./c/../b"]) {
    assertEquals(joined(V1, { "": path }), below, path);
  }
  assertEquals(joined(V2, { "": "a" }), own(V2).map((path) => `${path}/a`));
});

Deno.test("subCgroups() are found by controller on v1", () => {
  const found = joined(V1, { memory: "m", cpuacct: "c" });
  const moved = found.filter((path, i) => path !== own(V1)[i]);
  assertEquals(moved.toSorted(), [
    "/sys/fs/cgroup/cpu,cpuacct/box/c",
    "/sys/fs/cgroup/memory/box/m",
  ]);
});

Deno.test("subCgroups() never leave the container's", () => {
  for (const path of ["..", "../x", "a/../..", "/../box2", "a/../../box"]) {
    const message = `bad sub cgroup path: ${path} is not a sub cgroup path, ` +
      "it leads out of the container's cgroup";
    assertEquals(refusal(V1, { "": path }), message);
    assertEquals(refusal(V1, { cpu: path }), message);
    assertEquals(refusal(V2, { "": path }), message);
  }
});

Deno.test("subCgroups() know the controllers that there are", () => {
  for (const [layout, name] of [[V1, "whaaat"], [V2, "memory"]] as const) {
    assertEquals(
      refusal(layout, { [name]: "/" }),
      `unknown controller "${name}": the container has no cgroup v1 with it`,
    );
  }
  const none = () => subCgroups(V1, [], new Map([["", "a"]]));
  assertThrows(none, CgroupError, "bad sub cgroup path: the container has no");
});

Deno.test("unifiedCgroupOf() is a directory below the mount", () => {
  const line = Deno.readTextFileSync("/proc/self/cgroup").split("\n")
    .find((line) => line.startsWith("0::/"));
  const path = line?.slice("0::".length).replace(/\/$/, "");
  const layout = (root: string) => ({
    ...V2,
    unified: { mountPoint: "/cg", root },
  });
  const expected = path === undefined ? undefined : `/cg${path}`;
  assertEquals(unifiedCgroupOf(layout("/"), Deno.pid), expected);
  assertEquals(unifiedCgroupOf(layout("/no/such"), Deno.pid), undefined);
  assertEquals(
    unifiedCgroupOf({ ...V1, unified: undefined }, Deno.pid),
    undefined,
  );
});
