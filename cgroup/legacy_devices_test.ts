import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  allRequests,
  type DeviceRequest,
  isAllowed,
  randomNumbers,
  randomRule,
} from "./device_reference.ts";
import { ACCESS, type DeviceRuleInput, deviceRules } from "./devices.ts";
import { CgroupError } from "./error.ts";
import {
  legacyDeviceChanges,
  type LegacyDeviceWrite,
  legacyDeviceWrites,
  writeDeviceRules,
} from "./legacy_devices.ts";

function lines(config?: readonly DeviceRuleInput[]): string[] {
  return legacyDeviceWrites(deviceRules(config))
    .map((write) => `${write.file.slice("devices.".length)} ${write.value}`);
}

Deno.test("legacyDeviceWrites() denies everything first", () => {
  for (const config of [undefined, [], [{ allow: false, access: "rwm" }]]) {
    assertEquals(lines(config).slice(0, 3), [
      "deny a",
      "allow c *:* m",
      "allow b *:* m",
    ]);
    assertEquals(lines(config).length, 12);
  }
});

Deno.test("legacyDeviceWrites() writes the config's rules before the defaults", () => {
  assertEquals(
    lines([
      { allow: true, type: "b", major: 8, minor: 0, access: "rwm" },
      { allow: true, type: "c", major: 10, access: "rw" },
      { allow: false, type: "b", major: 8, minor: 0, access: "w" },
    ]).slice(0, 5),
    [
      "deny a",
      "allow b 8:0 rwm",
      "allow c 10:* rw",
      "deny b 8:0 w",
      "allow c *:* m",
    ],
  );
});

Deno.test("legacyDeviceWrites() allows everything when asked to", () => {
  assertEquals(lines([{ allow: true, access: "rwm" }]), ["deny a", "allow a"]);
});

Deno.test("legacyDeviceWrites() never widens a rule of type a", () => {
  assertEquals(
    lines([{ allow: true, type: "a", major: 8, access: "r" }]).slice(0, 3),
    ["deny a", "allow b 8:* r", "allow c 8:* r"],
  );
});

Deno.test("legacyDeviceWrites() lets be read and written what two rules allow", () => {
  const rule = { allow: true, type: "b", major: 8 };
  assertEquals(
    lines([
      { ...rule, access: "r" },
      { ...rule, minor: 1, access: "w" },
      { ...rule, major: -1, minor: 2, access: "w" },
      { ...rule, major: 9, access: "w" },
    ]).slice(-2),
    // The kernel adds to what it has for the same numbers.
    ["allow b 8:1 r", "allow b 8:2 rw"],
  );
});

Deno.test("legacyDeviceWrites() takes rules back one by one", () => {
  assertEquals(
    lines([
      { allow: true, type: "b", major: 8, minor: 0, access: "rw" },
      { allow: true, type: "b", major: 8, minor: 1, access: "rw" },
      { allow: false, type: "b", major: 8, access: "wm" },
    ]).slice(3, 5),
    ["deny b 8:0 w", "deny b 8:1 w"],
  );
});

Deno.test("legacyDeviceWrites() refuses what cgroup v1 would silently ignore", () => {
  const { pointer } = assertThrows(
    () =>
      lines([
        { allow: true, type: "c", major: 10, access: "rw" },
        { allow: false, type: "c", major: 10, minor: 3, access: "w" },
      ]),
    CgroupError,
    "Cannot apply linux.resources.devices[1] (deny c 10:3 w): an earlier " +
      "rule says allow c 10:* rw",
  );
  assertEquals(pointer, "/linux/resources/devices/1");
  assertThrows(
    () =>
      lines([
        { allow: true, access: "rwm" },
        { allow: false, type: "c", major: 1, access: "rwm" },
      ]),
    CgroupError,
    "Cannot apply the default device rules (allow c 1:3 rwm)",
  );
});

Deno.test("legacyDeviceWrites() means the same to the kernel as the rules do", () => {
  const random = randomNumbers(20190211);
  // The kernel asks for making a node alone.
  const requests = allRequests().filter(({ access }) =>
    access === ACCESS.m || (access & ACCESS.m) === 0
  );
  let compared = 0;
  for (let round = 0; round < 600; round++) {
    const rules = [
      ...deviceRules().slice(0, 1),
      ...Array.from({ length: random(7) }, () => randomRule(random)),
    ];
    let writes: LegacyDeviceWrite[];
    try {
      writes = legacyDeviceWrites(rules);
    } catch (error) {
      if (error instanceof CgroupError) continue;
      throw error;
    }
    compared++;
    const kernel = kernelPolicy(writes);
    for (const request of requests) {
      const found = kernel(request);
      if (found === isAllowed(rules, request)) continue;
      throw new Error(
        `${JSON.stringify({ rules, writes, request })}: got ${found}`,
      );
    }
  }
  assert(compared > 100, `only ${compared} lists could be written`);
});

Deno.test("legacyDeviceChanges() writes what differs, what is new first", () => {
  const rule = (minor: number, access: string) => ({
    allow: true,
    type: "c",
    major: 10,
    minor,
    access,
  });
  const changes = (before: DeviceRuleInput[], after: DeviceRuleInput[]) =>
    legacyDeviceChanges(deviceRules(before), deviceRules(after))
      ?.map(({ file, value }) => `${file} ${value}`);
  assertEquals(changes([rule(1, "rw")], [rule(1, "rw")]), []);
  assertEquals(
    changes([rule(1, "rw"), rule(2, "r")], [rule(1, "r"), rule(3, "w")]),
    [
      "devices.allow c 10:3 w",
      "devices.deny c 10:1 w",
      "devices.deny c 10:2 r",
    ],
  );
  const all = [{ allow: true, access: "rwm" }];
  assertEquals(changes([], all), undefined);
  assertEquals(changes(all, []), undefined);
});

Deno.test("legacyDeviceChanges() makes the kernel follow the new rules", () => {
  const random = randomNumbers(20261125);
  const list = () => [
    ...deviceRules().slice(0, 1),
    ...Array.from({ length: random(7) }, () => randomRule(random)),
  ];
  const requests = allRequests();
  let compared = 0;
  for (let round = 0; round < 600; round++) {
    const before = list(), after = list();
    try {
      const changes = legacyDeviceChanges(before, after);
      if (changes === undefined) continue;
      compared++;
      const kernel = kernelPolicy([...legacyDeviceWrites(before), ...changes]);
      const anew = kernelPolicy(legacyDeviceWrites(after));
      for (const request of requests) {
        if (kernel(request) === anew(request)) continue;
        throw new Error(JSON.stringify({ before, after, request }));
      }
    } catch (error) {
      if (!(error instanceof CgroupError)) throw error;
    }
  }
  assert(compared > 100, `only ${compared} changes could be written`);
});

Deno.test("writeDeviceRules() names the file that it cannot open", () => {
  assertThrows(
    () => writeDeviceRules("/no/such/cgroup", deviceRules()),
    CgroupError,
    'open "/no/such/cgroup/devices.allow": ENOENT: No such file or directory',
  );
});

/** What security/device_cgroup.c makes of writes: exceptions by exact spelling. */
function kernelPolicy(
  writes: readonly LegacyDeviceWrite[],
): (request: DeviceRequest) => boolean {
  let allow = true;
  const exceptions = new Map<string, number>();
  for (const { file, value } of writes) {
    const grants = file === "devices.allow";
    if (value === "a") {
      allow = grants;
      exceptions.clear();
      continue;
    }
    const [type, numbers, letters = ""] = value.split(" ");
    const key = `${type} ${numbers}`;
    const old = exceptions.get(key) ?? 0;
    const access = [...letters]
      .reduce((bits, l) => bits | ACCESS[l as keyof typeof ACCESS], 0);
    if (grants !== allow) exceptions.set(key, old | access);
    else exceptions.set(key, old & ~access);
  }
  return ({ type, major, minor, access }) => {
    const held = [`${major}:${minor}`, `*:${minor}`, `${major}:*`, "*:*"]
      .map((n) => exceptions.get(`${type} ${n}`) ?? 0);
    return allow
      ? held.every((bits) => (bits & access) === 0)
      : held.some((bits) => (access & ~bits) === 0);
  };
}
