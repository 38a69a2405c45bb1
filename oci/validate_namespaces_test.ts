import { assertEquals } from "@std/assert";
import { describeProblem } from "./errors.ts";
import { validate } from "./validate.ts";

function errors(linux: unknown, more: Record<string, unknown> = {}): string[] {
  const config = { ociVersion: "1.3.0", root: { path: "r" }, linux, ...more };
  return validate(config).errors.map(describeProblem);
}

function namespaces(...types: string[]): { namespaces: unknown[] } {
  return { namespaces: types.map((type) => ({ type })) };
}

const mapping = { containerID: 0, hostID: 1000, size: 10 };

Deno.test("a namespace type may be named once", () => {
  assertEquals(errors(namespaces("pid", "ipc", "pid")), [
    'linux.namespaces[2].type: "pid" is already in linux.namespaces[0]',
  ]);
});

Deno.test("a namespace's path is absolute, or empty for a new one", () => {
  assertEquals(errors({ namespaces: [{ type: "ipc", path: "" }] }), []);
  assertEquals(errors({ namespaces: [{ type: "ipc", path: "/x" }] }), []);
  assertEquals(errors({ namespaces: [{ type: "ipc", path: "x" }] }), [
    'linux.namespaces[0].path: must be an absolute path, found "x"',
  ]);
});

Deno.test("names need a UTS namespace, new or joined", () => {
  for (const name of ["hostname", "domainname"]) {
    assertEquals(errors({}, { [name]: "x" }), [
      `${name}: needs a UTS namespace in linux.namespaces`,
    ]);
    assertEquals(errors({}, { [name]: "" }), []);
    assertEquals(errors(namespaces("uts"), { [name]: "x" }), []);
    const joined = { namespaces: [{ type: "uts", path: "/x" }] };
    assertEquals(errors(joined, { [name]: "x" }), []);
  }
});

Deno.test("what changes mounts needs a mount namespace, or is left out", () => {
  const linux = {
    maskedPaths: ["/a"],
    readonlyPaths: ["/b"],
    rootfsPropagation: "slave",
  };
  const more = {
    mounts: [{ destination: "/c" }],
    root: { path: "r", readonly: true },
  };
  const why = "needs a mount namespace in linux.namespaces: without one it " +
    "would change the host's mounts";
  const config = { ...more, ociVersion: "1.3.0", linux };
  const left = validate(config).warnings.map(describeProblem);
  assertEquals(left[0], `root.readonly: ${why}, it is left out`);
  assertEquals(left.length, 5);
  const strict = validate(config, { strict: true }).errors;
  assertEquals(strict.map(describeProblem), [
    `root.readonly: ${why}`,
    `mounts: ${why}`,
    `linux.rootfsPropagation: ${why}`,
    `linux.maskedPaths: ${why}`,
    `linux.readonlyPaths: ${why}`,
  ]);
  assertEquals(errors({ ...linux, ...namespaces("mount") }, more), []);
  const empty = { maskedPaths: [], readonlyPaths: [] };
  assertEquals(errors(empty, { mounts: [] }), []);
});

Deno.test("ID mappings need a user namespace", () => {
  assertEquals(errors({ uidMappings: [mapping], gidMappings: [mapping] }), [
    "linux.uidMappings: needs a user namespace in linux.namespaces",
    "linux.gidMappings: needs a user namespace in linux.namespaces",
  ]);
});

Deno.test("a new user namespace needs both mappings, a joined one none", () => {
  const why = "must have at least one mapping, because linux.namespaces asks " +
    "for a new user namespace";
  assertEquals(errors(namespaces("user")), [
    `linux.uidMappings: ${why}`,
    `linux.gidMappings: ${why}`,
  ]);
  assertEquals(errors({ ...namespaces("user"), uidMappings: [mapping] }), [
    `linux.gidMappings: ${why}`,
  ]);
  const both = { uidMappings: [mapping], gidMappings: [mapping] };
  assertEquals(errors({ ...namespaces("user"), ...both }), []);
  const joined = { namespaces: [{ type: "user", path: "/x" }] };
  assertEquals(errors(joined), []);
  assertEquals(errors({ ...joined, ...both }), []);
});

Deno.test("time offsets need a time namespace", () => {
  const timeOffsets = { boottime: { secs: 1 } };
  assertEquals(errors({ timeOffsets }), [
    "linux.timeOffsets: needs a time namespace in linux.namespaces",
  ]);
  assertEquals(errors({ timeOffsets: {} }), []);
  assertEquals(errors({ timeOffsets, ...namespaces("time") }), []);
});

Deno.test("time offsets are for a new time namespace", () => {
  const timeOffsets = { monotonic: { secs: -1 } };
  const joined = [{ type: "time", path: "/x" }];
  assertEquals(errors({ timeOffsets, namespaces: joined }), [
    "linux.timeOffsets: needs a new time namespace: the clocks of one that " +
    "is joined are set already",
  ]);
  assertEquals(errors({ namespaces: joined }), []);
});

Deno.test("time offsets have less than a second of nanoseconds", () => {
  const offsets = (nanosecs: number) =>
    errors({
      timeOffsets: { boottime: { nanosecs }, monotonic: { nanosecs: 0 } },
      ...namespaces("time"),
    });
  assertEquals(offsets(999_999_999), []);
  assertEquals(offsets(1_000_000_000), [
    "linux.timeOffsets.boottime.nanosecs: must be at most 999999999, found " +
    "1000000000",
  ]);
});

Deno.test("network devices need a network of their own and sound names", () => {
  const linux = (netDevices: unknown, ...types: string[]) =>
    errors({ ...namespaces(...types), netDevices });
  assertEquals(linux({}), []);
  assertEquals(linux({ eth0: {}, eth1: { name: "x%d" } }, "network"), []);
  assertEquals(linux({ eth0: {} }), [
    "linux.netDevices: needs a network namespace in linux.namespaces",
  ]);
  assertEquals(
    linux(
      { "a/b": {}, c: { name: "d e" }, f: { name: "c2" }, c2: {} },
      "network",
    ),
    [
      'linux.netDevices["a/b"]: the name of a network device must have no ' +
      '"/", no ":" and no white space in it',
      'linux.netDevices.c.name: must have no "/", no ":" and no white space ' +
      'in it, found "d e"',
      'linux.netDevices.c2.name: "c2" is the name of "f" already',
    ],
  );
});
