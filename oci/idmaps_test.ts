import { assertEquals } from "@std/assert";
import { idMapTable } from "./idmaps.ts";
import type { Linux, Mount, Spec } from "./spec.ts";

function table(mounts: Partial<Mount>[], linux: Linux = {}) {
  const spec: Spec = {
    ociVersion: "1.3.0",
    root: { path: "r" },
    mounts: mounts.map((mount) => ({ destination: "/d", ...mount })),
    linux,
  };
  const { maps, indexes } = idMapTable(spec);
  return { maps, indexes: [...indexes] };
}

const ids = (hostID: number) => [{ containerID: 0, hostID, size: 10 }];
const own = (hostID: number) => ({
  uidMappings: ids(hostID),
  gidMappings: ids(hostID),
});

Deno.test("idMapTable() has each set of maps once", () => {
  assertEquals(table([{}, { options: ["ro"] }]), { maps: [], indexes: [] });
  assertEquals(
    table([own(1), {}, own(2), { ...own(1), options: ["ridmap"] }]),
    {
      maps: [
        { ...own(1), pointer: "/mounts/0" },
        { ...own(2), pointer: "/mounts/2" },
      ],
      indexes: [[0, 0], [2, 1], [3, 0]],
    },
  );
});

Deno.test("idMapTable() takes the container's maps, or namespace", () => {
  const mounts = [{ options: ["idmap"] }, own(5), { options: ["ridmap"] }];
  assertEquals(
    table(mounts, { ...own(9), namespaces: [{ type: "user" }] }),
    {
      maps: [
        { ...own(9), pointer: "/linux" },
        { ...own(5), pointer: "/mounts/1" },
      ],
      indexes: [[0, 0], [1, 1], [2, 0]],
    },
  );
  const path = "/proc/1/ns/user";
  const [joined] = table(mounts, {
    namespaces: [{ type: "user", path }],
  }).maps;
  assertEquals(joined?.path, path);
});
