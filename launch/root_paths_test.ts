import { assertEquals } from "@std/assert";
import { components } from "./root_paths.ts";

Deno.test("components() cleans a path as text", () => {
  const table: Record<string, string[]> = {
    "": [],
    "/": [],
    "///": [],
    "/.": [],
    "/a": ["a"],
    "a/b": ["a", "b"],
    "/a//b/": ["a", "b"],
    "/a/./b/.": ["a", "b"],
    "/a/../b": ["b"],
    "/a/b/../../c": ["c"],
    "/..": [],
    "/../../a": ["a"],
    "..": [],
    "/a/...": ["a", "..."],
    "/a b/ü": ["a b", "ü"],
    "/.hidden/..x": [".hidden", "..x"],
  };
  for (const [path, parts] of Object.entries(table)) {
    assertEquals(components(path), parts, path);
  }
});
