import { assertEquals } from "@std/assert";
import { wholeMounts } from "./whole_mounts.ts";

Deno.test("wholeMounts() finds the host's, those on top first", () => {
  const mountinfo = `1 0 8:1 / / rw - ext4 /dev/sda rw
2 1 0:2 / /proc rw - proc proc rw
3 1 0:3 / /sys rw - sysfs sysfs rw
4 3 0:4 / /sys/fs/cgroup rw - cgroup2 cgroup rw
5 1 0:2 / /b/rootfs/proc rw - proc proc rw
6 1 0:2 / /b/rootfs2/p\\040q rw - proc proc rw
`;
  assertEquals(wholeMounts(mountinfo, "/b/rootfs"), [
    "/b/rootfs2/p q",
    "/sys",
    "/proc",
  ]);
});
