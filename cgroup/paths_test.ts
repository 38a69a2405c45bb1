import { SyscallError } from "../ffi/error.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { MAGIC } from "../ffi/statfs.ts";
import { CgroupError } from "./error.ts";
import {
  type CgroupPathsOptions,
  type CgroupPathsSpec,
  forgetCgroupsDirPath,
  getCgroupsDirPath,
  isCgroupMounted,
  processCgroupsPath,
  processCgroupsPathForResource,
} from "./paths.ts";
import { HYBRID, LEGACY, NONE, UNIFIED } from "./recorded_mountinfo.ts";

/** Registers a test that starts, and leaves, with nothing remembered. */
function test(name: string, body: () => void): void {
  Deno.test(name, () => {
    forgetCgroupsDirPath();
    try {
      body();
    } finally {
      forgetCgroupsDirPath();
    }
  });
}

const ALL = { memory: {}, cpu: {}, pids: {}, blockIO: {} };

function spec(
  cgroupsPath: string,
  mounts: CgroupPathsSpec["mounts"] = [],
  resources: object = ALL,
): CgroupPathsSpec {
  return { mounts, linux: { cgroupsPath, resources } };
}

/** Options over a recorded host where `type` is mounted on every path. */
function host(mountinfo: string, type: number = MAGIC.CGROUP): {
  options: CgroupPathsOptions;
  logged: unknown[];
} {
  const logged: unknown[] = [];
  const options = {
    mountinfo,
    statfs: () => ({ type }),
    log: { info: (...line: unknown[]) => void logged.push(line) },
  };
  return { options, logged };
}

test("processCgroupsPath() is empty without cgroupsPath or resources", () => {
  const { options } = host(HYBRID);
  assertEquals(processCgroupsPath({}, options), []);
  assertEquals(processCgroupsPath({ linux: {} }, options), []);
  assertEquals(processCgroupsPath({ linux: { resources: ALL } }, options), []);
  assertEquals(processCgroupsPath(spec(""), options), []);
  assertEquals(
    processCgroupsPath({ linux: { cgroupsPath: "/a" } }, options),
    [],
  );
  assertEquals(processCgroupsPath(spec("/a", [], {}), options), []);
});

test("processCgroupsPath() gives memory, cpu, pids, blkio in this order", () => {
  const resources = { blockIO: {}, pids: {}, cpu: {}, memory: {} };
  for (const isSandbox of [true, false]) {
    const options = { ...host(HYBRID).options, isSandbox };
    assertEquals(processCgroupsPath(spec("a/b", [], resources), options), [
      "/sys/fs/cgroup/memory/a/b",
      "/sys/fs/cgroup/cpu/a/b",
      "/sys/fs/cgroup/pids/a/b",
      "/sys/fs/cgroup/blkio/a/b",
    ]);
  }
});

test("processCgroupsPath() gives one path for each resource that is set", () => {
  const { options } = host(LEGACY);
  assertEquals(processCgroupsPath(spec("/a", [], { pids: {} }), options), [
    "/sys/fs/cgroup/pids/a",
  ]);
});

test("processCgroupsPath() leaves unmounted resources out and logs them", () => {
  const mounts = [{ type: "cgroup", destination: "/cg" }];
  const { options, logged } = host(HYBRID);
  const statfs = (path: string) => ({
    type: path === "/cg/cpu" ? MAGIC.CGROUP : 0x01021994,
  });
  assertEquals(
    processCgroupsPath(spec("/a", mounts, { memory: {}, cpu: {} }), {
      ...options,
      statfs,
    }),
    ["/cg/cpu/a"],
  );
  assertEquals(logged, [
    ["path not mounted", { path: "/cg/memory", type: "cgroup" }],
  ]);
});

test("processCgroupsPath() has no resource folders on a unified host", () => {
  const { options } = host(UNIFIED, MAGIC.CGROUP2);
  assertEquals(processCgroupsPath(spec("a", [], { cpu: {} }), options), [
    "/sys/fs/cgroup/a",
  ]);
  const mounts = [{ type: "cgroup", destination: "/cg" }];
  assertEquals(processCgroupsPath(spec("/a", mounts, { cpu: {} }), options), [
    "/cg/a",
  ]);
});

test("processCgroupsPathForResource() refuses an empty resource", () => {
  assertThrows(
    () => processCgroupsPathForResource(spec("/a"), "", host(HYBRID).options),
    CgroupError,
    "Missing linux resource",
  );
});

test("processCgroupsPathForResource() puts a relative path below the root", () => {
  // A cgroup mount in the config changes nothing about it.
  const mounts = [{ type: "cgroup", destination: "/cg" }];
  const { options } = host(HYBRID);
  assertEquals(
    processCgroupsPathForResource(spec("a/b", mounts), "memory", options),
    "/sys/fs/cgroup/memory/a/b",
  );
});

test("processCgroupsPathForResource() puts an absolute path there too, without a cgroup mount", () => {
  const mounts = [{ type: "proc", destination: "/proc" }];
  const { options } = host(HYBRID);
  assertEquals(
    processCgroupsPathForResource(spec("/a/b", mounts), "memory", options),
    "/sys/fs/cgroup/memory/a/b",
  );
});

test("processCgroupsPathForResource() puts an absolute path below the cgroup mount", () => {
  const mounts = [
    { destination: "/none" },
    { type: "cgroup", destination: "/cg" },
    { type: "cgroup", destination: "/second" },
  ];
  const { options } = host(HYBRID);
  assertEquals(
    processCgroupsPathForResource(spec("/a/b", mounts), "memory", options),
    "/cg/memory/a/b",
  );
});

test("processCgroupsPathForResource() wants a destination", () => {
  const mounts = [{ type: "cgroup", destination: "" }];
  const { options } = host(HYBRID);
  assertThrows(
    () => processCgroupsPathForResource(spec("/a", mounts), "cpu", options),
    CgroupError,
    "the destination of the cgroup mount is empty",
  );
});

test("processCgroupsPathForResource() never leaves its root by ..", () => {
  const mounts = [{ type: "cgroup", destination: "/cg" }];
  const { options } = host(HYBRID);
  const path = (cgroupsPath: string, m: CgroupPathsSpec["mounts"] = []) =>
    processCgroupsPathForResource(spec(cgroupsPath, m), "cpu", options);
  assertEquals(path("../../../etc"), "/sys/fs/cgroup/cpu/etc");
  assertEquals(path("/../../etc"), "/sys/fs/cgroup/cpu/etc");
  assertEquals(path("/../x/../../etc", mounts), "/cg/cpu/etc");
});

test("isCgroupMounted() knows cgroup v1 and v2, and nothing else", () => {
  const mounted = (type: number) => isCgroupMounted("/x", () => ({ type }));
  assertEquals(mounted(0x27e0eb), true);
  assertEquals(mounted(0x63677270), true);
  assertEquals(mounted(0x01021994), false);
  assertEquals(
    isCgroupMounted("/x", () => {
      throw new Error("ENOENT");
    }),
    false,
  );
});

test("isCgroupMounted() asks the host", () => {
  assertEquals(isCgroupMounted("/proc"), false);
  assertEquals(isCgroupMounted("/no/such/path"), false);
});

test("getCgroupsDirPath() is the parent of the first v1 mount", () => {
  assertEquals(getCgroupsDirPath(LEGACY), "/sys/fs/cgroup");
  forgetCgroupsDirPath();
  assertEquals(getCgroupsDirPath(HYBRID), "/sys/fs/cgroup");
});

test("getCgroupsDirPath() is the cgroup2 mount on a unified host", () => {
  assertEquals(getCgroupsDirPath(UNIFIED), "/sys/fs/cgroup");
  forgetCgroupsDirPath();
  assertEquals(
    getCgroupsDirPath("9 8 0:1 / /cgroup2 rw - cgroup2 cgroup2 rw\n"),
    "/cgroup2",
  );
});

test("getCgroupsDirPath() remembers what it found", () => {
  const elsewhere = "9 8 0:1 / /cg/pids rw - cgroup cgroup rw,pids\n";
  assertEquals(getCgroupsDirPath(elsewhere), "/cg");
  assertEquals(getCgroupsDirPath(HYBRID), "/cg");
  forgetCgroupsDirPath();
  assertEquals(getCgroupsDirPath(HYBRID), "/sys/fs/cgroup");
});

test("getCgroupsDirPath() reads a file, and fails without cgroup mounts", () => {
  const file = Deno.makeTempFileSync();
  try {
    Deno.writeTextFileSync(file, NONE);
    assertThrows(
      () => getCgroupsDirPath(file),
      CgroupError,
      "no cgroup file system is mounted",
    );
    // A failure is not remembered.
    Deno.writeTextFileSync(file, HYBRID);
    assertEquals(getCgroupsDirPath(file), "/sys/fs/cgroup");
  } finally {
    Deno.removeSync(file);
  }
  forgetCgroupsDirPath();
  assertThrows(() => getCgroupsDirPath("/no/such/file"), SyscallError);
});
