import { parseMountinfo } from "../cgroup/mountinfo.ts";

/**
 * The mount points of procfs and sysfs outside of `rootfs`, the last one first.
 * @param mountinfo the text of /proc/self/mountinfo
 */
export function wholeMounts(mountinfo: string, rootfs: string): string[] {
  return parseMountinfo(mountinfo)
    .filter(({ type, mountPoint }) =>
      (type === "proc" || type === "sysfs") &&
      !`${mountPoint}/`.startsWith(`${rootfs}/`)
    )
    .map(({ mountPoint }) => mountPoint).reverse();
}
