import { assertEquals } from "@std/assert";
import type { StateReport } from "../oci/runtime.ts";
import { listJson, listTable } from "./list.ts";

const REPORT: StateReport = {
  ociVersion: "1.3.0",
  id: "abc",
  pid: 8297,
  status: "created",
  bundle: "/tmp/k/b",
  rootfs: "/tmp/k/b/rootfs",
  created: "2026-11-24T02:51:09.101170992Z",
  owner: "root",
};

Deno.test("listTable() aligns as runc does", () => {
  assertEquals(
    listTable([]),
    "ID          PID         STATUS      BUNDLE      CREATED     OWNER\n",
  );
  assertEquals(
    listTable([
      REPORT,
      { ...REPORT, id: "averyveryverylongid", pid: 8311, status: "running" },
    ]),
    "ID                    PID         STATUS      BUNDLE      CREATED                          OWNER\n" +
      "abc                   8297        created     /tmp/k/b    2026-11-24T02:51:09.101170992Z   root\n" +
      "averyveryverylongid   8311        running     /tmp/k/b    2026-11-24T02:51:09.101170992Z   root\n",
  );
});

Deno.test("listTable() tells the sandboxes where there are pods", () => {
  const lines = listTable([REPORT, { ...REPORT, id: "in", sandbox: "abc" }])
    .split("\n");
  assertEquals(lines.map((line) => line.split(/ +/).slice(4).join(" ")), [
    "CREATED OWNER SANDBOX",
    "2026-11-24T02:51:09.101170992Z root abc",
    "2026-11-24T02:51:09.101170992Z root abc",
    "",
  ]);
});

Deno.test("listTable() leaves three blanks after the widest cell", () => {
  const [, line = ""] = listTable([{
    ...REPORT,
    id: "nine-char",
    bundle: "/ä",
  }])
    .split("\n");
  assertEquals(line.indexOf("8297"), 12);
  assertEquals(line.indexOf("2026"), 48);
  const [header = ""] = listTable([{ ...REPORT, id: "ten-chars-" }])
    .split("\n");
  assertEquals(header.indexOf("PID"), 13);
});

Deno.test("listTable() keeps a container on its line", () => {
  const table = listTable([{ ...REPORT, bundle: "/a\nb" }]);
  assertEquals(table.split("\n").length, 3);
  assertEquals(table.includes("/a\\nb"), true);
});

Deno.test("listJson() is one line, and null for none", () => {
  assertEquals(listJson([]), "null");
  assertEquals(
    listJson([REPORT]),
    '[{"ociVersion":"1.3.0","id":"abc","pid":8297,"status":"created","bundle":"/tmp/k/b","rootfs":"/tmp/k/b/rootfs","created":"2026-11-24T02:51:09.101170992Z","owner":"root"}]',
  );
});
