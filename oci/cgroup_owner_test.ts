import { assertEquals } from "@std/assert";
import { cgroupOwner } from "./cgroup_owner.ts";
import type { Mount, Spec } from "./spec.ts";

const MOUNT: Mount = {
  destination: "/sys/fs/cgroup",
  type: "cgroup",
  source: "cgroup",
  options: ["nosuid", "relatime"],
};

function spec(linux: Spec["linux"], mount: Mount, uid = 0): Spec {
  return {
    ociVersion: "1.3.0",
    root: { path: "rootfs" },
    linux: linux!,
    mounts: [mount],
    process: { cwd: "/", args: ["sh"], user: { uid, gid: 0 } },
  };
}

const NAMESPACES = [{ type: "cgroup" }, { type: "user" }] as const;
const MAPPED = {
  namespaces: NAMESPACES,
  uidMappings: [{ containerID: 0, hostID: 100_000, size: 1000 }],
};

Deno.test("cgroupOwner() is the host's user of the process", () => {
  assertEquals(cgroupOwner(spec(MAPPED, MOUNT)), 100_000);
  assertEquals(cgroupOwner(spec(MAPPED, MOUNT, 7)), 100_007);
  const slash = { ...MOUNT, destination: "/sys/fs/cgroup/" };
  assertEquals(cgroupOwner(spec(MAPPED, slash)), 100_000);
  const bare = { namespaces: [{ type: "cgroup" }] } as const;
  assertEquals(cgroupOwner(spec(bare, MOUNT, 1000)), 1000);
});

Deno.test("cgroupOwner() is none where the specification wants none", () => {
  const none = (one: Spec) => assertEquals(cgroupOwner(one), undefined);
  none(spec(MAPPED, { ...MOUNT, options: ["nosuid", "ro"] }));
  none(spec(MAPPED, { ...MOUNT, source: "cgroup2" }));
  none(spec(MAPPED, { ...MOUNT, destination: "/cgroup" }));
  none(spec({ ...MAPPED, namespaces: [NAMESPACES[1]] }, MOUNT));
  const joined = { type: "cgroup", path: "/proc/1/ns/cgroup" } as const;
  none(spec({ ...MAPPED, namespaces: [joined, NAMESPACES[1]] }, MOUNT));
  // Nobody on the host is that user.
  none(spec(MAPPED, MOUNT, 5000));
  none({ ociVersion: "1.3.0", root: { path: "rootfs" } });
});
