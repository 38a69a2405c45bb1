import { assertEquals } from "@std/assert";
import { cgroupLayout } from "../cgroup/layout.ts";
import { HYBRID } from "../cgroup/recorded_mountinfo.ts";
import { defaultSpec } from "./default_spec.ts";
import { lower, rootfsPath } from "./lower.ts";
import {
  MS_PRIVATE,
  MS_SHARED,
  MS_SLAVE,
  MS_UNBINDABLE,
} from "./mount_options.ts";
import type { Linux, Mount, Spec } from "./spec.ts";

const spec = defaultSpec({ cgroupNamespace: false });

function lowered(more: Partial<Spec> = {}) {
  return lower({ ...spec, ...more }, {
    id: "c",
    bundle: "/bundle",
    layout: cgroupLayout(HYBRID),
    cgroupDirectories: ["/sys/fs/cgroup/cpu/c"],
    noPivot: false,
    preserveFds: 2,
  });
}

const withLinux = (linux: Linux) =>
  lowered({ linux: { ...spec.linux, ...linux } });

const bindDev: Mount = {
  destination: "/dev/",
  type: "bind",
  source: "/dev",
  options: ["rbind"],
};

Deno.test("lower() takes the root relative to the bundle", () => {
  const paths = [
    ["rootfs", "/bundle/rootfs"],
    [".", "/bundle"],
    ["./a/../b", "/bundle/b"],
    ["/abs/x", "/abs/x"],
    ["../x", "/x"],
  ];
  for (const [path, wanted] of paths) {
    assertEquals(
      rootfsPath({ ...spec, root: { path: path! } }, "/bundle"),
      wanted,
    );
  }
});

Deno.test("lower() fills the root's settings in", () => {
  assertEquals(lowered({ root: { path: "r" } }).root, {
    path: "/bundle/r",
    readonly: false,
    recursive: false,
    noPivot: false,
  });
  assertEquals(lowered().root.readonly, true);
});

Deno.test("lower() knows every rootfsPropagation", () => {
  const flags: [string, number][] = [
    ["private", MS_PRIVATE],
    ["shared", MS_SHARED],
    ["slave", MS_SLAVE],
    ["unbindable", MS_UNBINDABLE],
  ];
  for (const [name, flag] of flags) {
    for (const recursive of [false, true]) {
      const rootfsPropagation = (recursive ? "r" : "") + name;
      const { root } = withLinux(
        { rootfsPropagation } as Pick<Linux, "rootfsPropagation">,
      );
      assertEquals(root.propagation, { flag, recursive });
    }
  }
  // Without one the mounts keep what they were made with.
  const { root } = withLinux({ rootfsPropagation: "" });
  assertEquals(root.propagation, undefined);
});

Deno.test("lower() makes and joins namespaces", () => {
  const { namespaces } = withLinux({
    namespaces: [
      { type: "mount", path: "" },
      { type: "network", path: "/run/netns/x" },
      { type: "pid" },
    ],
  });
  assertEquals(namespaces, [
    { kind: "mount", pointer: "/linux/namespaces/0" },
    {
      kind: "network",
      path: "/run/netns/x",
      pointer: "/linux/namespaces/1",
    },
    { kind: "pid", pointer: "/linux/namespaces/2" },
  ]);
});

Deno.test("lower() has the spec's default devices and links", () => {
  const { devices, deviceLinks } = lowered();
  assertEquals(
    devices.map(({ name, major, minor }) => `${name} ${major}:${minor}`),
    [
      "null 1:3",
      "zero 1:5",
      "full 1:7",
      "random 1:8",
      "urandom 1:9",
      "tty 5:0",
    ],
  );
  const links = Object.fromEntries(
    deviceLinks.map(({ path, text }) => [path, text]),
  );
  assertEquals(links["fd"], "/proc/self/fd");
  assertEquals(links["stdin"], "/proc/self/fd/0");
  assertEquals(links["stdout"], "/proc/self/fd/1");
  assertEquals(links["stderr"], "/proc/self/fd/2");
  assertEquals(links["ptmx"], "pts/ptmx");
});

Deno.test("lower() leaves a /dev of the host alone", () => {
  for (const destination of ["/dev", "/dev/", "dev", "/x/../dev/."]) {
    const { devices, deviceLinks } = lowered({
      mounts: [{ ...bindDev, destination }],
    });
    assertEquals([devices, deviceLinks], [[], []], destination);
  }
  // Something of it, or below it, is not the whole.
  for (const destination of ["/dev/null", "/dev/pts", "/device"]) {
    const { devices } = lowered({ mounts: [{ ...bindDev, destination }] });
    assertEquals(devices.length, 6, destination);
  }
});

Deno.test("lower() fills no /dev without a mount namespace", () => {
  const { devices, deviceLinks } = lowered({
    mounts: [],
    linux: { namespaces: [{ type: "pid" }] },
  });
  assertEquals([devices, deviceLinks], [[], []]);
});

Deno.test("lower() opens the terminal in the container's own devpts", () => {
  const process = { ...spec.process!, terminal: true };
  const from = (mounts: Mount[]) =>
    lowered({ process, mounts }).process!.terminal!.from;
  assertEquals(from([]), "host");
  assertEquals(
    from([{ destination: "/dev/pts", type: "devpts" }]),
    "container",
  );
  assertEquals(
    from([{ destination: "dev//pts/", type: "devpts" }]),
    "container",
  );
  assertEquals(from([{ destination: "/pts", type: "devpts" }]), "host");
  const bound = { destination: "/dev/pts", type: "bind", source: "/dev/pts" };
  assertEquals(from([bound]), "host");
});

Deno.test("lower() leaves out what is empty or absent", () => {
  const input = lower(
    { ociVersion: "1.0.0", root: { path: "." }, hostname: "", domainname: "" },
    {
      id: "c",
      bundle: "/bundle",
      layout: cgroupLayout(HYBRID),
      cgroupDirectories: [],
      noPivot: true,
      preserveFds: 0,
      recursiveReadonly: true,
    },
  );
  // Where it joins its cgroups is the host's matter.
  const own = Object.entries(input).filter(([name]) => !/cgroup/.test(name));
  assertEquals(Object.fromEntries(own), {
    id: "c",
    root: {
      path: "/bundle",
      readonly: false,
      recursive: true,
      noPivot: true,
    },
    privileges: "host",
    namespaces: [],
    mounts: [],
    deviceNodes: [],
    sysctls: [],
    devices: [],
    deviceLinks: [],
    maskedPaths: [],
    readonlyPaths: [],
    preserveFds: 0,
    startNow: false,
  });
});

Deno.test("lower() hands on names, paths and descriptors", () => {
  const input = lowered({ hostname: "h", domainname: "d" });
  assertEquals(
    [input.hostname, input.domainname, input.preserveFds, input.id],
    ["h", "d", 2, "c"],
  );
  assertEquals(input.maskedPaths, spec.linux!.maskedPaths);
  assertEquals(input.readonlyPaths, spec.linux!.readonlyPaths);
});
