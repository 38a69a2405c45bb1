import { assertEquals } from "@std/assert";
import type { Findings } from "./schema.ts";
import { checkMounts } from "./validate_mounts.ts";

/** The pointers and messages of what is wrong with mounts. */
function faults(mounts: unknown, users = false): string[] {
  const out: Findings = { strict: false, errors: [], warnings: [] };
  const namespaces = users ? [{ type: "user" }] : [];
  checkMounts({ mounts, linux: { namespaces } }, out);
  return out.errors.map(({ pointer, message }) => `${pointer} ${message}`);
}

const IDS = [{ containerID: 0, hostID: 1000, size: 1 }];
const MAPPED = { uidMappings: IDS, gidMappings: IDS };
const BIND = { destination: "/d", type: "bind", source: "/s" };

Deno.test("checkMounts() takes what has nothing to say", () => {
  for (const mounts of [undefined, null, 1, [], [1, null, {}]]) {
    assertEquals(faults(mounts), []);
  }
  assertEquals(faults([{ ...BIND, options: [1] }]), []);
});

Deno.test("checkMounts() names options that no bind mount has", () => {
  assertEquals(
    faults([{ ...BIND, options: ["ro", "sync", "journal=1", "x"] }]),
    [
      '/mounts/0/options/2 is no option of a bind mount, found "journal=1"',
      '/mounts/0/options/3 is no option of a bind mount, found "x"',
    ],
  );
  const tmpfs = { destination: "/d", type: "tmpfs", options: ["mode=755"] };
  assertEquals(faults([tmpfs]), []);
  assertEquals(faults([{ ...tmpfs, options: ["rbind", "x"] }]).length, 1);
});

Deno.test("checkMounts() keeps /proc free", () => {
  const at = (destination: string, more = {}) =>
    faults([{ ...BIND, destination, ...more }]).length;
  for (const good of ["/proc", "/proc/uptime", "proc//stat/", "/procs/x"]) {
    assertEquals(at(good), 0, good);
  }
  for (const bad of ["/proc/self", "/x/../proc/sys", "/proc/uptime/x"]) {
    assertEquals(at(bad), 1, bad);
    assertEquals(at(bad, { type: "tmpfs" }), 1, bad);
    assertEquals(at(bad, { options: ["remount", "ro"] }), 0, bad);
  }
  assertEquals(at("/proc", { type: "proc" }), 0);
  assertEquals(at("/proc", { type: "tmpfs" }), 1);
});

Deno.test("checkMounts() wants both maps of a mount, or the container's", () => {
  const mount = (more: object, users?: boolean) =>
    faults([{ ...BIND, ...more }], users);
  const idmap = { options: ["bind", "idmap"] };
  assertEquals(mount(MAPPED), []);
  assertEquals(mount({ ...MAPPED, ...idmap }), []);
  assertEquals(mount(idmap, true), []);
  assertEquals(mount({ uidMappings: IDS }), [
    "/mounts/0/uidMappings must come along with gidMappings",
  ]);
  assertEquals(mount({ gidMappings: IDS, uidMappings: [] }), [
    "/mounts/0/gidMappings must come along with uidMappings",
  ]);
  assertEquals(mount({ options: ["ridmap"] }), [
    "/mounts/0/options/0 needs uidMappings and gidMappings, or a container " +
    "with a user namespace, whose mappings it takes then",
  ]);
  const pointers = (more: object, users?: boolean) =>
    mount(more, users).map((text) => text.split(" ")[0]);
  assertEquals(pointers({ ...MAPPED, options: ["remount"] }), [
    "/mounts/0/uidMappings",
  ]);
  assertEquals(pointers({ ...MAPPED, type: "cgroup" }), [
    "/mounts/0/uidMappings",
  ]);
  assertEquals(pointers({ ...MAPPED, type: "tmpfs" }), []);
  assertEquals(pointers({ ...MAPPED, type: "tmpfs" }, true), [
    "/mounts/0/uidMappings",
  ]);
});

Deno.test("checkMounts() has tmpcopyup go with a tmpfs only", () => {
  const options = ["tmpcopyup"];
  assertEquals(faults([{ destination: "/d", type: "tmpfs", options }]), []);
  for (const type of ["bind", "ext4", ""]) {
    assertEquals(faults([{ destination: "/d", type, options }]), [
      "/mounts/0/options/0 goes with a new mount of type tmpfs only",
    ]);
  }
});

Deno.test("checkMounts() leaves out what a tmpfs would take of a bind mount", () => {
  const mounts = [{ ...BIND, options: ["mode=755", "size=1k"] }];
  const found = (strict: boolean) => {
    const out: Findings = { strict, errors: [], warnings: [] };
    checkMounts({ mounts }, out);
    return [out.errors.length, out.warnings.length];
  };
  assertEquals(found(false), [0, 2]);
  assertEquals(found(true), [2, 0]);
});
