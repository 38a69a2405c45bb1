import { assertEquals } from "@std/assert";
import { MountPoints } from "./mount_points.ts";

function withRootfs(test: (rootfs: string) => void): void {
  const rootfs = Deno.makeTempDirSync({ prefix: "davit-mount-points." });
  try {
    for (const name of ["etc", "real/deep", "run", "mnt"]) {
      Deno.mkdirSync(`${rootfs}/${name}`, { recursive: true });
    }
    test(rootfs);
  } finally {
    Deno.removeSync(rootfs, { recursive: true });
  }
}

Deno.test("MountPoints says where links lead, inside the root", () => {
  withRootfs((rootfs) => {
    const links: Record<string, string> = {
      "etc/resolv.conf": "../run/systemd/resolve/stub-resolv.conf",
      "abs": "/missing/x",
      "out": "../../../../real",
      "chain": "abs",
      "real/deep/up": "..",
      "loop": "loop",
    };
    for (const [path, text] of Object.entries(links)) {
      Deno.symlinkSync(text, `${rootfs}/${path}`);
    }
    const cases: [string, string | undefined][] = [
      ["/etc/hosts", undefined],
      ["/etc", undefined],
      ["/missing/a/b", undefined],
      ["/etc/resolv.conf", "/run/systemd/resolve/stub-resolv.conf"],
      ["/abs/y", "/missing/x/y"],
      ["/chain", "/missing/x"],
      ["/out/deep/z", "/real/deep/z"],
      ["/real/deep/up/q", "/real/q"],
      ["/loop/x", undefined],
    ];
    for (const [destination, wanted] of cases) {
      using points = new MountPoints(rootfs);
      assertEquals(points.next(destination), wanted, destination);
    }
  });
});

Deno.test("MountPoints reads no links below an earlier mount", () => {
  withRootfs((rootfs) => {
    Deno.symlinkSync("/elsewhere", `${rootfs}/mnt/link`);
    Deno.symlinkSync("/mnt/link/x", `${rootfs}/way`);
    using before = new MountPoints(rootfs);
    assertEquals(before.next("/mnt/link/a"), "/elsewhere/a");
    assertEquals(before.next("/way"), "/elsewhere/x");
    using after = new MountPoints(rootfs);
    assertEquals(after.next("/mnt"), undefined);
    assertEquals(after.next("/mnt/link/a"), undefined);
    assertEquals(after.next("/way"), "/mnt/link/x");
  });
});

Deno.test("MountPoints takes a root file system that is not there", () => {
  using points = new MountPoints("/nonexistent/rootfs");
  assertEquals(points.next("/a/b"), undefined);
});
