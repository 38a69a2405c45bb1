import { assertEquals } from "@std/assert";
import { E } from "../ffi/errno.ts";
import { giveCgroup } from "./ownership.ts";

function given(list: string | undefined, refused: Record<string, number> = {}) {
  const seen: string[] = [];
  const errno = giveCgroup("/cg/one", 100_000, {
    chown(path, uid) {
      seen.push(`${path} ${uid}`);
      return refused[path] ?? 0;
    },
    readText(path) {
      assertEquals(path, "/sys/kernel/cgroup/delegate");
      if (list === undefined) throw new Error("ENOENT");
      return list;
    },
  });
  return { errno, seen };
}

Deno.test("giveCgroup() gives what the kernel lists, as far as it is there", () => {
  const list = "cgroup.procs\nmemory.oom.group\ncgroup.threads\n";
  const refused = { "/cg/one/memory.oom.group": E.ENOENT };
  assertEquals(given(list, refused), {
    errno: 0,
    seen: [
      "/cg/one 100000",
      "/cg/one/cgroup.procs 100000",
      "/cg/one/memory.oom.group 100000",
      "/cg/one/cgroup.threads 100000",
    ],
  });
});

Deno.test("giveCgroup() gives three files where the kernel lists none", () => {
  assertEquals(given(undefined).seen, [
    "/cg/one 100000",
    "/cg/one/cgroup.procs 100000",
    "/cg/one/cgroup.subtree_control 100000",
    "/cg/one/cgroup.threads 100000",
  ]);
});

Deno.test("giveCgroup() gives nothing of a cgroup that it may not give", () => {
  assertEquals(given(undefined, { "/cg/one": E.EPERM }), {
    errno: E.EPERM,
    seen: ["/cg/one 100000"],
  });
});
