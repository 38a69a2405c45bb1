import { assertEquals, assertThrows } from "@std/assert";
import { cgroupLayout } from "../cgroup/layout.ts";
import { HYBRID } from "../cgroup/recorded_mountinfo.ts";
import { ConfigError } from "./errors.ts";
import { bindSource, isBind, lowerMounts } from "./lower_mounts.ts";
import {
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_NOSYMFOLLOW,
  MOUNT_ATTR_RDONLY,
  MS_PRIVATE,
} from "./mount_options.ts";
import type { Mount } from "./spec.ts";

function lowered(...mounts: Mount[]) {
  return lowerMounts(mounts, {
    bundle: "/bundle",
    layout: cgroupLayout(HYBRID),
    cgroupDirectories: [],
    cgroupNamespace: false,
  });
}

const plain = {
  set: 0,
  clear: 0,
  recursiveSet: 0,
  recursiveClear: 0,
  propagation: [],
};

Deno.test("lowerMounts() makes a file system mount", () => {
  assertEquals(
    lowered({
      destination: "/dev/shm",
      type: "tmpfs",
      source: "shm",
      options: ["nosuid", "mode=1777", "size=64k"],
    }),
    [{
      ...plain,
      kind: "filesystem",
      destination: "/dev/shm",
      pointer: "/mounts/0",
      type: "tmpfs",
      source: "shm",
      data: ["mode=1777", "size=64k"],
      set: MOUNT_ATTR_NOSUID,
    }],
  );
});

Deno.test("lowerMounts() takes destinations as below the root", () => {
  const destinations = [
    ["/a/b", "/a/b"],
    ["a/b", "/a/b"],
    ["./a", "/a"],
    ["../../a", "/a"],
    ["/../../a", "/a"],
    ["/a//b/", "/a/b"],
    ["/a/../b/./c", "/b/c"],
  ];
  for (const [destination, wanted] of destinations) {
    const [mount] = lowered({ destination: destination!, type: "tmpfs" });
    assertEquals(mount!.destination, wanted);
  }
});

Deno.test("lowerMounts() takes bind sources relative to the bundle", () => {
  const sources = [
    ["/host/x", "/host/x"],
    ["x", "/bundle/x"],
    ["./x/y", "/bundle/x/y"],
    ["../x", "/x"],
  ];
  for (const [source, wanted] of sources) {
    const mount = { destination: "/d", type: "bind", source: source! };
    assertEquals(bindSource(mount, "/bundle"), wanted);
    assertEquals(lowered(mount), [{
      ...plain,
      kind: "bind",
      destination: "/d",
      pointer: "/mounts/0",
      source: wanted!,
      recursive: false,
    }]);
  }
});

Deno.test("lowerMounts() knows bind mounts by type and by option", () => {
  const cases: [Partial<Mount>, boolean | undefined][] = [
    [{ type: "bind" }, false],
    [{ type: "bind", options: ["rbind"] }, true],
    [{ type: "none", options: ["bind"] }, false],
    [{ type: "none", options: ["rbind", "bind"] }, true],
    [{ options: ["rbind"] }, true],
    [{ type: "cgroup", options: ["rbind"] }, true],
    [{ type: "tmpfs" }, undefined],
  ];
  for (const [more, recursive] of cases) {
    const mount = { destination: "/d", source: "/s", ...more };
    assertEquals(isBind(mount), recursive !== undefined);
    const [only] = lowered(mount);
    if (recursive === undefined) assertEquals(only!.kind, "filesystem");
    else {
      assertEquals(only!.kind, "bind");
      assertEquals((only as { recursive: boolean }).recursive, recursive);
    }
  }
});

Deno.test("lowerMounts() makes a bind mount's attributes the mount's", () => {
  const [mount] = lowered({
    destination: "/d",
    type: "bind",
    source: "/s",
    options: ["rbind", "ro", "dev", "rnodev", "rprivate"],
  });
  assertEquals(mount, {
    ...plain,
    kind: "bind",
    destination: "/d",
    pointer: "/mounts/0",
    source: "/s",
    recursive: true,
    set: MOUNT_ATTR_RDONLY,
    // As mount(2): what is not asked for is not there.
    clear: MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
      MOUNT_ATTR_NOSYMFOLLOW,
    recursiveSet: MOUNT_ATTR_NODEV,
    propagation: [{ flag: MS_PRIVATE, recursive: true }],
  });
});

Deno.test("lowerMounts() makes a file system of its own read-only as well", () => {
  const data = (type: string, ...options: string[]) => {
    const [mount] = lowered({ destination: "/d", type, options });
    return (mount as { data: readonly string[] }).data;
  };
  assertEquals(data("ext4", "ro"), ["ro"]);
  assertEquals(data("ext4", "ro", "sync", "x=y"), ["sync", "ro", "x=y"]);
  assertEquals(data("ext4", "ro", "rw"), []);
  for (const shared of ["proc", "sysfs", "tmpfs", "mqueue", "devpts"]) {
    assertEquals(data(shared, "ro"), [], shared);
  }
});

Deno.test("lowerMounts() makes remount a change of what is there", () => {
  const change = (...options: string[]) =>
    lowered({ destination: "/d", type: "none", options });
  const common = {
    ...plain,
    kind: "change",
    destination: "/d",
    pointer: "/mounts/0",
  };
  assertEquals(change("remount", "ro"), [
    { ...common, set: MOUNT_ATTR_RDONLY, data: [] },
  ]);
  assertEquals(change("remount", "sync", "size=1m", "rnodev", "rprivate"), [{
    ...common,
    recursiveSet: MOUNT_ATTR_NODEV,
    propagation: [{ flag: MS_PRIVATE, recursive: true }],
    data: ["sync", "size=1m"],
  }]);
  assertEquals(change("remount", "bind", "sync"), [{ ...common, data: [] }]);
});

Deno.test("lowerMounts() says what is missing, and where", () => {
  const cases: [Mount, string][] = [
    [{ destination: "/d" }, "mounts[1].type: is missing"],
    [{ destination: "/d", type: "bind" }, "mounts[1].source: is missing"],
    [
      { destination: "/d", type: "tmpfs", options: [`x=${"a".repeat(256)}`] },
      "mounts[1].options: hold a value of more than 255 bytes",
    ],
    [
      { destination: "/d", type: "tmpfs", options: ["ü".repeat(128)] },
      "mounts[1].options: hold a value of more than 255 bytes",
    ],
  ];
  for (const [mount, text] of cases) {
    assertThrows(
      () => lowered({ destination: "/ok", type: "tmpfs" }, mount),
      ConfigError,
      text,
    );
  }
  lowered({
    destination: "/d",
    type: "tmpfs",
    options: [`x=${"a".repeat(255)}`],
  });
});

Deno.test("lowerMounts() keeps the order, and each mount's pointer", () => {
  const mounts = ["/a", "/b", "/c"].map((destination) => ({
    destination,
    type: "tmpfs",
  }));
  assertEquals(
    lowered(...mounts).map(({ destination, pointer }) => [
      destination,
      pointer,
    ]),
    [["/a", "/mounts/0"], ["/b", "/mounts/1"], ["/c", "/mounts/2"]],
  );
});

Deno.test("lowerMounts() refuses a mount on the root", () => {
  for (const destination of ["/", "/../..", "."]) {
    assertThrows(
      () => lowered({ destination, type: "tmpfs" }),
      ConfigError,
      "mounts[0].destination: is /, which is root.path's place",
    );
  }
});
