import { assertEquals, assertThrows } from "@std/assert";
import { RuntimeError } from "../oci/errors.ts";
import { parseGroups, parseSubCgroups, parseUser } from "./exec_options.ts";

const WHO = "davit exec";

function refusal(run: () => unknown): string {
  const error = assertThrows(run, RuntimeError);
  assertEquals(error.code, "usage");
  return error.message;
}

Deno.test("parseUser() takes exact numbers (CVE-2026-30892)", () => {
  const good: [string, { uid: number; gid?: number }][] = [
    ["0", { uid: 0 }],
    ["1", { uid: 1 }],
    ["1:2", { uid: 1, gid: 2 }],
    ["1000:0", { uid: 1000, gid: 0 }],
    ["4294967294:4294967294", { uid: 4294967294, gid: 4294967294 }],
  ];
  for (const [text, user] of good) assertEquals(parseUser(text, WHO), user);
});

Deno.test("parseUser() refuses everything else (CVE-2026-30892)", () => {
  const bad = [
    "",
    ":",
    "1:",
    ":1",
    "1:2:3",
    "-1",
    "+1",
    " 1",
    "1 ",
    "1x",
    "0x0",
    "1e3",
    "1.0",
    "root",
    "4294967295",
    "4294967296",
    "18446744073709551616",
    "1:4294967295",
    "1:-1",
    "\u0661", // a digit, but not of ours
  ];
  for (const text of bad) {
    assertEquals(
      refusal(() => parseUser(text, WHO)),
      `davit exec: invalid --user: ${JSON.stringify(text)}: expected uid or ` +
        "uid:gid, numbers from 0 to 4294967294",
    );
  }
});

Deno.test("parseGroups() takes exact numbers", () => {
  assertEquals(parseGroups(["0", "7", "4294967294"], WHO), [0, 7, 4294967294]);
  for (const text of ["", "-1", "4294967295", "1,2", "x"]) {
    assertEquals(
      refusal(() => parseGroups(["1", text], WHO)),
      `davit exec: invalid --additional-gids: ${JSON.stringify(text)}: ` +
        "expected a number from 0 to 4294967294",
    );
  }
});

Deno.test("parseSubCgroups() takes a path, or paths by controller", () => {
  const parsed = (...texts: string[]) => [...parseSubCgroups(texts, WHO)];
  assertEquals(parsed(), []);
  assertEquals(parsed("/"), [["", "/"]]);
  assertEquals(parsed("a/b"), [["", "a/b"]]);
  assertEquals(parsed("cpu,cpuacct:a", "memory:b:c"), [
    ["cpu", "a"],
    ["cpuacct", "a"],
    ["memory", "b:c"],
  ]);
});

Deno.test("parseSubCgroups() refuses what is not clear", () => {
  const refused = (...texts: string[]) =>
    refusal(() => parseSubCgroups(texts, WHO)).replace(/^.*?": /, "");
  const alone = "of several, each needs a controller: before its path";
  assertEquals(refused("a", "b"), alone);
  assertEquals(refused("cpu:a", "b"), alone);
  assertEquals(refused(":a"), "a controller is empty");
  assertEquals(refused("cpu,:a"), "a controller is empty");
  assertEquals(
    refused("cpu:a", "cpu:b"),
    "the controller cpu has a path already",
  );
});
