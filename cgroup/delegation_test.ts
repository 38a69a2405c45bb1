import { assertEquals } from "@std/assert";
import { delegatedCgroup } from "./delegation.ts";

/** What is found where only the cgroups below `delegated` may be changed. */
function found(own: string, delegated: string, root = "/") {
  return delegatedCgroup({ mountPoint: "/cg", root }, {
    ownCgroups: `1:name=systemd:/x\n0::${own}\n`,
    mayWrite: (path) => path.startsWith(`/cg${delegated}`),
  });
}

const SERVICE = "/user.slice/user-1000.slice/user@1000.service";

Deno.test("the parent of the own cgroup is taken where it is delegated", () => {
  const scope = `${SERVICE}/app.slice/run-1.scope`;
  assertEquals(found(scope, SERVICE), `${SERVICE}/app.slice`);
  assertEquals(found(`${SERVICE}/init.scope`, SERVICE), SERVICE);
});

Deno.test("else the own cgroup, and else none", () => {
  const service = "/system.slice/a.service";
  assertEquals(found(service, service), service);
  assertEquals(found("/user.slice/session-1.scope", SERVICE), undefined);
  assertEquals(found("/", "/nothing"), undefined);
  // In a cgroup namespace the own cgroup is the root.
  assertEquals(found("/", ""), "");
});

Deno.test("only cgroups below what is mounted are taken", () => {
  assertEquals(found("/pod/c/x", "", "/pod"), "/c");
  assertEquals(found("/pod", "", "/pod"), "");
  assertEquals(found("/podlike/c", "", "/pod"), undefined);
  assertEquals(found("/../other", "", "/"), undefined);
  assertEquals(found("/x", "", "/../.."), undefined);
});

Deno.test("a host without cgroup v2 has none", () => {
  const none = delegatedCgroup({ mountPoint: "/cg", root: "/" }, {
    ownCgroups: "4:memory:/a\n",
    mayWrite: () => true,
  });
  assertEquals(none, undefined);
});

Deno.test("both the directory and its cgroup.procs have to be writable", () => {
  const asked: string[] = [];
  delegatedCgroup({ mountPoint: "/cg", root: "/" }, {
    ownCgroups: "0::/a/b\n",
    mayWrite: (path) => {
      asked.push(path);
      return !path.endsWith("cgroup.procs");
    },
  });
  assertEquals(asked, [
    "/cg/a",
    "/cg/a/cgroup.procs",
    "/cg/a/b",
    "/cg/a/b/cgroup.procs",
  ]);
});
