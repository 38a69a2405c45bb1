import { assert, assertEquals } from "@std/assert";
import {
  knownMountOptions,
  MOUNT_ATTR__ATIME,
  MOUNT_ATTR_NOATIME,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NODIRATIME,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_NOSYMFOLLOW,
  MOUNT_ATTR_RDONLY,
  MOUNT_ATTR_STRICTATIME,
  type MountOptions,
  MS_PRIVATE,
  MS_SHARED,
  MS_SLAVE,
  MS_UNBINDABLE,
  parseMountOptions,
} from "./mount_options.ts";

const NOTHING: MountOptions = {
  bind: "",
  set: 0,
  clear: 0,
  hasAttributes: false,
  recursiveSet: 0,
  recursiveClear: 0,
  propagation: [],
  superblock: [],
  readonly: false,
  data: [],
  remount: false,
  tmpcopyup: false,
  idmap: "",
};

function assertOptions(text: string, given: Partial<MountOptions>): void {
  const options = text === "" ? [] : text.split(" ");
  const { set = 0, clear = 0 } = given;
  const wanted = { hasAttributes: (set | clear) !== 0, ...given };
  assertEquals(parseMountOptions(options), { ...NOTHING, ...wanted }, text);
}

const FLAGS = [
  ["ro", "rw", MOUNT_ATTR_RDONLY],
  ["nosuid", "suid", MOUNT_ATTR_NOSUID],
  ["nodev", "dev", MOUNT_ATTR_NODEV],
  ["noexec", "exec", MOUNT_ATTR_NOEXEC],
  ["nodiratime", "diratime", MOUNT_ATTR_NODIRATIME],
  ["nosymfollow", "symfollow", MOUNT_ATTR_NOSYMFOLLOW],
] as const;

Deno.test("parseMountOptions() sets and clears attributes", () => {
  for (const [on, off, flag] of FLAGS) {
    const readonly = on === "ro";
    if (on === "nodiratime") continue; // it goes with the other times
    assertOptions(on, { set: flag, readonly });
    assertOptions(off, { clear: flag });
    assertOptions(`${off} ${on}`, { set: flag, readonly });
    assertOptions(`${on} ${off}`, { clear: flag });
  }
});

Deno.test("parseMountOptions() knows the recursive attributes", () => {
  for (const [on, off, flag] of FLAGS) {
    assertOptions(`r${on}`, { recursiveSet: flag });
    assertOptions(`r${off}`, { recursiveClear: flag });
    assertOptions(`r${on} r${off}`, { recursiveClear: flag });
    const clear = on === "nodiratime" ? MOUNT_ATTR__ATIME : 0;
    assertOptions(`r${off} ${on} r${on}`, {
      set: flag,
      clear,
      recursiveSet: flag,
      readonly: on === "ro",
    });
  }
});

Deno.test("parseMountOptions() takes access times as mount(2) does", () => {
  const noatime = MOUNT_ATTR_NOATIME, nodiratime = MOUNT_ATTR_NODIRATIME;
  const strictatime = MOUNT_ATTR_STRICTATIME;
  const all = MOUNT_ATTR__ATIME | nodiratime;
  for (
    const [text, set, clear] of [
      // What is chosen takes the place of all that there was.
      ["noatime", noatime, all],
      ["strictatime", strictatime, all],
      ["relatime", 0, all],
      ["nodiratime", nodiratime, MOUNT_ATTR__ATIME],
      ["noatime strictatime", strictatime, all],
      ["noatime relatime", 0, all],
      ["noatime nodiratime", noatime | nodiratime, MOUNT_ATTR__ATIME],
      ["nodiratime diratime noatime", noatime, all],
      ["strictatime atime", strictatime, all],
      ["noatime nostrictatime", noatime, all],
      ["nodiratime norelatime", nodiratime, MOUNT_ATTR__ATIME],
      // What is not chosen changes nothing.
      ["atime", 0, 0],
      ["diratime", 0, 0],
      ["norelatime", 0, 0],
      ["nostrictatime", 0, 0],
      ["noatime atime", 0, 0],
      ["relatime norelatime", 0, 0],
      ["nodiratime diratime", 0, 0],
      ["strictatime nostrictatime", 0, 0],
    ] as const
  ) assertOptions(text, { set, clear, hasAttributes: true });
});

Deno.test("parseMountOptions() clears access times for all mounts below", () => {
  const clear = MOUNT_ATTR__ATIME;
  for (
    const [text, set] of [
      ["noatime", MOUNT_ATTR_NOATIME],
      ["strictatime", MOUNT_ATTR_STRICTATIME],
      ["relatime", 0],
      ["atime", 0],
      ["nostrictatime", 0],
      ["noatime strictatime", MOUNT_ATTR_STRICTATIME],
      ["strictatime noatime", MOUNT_ATTR_NOATIME],
      ["noatime relatime", 0],
      ["noatime atime", 0],
      ["strictatime nostrictatime", 0],
      ["strictatime atime", MOUNT_ATTR_STRICTATIME],
      ["noatime nostrictatime", MOUNT_ATTR_NOATIME],
    ] as const
  ) {
    assertOptions(text.replace(/\S+/g, "r$&"), {
      recursiveSet: set,
      recursiveClear: clear,
    });
  }
});

Deno.test("parseMountOptions() ignores what changes nothing", () => {
  assertOptions("", {});
  assertOptions("defaults silent loud rnorelatime noiversion", {});
  assertEquals(parseMountOptions([""]), NOTHING);
});

Deno.test("parseMountOptions() tells bind mounts", () => {
  assertOptions("bind", { bind: "bind" });
  assertOptions("rbind", { bind: "rbind" });
  assertOptions("bind rbind", { bind: "rbind" });
  assertOptions("rbind bind", { bind: "rbind" });
  assertOptions("idmap", { idmap: "idmap" });
  assertOptions("ridmap idmap", { idmap: "ridmap" });
  assertOptions("remount tmpcopyup", { remount: true, tmpcopyup: true });
});

Deno.test("parseMountOptions() keeps changes of propagation in order", () => {
  for (
    const [name, flag] of [
      ["private", MS_PRIVATE],
      ["shared", MS_SHARED],
      ["slave", MS_SLAVE],
      ["unbindable", MS_UNBINDABLE],
    ] as const
  ) {
    assertOptions(`r${name} ${name}`, {
      propagation: [{ flag, recursive: true }, { flag, recursive: false }],
    });
  }
});

Deno.test("parseMountOptions() gives superblock flags to fsconfig", () => {
  assertOptions("sync dirsync lazytime mand", {
    superblock: ["sync", "dirsync", "lazytime", "mand"],
  });
  assertOptions("sync async", { superblock: ["async"] });
  assertOptions("nolazytime lazytime mand nomand", {
    superblock: ["lazytime", "nomand"],
  });
  assertOptions("iversion", { superblock: ["iversion"] });
  assertOptions("iversion noiversion", {});
});

Deno.test("parseMountOptions() passes on what is not known", () => {
  const data = [
    "mode=755",
    "newinstance",
    "lowerdir=/a,b",
    "ro=1",
    "RO",
    "racl",
    "rsync",
    "rdefaults",
    "constructor",
    "__proto__",
  ];
  assertEquals(parseMountOptions(data), { ...NOTHING, data });
});

Deno.test("parseMountOptions() reads the default configuration's", () => {
  assertOptions("nosuid strictatime mode=755 size=65536k", {
    set: MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME,
    clear: MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME,
    data: ["mode=755", "size=65536k"],
  });
  assertOptions("rbind ro rprivate", {
    bind: "rbind",
    set: MOUNT_ATTR_RDONLY,
    readonly: true,
    propagation: [{ flag: MS_PRIVATE, recursive: true }],
  });
});

Deno.test("the specification's options are all known", () => {
  // config.md, "Linux mount options", in its order.
  const table = "async atime bind defaults dev diratime dirsync exec " +
    "iversion lazytime loud mand noatime nodev nodiratime noexec noiversion " +
    "nolazytime nomand norelatime nostrictatime nosuid nosymfollow private " +
    "ratime rbind rdev rdiratime relatime remount rexec rnoatime rnodiratime " +
    "rnoexec rnorelatime rnostrictatime rnosuid rnosymfollow ro rprivate " +
    "rrelatime rro rrw rshared rslave rstrictatime rsuid rsymfollow " +
    "runbindable rw shared silent slave strictatime suid symfollow sync " +
    "tmpcopyup unbindable idmap ridmap rnodev";
  const known = knownMountOptions();
  assertEquals(new Set(known).size, known.length);
  const more = ["acl", "noacl"]; // of mount(8), and runc's
  assertEquals([...table.split(" "), ...more].sort(), known);
  for (const option of known) {
    assert(parseMountOptions([option]).data.length === 0, option);
  }
});
