import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  allowsEverything,
  type DeviceRuleInput,
  deviceRules,
  ruleText,
} from "./devices.ts";
import { CgroupError } from "./error.ts";

const DEFAULTS = [
  "allow c *:* m",
  "allow b *:* m",
  "allow c 1:3 rwm",
  "allow c 1:5 rwm",
  "allow c 1:7 rwm",
  "allow c 1:8 rwm",
  "allow c 1:9 rwm",
  "allow c 5:0 rwm",
  "allow c 5:2 rwm",
  "allow c 136:* rwm",
  "allow c 10:200 rwm",
];

function texts(config?: readonly DeviceRuleInput[]): string[] {
  return deviceRules(config)
    .map((rule) => `${rule.allow ? "allow" : "deny"} ${ruleText(rule)}`);
}

Deno.test("deviceRules() denies by default, GHSA-g54h-m393-cpwq", () => {
  assertEquals(texts(), ["deny a *:* rwm", ...DEFAULTS]);
  assertEquals(texts([]), ["deny a *:* rwm", ...DEFAULTS]);
});

Deno.test("deviceRules() puts the config's rules before the defaults, in order", () => {
  const config = [
    { allow: false, access: "rwm" },
    { allow: true, type: "b", major: 8, minor: 0, access: "mr" },
    { allow: true, type: "c", major: 10, access: "w" },
    { allow: false, type: "c", minor: 3, major: -1, access: "rr" },
    { allow: false, type: "c", minor: 4, access: "rwa" },
    { allow: true, type: "", access: "ra" },
  ];
  assertEquals(texts(config), [
    "deny a *:* rwm",
    "deny a *:* rwm",
    "allow b 8:0 rm",
    "allow c 10:* w",
    "deny c *:3 r",
    "deny c *:4 rwm",
    "allow a *:* r",
    ...DEFAULTS,
  ]);
  assertEquals(deviceRules(config)[2]?.pointer, "/linux/resources/devices/1");
  assertEquals(deviceRules(config).at(-1)?.pointer, "");
});

Deno.test("deviceRules() refuses what the specification does not allow", () => {
  const table: [DeviceRuleInput, string][] = [
    [{ allow: true }, '[0].access (absent): want letters of "rwm"'],
    [{ allow: true, access: "" }, '[0].access ""'],
    [{ allow: true, access: "rx" }, '[0].access "rx"'],
    [{ allow: true, access: "a" }, '[0].access "a"'],
    [{ allow: true, access: "r", type: "p" }, '[0].type "p": want "a"'],
    [{ allow: true, access: "r", major: -2 }, "[0].major -2: want -1, or"],
    [{ allow: true, access: "r", minor: 0.5 }, "[0].minor 0.5"],
    [{ allow: true, access: "r", minor: 2 ** 32 }, "[0].minor 4294967296"],
  ];
  for (const [rule, text] of table) {
    const { pointer } = assertThrows(
      () => deviceRules([rule]),
      CgroupError,
      `Cannot use linux.resources.devices${text}`,
    );
    assertMatch(pointer, /^\/linux\/resources\/devices\/0\/[a-z]+$/);
  }
});

Deno.test("allowsEverything() is true only when nothing is left to deny", () => {
  const all = { allow: true, access: "rwm" };
  const one = { allow: false, type: "b", major: 8, access: "w" };
  assertEquals(allowsEverything(deviceRules()), false);
  assertEquals(allowsEverything(deviceRules([all])), true);
  assertEquals(allowsEverything(deviceRules([one, all])), true);
  assertEquals(allowsEverything(deviceRules([all, one])), false);
  assertEquals(
    allowsEverything(deviceRules([{ allow: true, access: "rw" }])),
    false,
  );
  assertEquals(allowsEverything([]), false);
});
