import { assertEquals } from "@std/assert";
import { type DeviceRuleInput, deviceRules } from "../devices.ts";
import { deviceProperties } from "./device_properties.ts";

function of(rules: readonly DeviceRuleInput[]) {
  const [policy, first, ...lists] = deviceProperties(deviceRules(rules));
  assertEquals(first?.value, [], "what there was is forgotten first");
  return {
    policy: policy?.value,
    allowed: lists.flatMap(({ value }) => value as [string, string][])
      .map((pair) => pair.join(" ")),
  };
}

/** What every container may do. */
const DEFAULT = [
  "char-* m",
  "block-* m",
  "/dev/char/1:3 rwm",
  "/dev/char/1:5 rwm",
  "/dev/char/1:7 rwm",
  "/dev/char/1:8 rwm",
  "/dev/char/1:9 rwm",
  "/dev/char/5:0 rwm",
  "/dev/char/5:2 rwm",
  "char-136 rwm",
  "/dev/char/10:200 rwm",
];

Deno.test("without rules what every container may do is allowed", () => {
  assertEquals(of([]), { policy: "strict", allowed: DEFAULT });
  const denyAll = { allow: false, access: "rwm" };
  assertEquals(of([denyAll]), { policy: "strict", allowed: DEFAULT });
});

Deno.test("rules are named as systemd names devices", () => {
  const rules: DeviceRuleInput[] = [
    { allow: true, type: "c", major: 5, minor: 1, access: "r" },
    { allow: true, type: "b", major: 8, access: "rw" },
    { allow: true, type: "a", major: 9, minor: 2, access: "m" },
    { allow: true, type: "c", major: 5, minor: 1, access: "w" },
  ];
  assertEquals(of(rules).allowed.slice(0, 4), [
    "/dev/char/5:1 rw",
    "block-8 rw",
    "/dev/char/9:2 m",
    "/dev/block/9:2 m",
  ]);
});

Deno.test("all that is allowed is allowed, and may be more", () => {
  const all = { allow: true, access: "rwm" };
  assertEquals(of([all]), { policy: "auto", allowed: [] });
  const but = { allow: false, type: "c", major: 1, minor: 1, access: "rwm" };
  assertEquals(of([all, but]), {
    policy: "strict",
    allowed: ["char-* rwm", "block-* rwm"],
  });
  const anyMajor = { allow: true, type: "c", minor: 7, access: "r" };
  assertEquals(of([anyMajor]).allowed[0], "char-* rm");
});
