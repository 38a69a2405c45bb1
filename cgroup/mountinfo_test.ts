import { assertEquals } from "@std/assert";
import { parseMountinfo } from "./mountinfo.ts";

Deno.test("parseMountinfo() reads every field", () => {
  const line = "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:2 - " +
    "ext3 /dev/root rw,errors=continue";
  assertEquals(parseMountinfo(`${line}\n`), [{
    id: 36,
    parentId: 35,
    device: "98:0",
    root: "/mnt1",
    mountPoint: "/mnt2",
    options: ["rw", "noatime"],
    fields: ["master:1", "shared:2"],
    type: "ext3",
    source: "/dev/root",
    superOptions: ["rw", "errors=continue"],
  }]);
});

Deno.test("parseMountinfo() takes lines without optional fields", () => {
  const [mount] = parseMountinfo("1 0 0:1 / /x rw - tmpfs none rw");
  assertEquals(mount?.fields, []);
  assertEquals(mount?.type, "tmpfs");
});

Deno.test("parseMountinfo() decodes octal escapes", () => {
  const [mount] = parseMountinfo(
    String
      .raw`1 0 0:1 /a\040b /c\011d\012e\134040\043 rw - fuse.x\040y s\040t rw`,
  );
  assertEquals(mount?.root, "/a b");
  assertEquals(mount?.mountPoint, "/c\td\ne\\040#");
  assertEquals(mount?.type, "fuse.x y");
  assertEquals(mount?.source, "s t");
});

Deno.test("parseMountinfo() takes a hyphen in a path for no separator", () => {
  const [mount] = parseMountinfo("1 0 0:1 / /- rw - cgroup - rw,cpu");
  assertEquals(mount?.mountPoint, "/-");
  assertEquals(mount?.source, "-");
  assertEquals(mount?.superOptions, ["rw", "cpu"]);
});

Deno.test("parseMountinfo() takes an empty source", () => {
  const [mount] = parseMountinfo("1 0 0:1 / /x rw - tmpfs  rw");
  assertEquals(mount?.source, "");
  assertEquals(mount?.superOptions, ["rw"]);
});

Deno.test("parseMountinfo() leaves broken lines out", () => {
  const good = "1 0 0:1 / /x rw - tmpfs none rw";
  const text = ["", "1 2", "1 0 0:1 / /x rw", "x - y", "- - - - - - -", good]
    .join("\n");
  assertEquals(parseMountinfo(text).length, 1);
});
