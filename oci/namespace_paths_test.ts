import { assert, assertEquals, assertThrows } from "@std/assert";
import { ConfigError, describeProblem } from "./errors.ts";
import { withoutOwnNamespaces } from "./namespace_paths.ts";
import type { Namespace, Spec } from "./spec.ts";

function spec(namespaces: Namespace[], more: Partial<Spec> = {}): Spec {
  return {
    ociVersion: "1.3.0",
    root: { path: "r" },
    linux: { namespaces },
    ...more,
  };
}

function problems(namespaces: Namespace[], more: Partial<Spec> = {}) {
  const error = assertThrows(
    () => withoutOwnNamespaces(spec(namespaces, more)),
    ConfigError,
  );
  return error.problems.map(describeProblem);
}

Deno.test("withoutOwnNamespaces() leaves new ones alone", () => {
  const whole = spec([{ type: "pid" }, { type: "ipc", path: "" }]);
  assert(withoutOwnNamespaces(whole) === whole);
});

Deno.test("withoutOwnNamespaces() names every path that cannot be joined", () => {
  const message = (i: number, type: string, path: string, why: string) =>
    `linux.namespaces[${i}].path: cannot join the ${type} namespace ${path}: ` +
    why;
  const paths: [Namespace["type"], string, string][] = [
    ["network", "/no/such", "No such file or directory"],
    ["ipc", "/dev/null", "it is no namespace"],
    ["uts", "/proc/self/ns", "it is no namespace"],
    ["pid", "/proc/self/ns/mnt", "it is a namespace of type mount"],
    ["time", "/proc/self/ns/net", "it is a namespace of type network"],
  ];
  assertEquals(
    problems(paths.map(([type, path]) => ({ type, path }))),
    paths.map(([type, path, why], i) => message(i, type, path, why)),
  );
});

Deno.test("withoutOwnNamespaces() takes Davit's own for none at all", () => {
  const own: Namespace[] = [
    { type: "user", path: "/proc/self/ns/user" },
    { type: "network", path: "/proc/self/ns/net" },
    { type: "pid", path: "/proc/self/ns/pid" },
    { type: "time", path: "/proc/self/ns/time" },
  ];
  const { linux } = withoutOwnNamespaces(spec([...own, { type: "mount" }]));
  assertEquals(linux?.namespaces, [{ type: "mount" }]);
});

Deno.test("withoutOwnNamespaces() keeps a container from changing the host", () => {
  const hint = ", and the path there is of Davit's own";
  assertEquals(
    problems([{ type: "uts", path: "/proc/self/ns/uts" }], { hostname: "h" }),
    ["hostname: needs a UTS namespace in linux.namespaces" + hint],
  );
  const mounts = [{ destination: "/x", type: "tmpfs" }];
  assertEquals(
    problems([{ type: "mount", path: "/proc/self/ns/mnt" }], { mounts }),
    [
      "mounts: needs a mount namespace in linux.namespaces: without one it " +
      "would change the host's mounts" + hint,
    ],
  );
  // Maps are for a new namespace; with a joined one they mean nothing.
  const map = [{ containerID: 0, hostID: 0, size: 1 }];
  const user = { type: "user", path: "/proc/self/ns/user" } as const;
  withoutOwnNamespaces({
    ...spec([]),
    linux: { namespaces: [user], uidMappings: map, gidMappings: map },
  });
});
