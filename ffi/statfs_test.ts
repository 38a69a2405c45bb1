import { assertEquals, assertThrows } from "@std/assert";
import { SyscallError } from "./error.ts";
import { MAGIC, statfs } from "./statfs.ts";

Deno.test("statfs() tells the type of a file system", () => {
  assertEquals(statfs("/proc").type, MAGIC.PROC);
  assertEquals(statfs("/proc/self/status").type, MAGIC.PROC);
  assertEquals(statfs("/proc/self/ns/net").type, MAGIC.NSFS);
  assertEquals(statfs("/dev/pts").type, MAGIC.DEVPTS);
});

Deno.test("statfs() tells the type of this host's cgroup mounts", () => {
  const types = { cgroup: MAGIC.CGROUP, cgroup2: MAGIC.CGROUP2 };
  const lines = Deno.readTextFileSync("/proc/self/mounts").split("\n");
  for (const line of lines) {
    const [, path = "", type = ""] = line.split(" ");
    if (!Object.hasOwn(types, type) || path.includes("\\")) continue;
    assertEquals(statfs(path).type, types[type as keyof typeof types], path);
  }
});

Deno.test("statfs() fails with the path", () => {
  const error = assertThrows(() => statfs("/no/such"), SyscallError);
  const { call, code, subject } = error as SyscallError;
  assertEquals([call, code, subject], ["statfs", "ENOENT", "/no/such"]);
});
