import { assertEquals, assertThrows } from "@std/assert";
import { CgroupError } from "./error.ts";
import { below, cgroupPlace, parentOf } from "./place.ts";

Deno.test("below() joins and cleans", () => {
  assertEquals(
    below("/sys/fs/cgroup", "cpu", "/a//./b/"),
    "/sys/fs/cgroup/cpu/a/b",
  );
  assertEquals(below("/root", "", "a/../b"), "/root/b");
  assertEquals(below("/", "a"), "/a");
  assertEquals(below("/", ""), "/");
});

Deno.test("below() keeps .. below the root and below each part", () => {
  assertEquals(below("/root", "cpu", "../../../etc"), "/root/cpu/etc");
  assertEquals(below("/root", "cpu", "/.."), "/root/cpu");
  assertEquals(below("/root", "../cpu", "a"), "/root/cpu/a");
});

Deno.test("parentOf() gives the directory above", () => {
  assertEquals(parentOf("/a/b"), "/a");
  assertEquals(parentOf("/a"), "/");
  assertEquals(parentOf("/"), "/");
});

Deno.test("cgroupPlace() makes a place of the ID", () => {
  assertEquals(cgroupPlace("c1"), "/c1");
  assertEquals(cgroupPlace("c1", ""), "/c1");
});

Deno.test("cgroupPlace() keeps every name of a long ID's place short enough", () => {
  assertEquals(cgroupPlace("x".repeat(255)), `/${"x".repeat(255)}`);
  const place = cgroupPlace("x".repeat(256));
  assertEquals(place, `/${"x".repeat(254)}~/xx`);
});

Deno.test("cgroupPlace() takes relative and absolute paths alike, cleaned", () => {
  assertEquals(cgroupPlace("c1", "a/b"), "/a/b");
  assertEquals(cgroupPlace("c1", "/a//./b/"), "/a/b");
  assertEquals(cgroupPlace("c1", "/a/x/../b"), "/a/b");
  assertEquals(cgroupPlace("c1", "a.slice:b:c"), "/a.slice:b:c");
});

Deno.test("cgroupPlace() refuses paths that leave the root, or are it", () => {
  const table: [string, string][] = [
    ["../../x", "it leads out of the cgroup root"],
    ["/a/../../x", "it leads out of the cgroup root"],
    ["..", "it leads out of the cgroup root"],
    ["/", "it is the cgroup root itself"],
    ["a/..", "it is the cgroup root itself"],
    [".", "it is the cgroup root itself"],
    ["a\0b", "it holds NUL"],
    ["a\nb", "it holds NUL or a line break"],
  ];
  for (const [path, text] of table) {
    assertThrows(
      () => cgroupPlace("c1", path),
      CgroupError,
      `Cannot use linux.cgroupsPath ${JSON.stringify(path)}: ${text}`,
    );
  }
});
