import { assertEquals } from "@std/assert";
import { orderedState } from "./ordered_state.ts";

const REPORT = {
  owner: "root",
  created: "2026-11-24T02:51:09.101170992Z",
  rootfs: "/b/rootfs",
  bundle: "/b",
  pid: 8297,
  status: "created",
  id: "abc",
  ociVersion: "1.3.0",
} as const;

Deno.test("orderedState() has the keys in runc's order", () => {
  assertEquals(
    JSON.stringify(orderedState(REPORT)),
    '{"ociVersion":"1.3.0","id":"abc","pid":8297,"status":"created","bundle":"/b","rootfs":"/b/rootfs","created":"2026-11-24T02:51:09.101170992Z","owner":"root"}',
  );
});

Deno.test("orderedState() has the sandbox at its end", () => {
  const keys = Object.keys(orderedState({ ...REPORT, sandbox: "pod" }));
  assertEquals(keys.slice(-2), ["owner", "sandbox"]);
});

Deno.test("orderedState() has annotations before the owner", () => {
  const annotated = { ...REPORT, annotations: { key: "value" } };
  assertEquals(Object.keys(orderedState(annotated)).slice(-3), [
    "created",
    "annotations",
    "owner",
  ]);
});
