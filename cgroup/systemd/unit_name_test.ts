import { assertEquals, assertThrows } from "@std/assert";
import { slicePath, unitName } from "./unit_name.ts";

Deno.test("slicePath() nests slices by their hyphens", () => {
  assertEquals(slicePath("-.slice"), "");
  assertEquals(slicePath("system.slice"), "/system.slice");
  assertEquals(
    slicePath("a-b-c.slice"),
    "/a.slice/a-b.slice/a-b-c.slice",
  );
  assertEquals(
    slicePath("kubepods-burstable-pod1_2.slice"),
    "/kubepods.slice/kubepods-burstable.slice/" +
      "kubepods-burstable-pod1_2.slice",
  );
  assertEquals(slicePath("machine\\x2dx.slice"), "/machine\\x2dx.slice");
});

for (
  const slice of [
    "",
    ".slice",
    "-",
    "a",
    "a.scope",
    "a--b.slice",
    "-a.slice",
    "a-.slice",
    "a/b.slice",
    "../b.slice",
    "..slice",
    "...slice",
    "a-..-b.slice",
    "a b.slice",
    "a\nb.slice",
    "a@b.slice",
    "ä.slice",
    `${"x".repeat(255)}.slice`,
  ]
) {
  Deno.test(`slicePath() refuses ${JSON.stringify(slice).slice(0, 20)}`, () => {
    assertThrows(() => slicePath(slice), RangeError, "invalid slice name");
  });
}

Deno.test("unitName() gives the scope and the slice as runc does", () => {
  const cases: [string, string, string][] = [
    ["", "davit-c1.scope", "system.slice"],
    ["a-b.slice:pre:nm", "pre-nm.scope", "a-b.slice"],
    [":pre:nm", "pre-nm.scope", "system.slice"],
    ["-.slice:pre:nm", "pre-nm.scope", "-.slice"],
    ["system.slice::nm", "-nm.scope", "system.slice"],
    ["system.slice:p:n.scope", "p-n.scope.scope", "system.slice"],
  ];
  for (const [path, unit, slice] of cases) {
    assertEquals(unitName("c1", path, false), { unit, slice }, path);
  }
  assertEquals(unitName("c1", "", true).slice, "user.slice");
  assertEquals(unitName("c1", ":p:n", true).slice, "user.slice");
  assertEquals(unitName("a+b", "", false).unit, "davit-a\\x2bb.scope");
});

for (
  const [path, why] of [
    ["plain", 'expected cgroupsPath to be of format "slice:prefix:name"'],
    ["/abs/path", 'expected cgroupsPath to be of format "slice:prefix:name"'],
    ["a.slice:b", 'expected cgroupsPath to be of format "slice:prefix:name"'],
    ["a.slice:b:c:d", 'expected cgroupsPath to be of format "slice:prefix'],
    ["sys:p:n", "invalid slice name"],
    ["../x.slice:p:n", "invalid slice name"],
    ["a--b.slice:p:n", "invalid slice name"],
    ["a.slice:p:", "the name, is empty"],
    ["a.slice:p:a/b", 'it has a "/"'],
    ["a.slice:p/../q:b", 'it has a "/"'],
    ["a.slice:p:..", "only dots"],
    ["a.slice:..:n", "only dots"],
    ["a.slice:p:n m", "other characters"],
    ["a.slice:p:n\n", "other characters"],
    ["a.slice:p:n@1", "other characters"],
    ["a.slice:p:pod.slice", "which has no processes of its own"],
    [`a.slice:p:${"x".repeat(250)}`, "longer than 255"],
  ] as const
) {
  Deno.test(`unitName() refuses ${JSON.stringify(path).slice(0, 30)}`, () => {
    assertThrows(() => unitName("c1", path, false), RangeError, why);
  });
}

Deno.test("unitName() refuses an ID that is too long for a unit", () => {
  const id = "+".repeat(70);
  assertThrows(() => unitName(id, "", false), RangeError, "longer than 255");
});
