import { assertEquals, assertThrows } from "@std/assert";
import { cgroupLayout } from "../cgroup/layout.ts";
import { HYBRID, LEGACY, NONE, UNIFIED } from "../cgroup/recorded_mountinfo.ts";
import type { MountInput } from "../launch/input.ts";
import { RuntimeError } from "./errors.ts";
import { lowerMounts } from "./lower_mounts.ts";
import { MOUNT_ATTR_NOSUID, MOUNT_ATTR_RDONLY } from "./mount_options.ts";

interface Case {
  mountinfo: string;
  cgroupNamespace: boolean;
  /** The container's cgroup, below each hierarchy's mount point. */
  own?: string;
  options?: string[];
  type?: string;
}

function cgroup(wanted: Case): MountInput[] {
  const { mountinfo, cgroupNamespace, own, options = [] } = wanted;
  const layout = cgroupLayout(mountinfo);
  const points = layout.hierarchies.map(({ mountPoint }) => mountPoint);
  if (layout.unified) points.push(layout.unified.mountPoint);
  return lowerMounts([{
    destination: "/sys/fs/cgroup",
    type: wanted.type ?? "cgroup",
    source: "cgroup",
    options,
  }], {
    bundle: "/bundle",
    layout,
    cgroupDirectories: own === undefined
      ? []
      : points.map((point) => `${point}/${own}`),
    cgroupNamespace,
  });
}

/** One word for each thing: what it is, where, and from what. */
function brief(mounts: readonly MountInput[]): string[] {
  return mounts.map((mount) => {
    switch (mount.kind) {
      case "filesystem":
        return `${mount.type} ${mount.destination} ${mount.data.join()}`;
      case "bind":
        return `bind ${mount.destination} ${mount.source}`;
      case "link":
        return `link ${mount.destination} ${mount.text}`;
      case "change":
        return `change ${mount.destination} ${mount.set}`;
    }
  });
}

Deno.test("cgroupMounts() on v2 with a cgroup namespace mounts cgroup2", () => {
  for (const type of ["cgroup", "cgroup2"]) {
    assertEquals(
      brief(cgroup({
        mountinfo: UNIFIED,
        cgroupNamespace: true,
        own: "c",
        type,
      })),
      ["cgroup2 /sys/fs/cgroup "],
    );
  }
});

Deno.test("cgroupMounts() on v2 without one binds the container's cgroup", () => {
  const [mount] = cgroup({
    mountinfo: UNIFIED,
    cgroupNamespace: false,
    own: "pod/c",
    options: ["ro", "nosuid"],
  });
  assertEquals(mount, {
    kind: "bind",
    destination: "/sys/fs/cgroup",
    pointer: "/mounts/0",
    source: "/sys/fs/cgroup/pod/c",
    recursive: true,
    set: MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID,
    clear: 0,
    recursiveSet: 0,
    recursiveClear: 0,
    propagation: [],
  });
});

Deno.test("cgroupMounts() on v2 shows no other cgroups without an own one", () => {
  const mounts = cgroup({ mountinfo: UNIFIED, cgroupNamespace: false });
  // Writable, it would let the container into every cgroup of the host.
  for (const mount of mounts) {
    const all = mount.kind === "filesystem" && mount.type === "cgroup2" &&
      !(mount.set & MOUNT_ATTR_RDONLY);
    assertEquals(all, false, "the host's cgroups, writable");
  }
});

Deno.test("cgroupMounts() on v1 mounts a tmpfs and each hierarchy", () => {
  assertEquals(
    brief(cgroup({ mountinfo: HYBRID, cgroupNamespace: true, own: "c" })),
    [
      "tmpfs /sys/fs/cgroup mode=755",
      "cgroup /sys/fs/cgroup/cpu cpu",
      "cgroup /sys/fs/cgroup/cpuacct cpuacct",
      "cgroup /sys/fs/cgroup/cpuset cpuset",
      "cgroup /sys/fs/cgroup/memory memory",
      "cgroup /sys/fs/cgroup/devices devices",
      "cgroup /sys/fs/cgroup/freezer freezer",
      "cgroup /sys/fs/cgroup/blkio blkio",
      "cgroup /sys/fs/cgroup/pids pids",
      "cgroup /sys/fs/cgroup/systemd none,name=systemd",
    ],
  );
});

Deno.test("cgroupMounts() on v1 binds own cgroups and links co-mounted names", () => {
  assertEquals(
    brief(cgroup({ mountinfo: LEGACY, cgroupNamespace: false, own: "c" })),
    [
      "tmpfs /sys/fs/cgroup mode=755",
      "bind /sys/fs/cgroup/systemd /sys/fs/cgroup/systemd/c",
      "bind /sys/fs/cgroup/cpu,cpuacct /sys/fs/cgroup/cpu,cpuacct/c",
      "link /sys/fs/cgroup/cpu cpu,cpuacct",
      "link /sys/fs/cgroup/cpuacct cpu,cpuacct",
      "bind /sys/fs/cgroup/net_cls,net_prio " +
      "/sys/fs/cgroup/net_cls,net_prio/c",
      "link /sys/fs/cgroup/net_cls net_cls,net_prio",
      "link /sys/fs/cgroup/net_prio net_cls,net_prio",
      "bind /sys/fs/cgroup/cpuset /sys/fs/cgroup/cpuset/c",
      "bind /sys/fs/cgroup/memory /sys/fs/cgroup/memory/c",
      "bind /sys/fs/cgroup/devices /sys/fs/cgroup/devices/c",
      "bind /sys/fs/cgroup/pids /sys/fs/cgroup/pids/c",
      "bind /sys/fs/cgroup/blkio /sys/fs/cgroup/blkio/c",
    ],
  );
});

Deno.test("cgroupMounts() on v1 tells cpu from cpuacct", () => {
  const layout = cgroupLayout(HYBRID);
  const mounts = lowerMounts([{ destination: "/c", type: "cgroup" }], {
    bundle: "/bundle",
    layout,
    cgroupDirectories: ["/sys/fs/cgroup/cpuacct/x"],
    cgroupNamespace: false,
  });
  assertEquals(brief(mounts), [
    "tmpfs /c mode=755",
    "bind /c/cpuacct /sys/fs/cgroup/cpuacct/x",
  ]);
});

Deno.test("cgroupMounts() on v1 makes the tmpfs read-only at the end", () => {
  const mounts = cgroup({
    mountinfo: HYBRID,
    cgroupNamespace: false,
    own: "c",
    options: ["ro", "nosuid"],
  });
  const first = mounts[0]!, last = mounts.at(-1);
  assertEquals(first.kind === "filesystem" && first.set, MOUNT_ATTR_NOSUID);
  assertEquals(brief([last!]), [
    `change /sys/fs/cgroup ${MOUNT_ATTR_RDONLY}`,
  ]);
  for (const mount of mounts.slice(1, -1)) {
    const both = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID;
    assertEquals(mount.kind === "bind" && mount.set, both);
  }
});

Deno.test("cgroupMounts() says that a host has no cgroups", () => {
  const error = assertThrows(
    () => cgroup({ mountinfo: NONE, cgroupNamespace: true }),
    RuntimeError,
    "Cannot mount cgroup on /sys/fs/cgroup",
  );
  assertEquals(error.code, "system");
});

Deno.test("cgroupMounts() without own cgroups shows Davit's, read-only", () => {
  const text = "4:memory:/user/of:1\n3:cpu,cpuacct:/\n" +
    "1:name=systemd:/../outside\n0::/unified/x\n";
  for (const mountinfo of [HYBRID, LEGACY, UNIFIED]) {
    const layout = cgroupLayout(mountinfo);
    const points = new Map(
      layout.hierarchies.map(({ controllers, mountPoint }) => [
        controllers[0]!,
        mountPoint,
      ]),
    );
    const mounts = lowerMounts(
      [{ destination: "/sys/fs/cgroup", type: "cgroup", options: ["nosuid"] }],
      {
        bundle: "/bundle",
        layout,
        cgroupDirectories: [],
        cgroupNamespace: false,
        processCgroups: () => text,
      },
    );
    const binds = mounts.filter((mount) => mount.kind === "bind");
    for (const { set } of binds) {
      assertEquals(set, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID);
    }
    const sources = binds.map(({ source }) => source);
    if (points.size === 0) {
      assertEquals(sources, [`${layout.unified!.mountPoint}/unified/x`]);
      continue;
    }
    const wanted = [
      ...["cpu", "cpuacct"].flatMap((name) => points.get(name) ?? []),
      ...(points.has("memory") ? [`${points.get("memory")}/user/of:1`] : []),
    ];
    assertEquals(sources.sort(), wanted.sort());
  }
});

Deno.test("cgroupMounts() in a namespace has all hierarchies", () => {
  const layout = cgroupLayout(HYBRID);
  const mounts = lowerMounts([{ destination: "/c", type: "cgroup" }], {
    bundle: "/bundle",
    layout,
    cgroupDirectories: [],
    cgroupNamespace: true,
  });
  const made = mounts.filter((mount) =>
    mount.kind === "filesystem" && mount.type === "cgroup"
  );
  assertEquals(made.length, layout.hierarchies.length);
});
