/**
 * Which devices a container may use: `linux.resources.devices`, made complete
 * and in one form for both cgroup versions.
 *
 * Sources: config-linux.md of the runtime specification, "Allowed Device
 * list"; the kernel's admin-guide/cgroup-v1/devices.
 *
 * @module
 */

import { CgroupError } from "./error.ts";

/** One entry of `linux.resources.devices`. */
export interface DeviceRuleInput {
  /** Whether the access is allowed or denied. */
  readonly allow: boolean;
  /** `a` (both kinds, the default), `c` or `b`. */
  readonly type?: string;
  /** Absent or -1: every one. */
  readonly major?: number;
  /** Absent or -1: every one. */
  readonly minor?: number;
  /** Letters of `r`, `w` and `m`; `a` allows nothing, and denies them all. */
  readonly access?: string;
}

/** Kinds of access as bits, from `linux/bpf.h` (BPF_DEVCG_ACC_*). */
export const ACCESS = { m: 1, r: 2, w: 4 } as const;

/** Every kind of access. */
export const ALL_ACCESS = 7;

/** Stands for every major or minor number. */
export const EVERY: number = -1;

/** A device rule in one form. */
export interface DeviceRule {
  /** Whether the access is allowed or denied. */
  readonly allow: boolean;
  /** `a` stands for both kinds. */
  readonly type: "a" | "b" | "c";
  /** A number, or EVERY. */
  readonly major: number;
  /** A number, or EVERY. */
  readonly minor: number;
  /** Bits of ACCESS. */
  readonly access: number;
  /** JSON pointer of the entry; "" for the runtime's own. */
  readonly pointer: string;
}

/** The rule that the list starts from: nothing is allowed. */
const DENY_ALL: DeviceRule = {
  allow: false,
  type: "a",
  major: EVERY,
  minor: EVERY,
  access: ALL_ACCESS,
  pointer: "",
};

/**
 * All rules of a container in order, the last one that matches decides: deny
 * everything (GHSA-g54h-m393-cpwq: the config's list may be absent or empty),
 * then the config's, then what every container may do.
 *
 * @throws {CgroupError} for an entry that is not as the specification says
 */
export function deviceRules(
  config: readonly DeviceRuleInput[] = [],
): DeviceRule[] {
  return [DENY_ALL, ...config.map(oneForm), ...defaultDeviceRules()];
}

/**
 * What every container may do, as with runc: make any device node, and use
 * null, zero, full, random, urandom, tty, ptmx, the terminals of devpts (of
 * which /dev/console is one), and net/tun, which engines count on.
 */
export function defaultDeviceRules(): DeviceRule[] {
  const own = { allow: true, pointer: "" } as const;
  const numbers = [
    [1, 3],
    [1, 5],
    [1, 7],
    [1, 8],
    [1, 9],
    [5, 0],
    [5, 2],
    [136, EVERY],
    [10, 200],
  ] as const;
  const mknod = { ...own, major: EVERY, minor: EVERY, access: ACCESS.m };
  return [
    { ...mknod, type: "c" },
    { ...mknod, type: "b" },
    ...numbers.map(([major, minor]) => ({
      ...own,
      type: "c" as const,
      major,
      minor,
      access: ALL_ACCESS,
    })),
  ];
}

/** Whether a rule is about every access to every device. */
export function isTotal(rule: DeviceRule): boolean {
  return rule.type === "a" && rule.major === EVERY && rule.minor === EVERY &&
    rule.access === ALL_ACCESS;
}

/** Whether rules, the last match deciding, allow every access to every device. */
export function allowsEverything(rules: readonly DeviceRule[]): boolean {
  const last = rules.findLastIndex(isTotal);
  return last >= 0 && rules.slice(last).every((rule) => rule.allow);
}

/** A rule as people and cgroup v1 write it, such as `c 1:3 rwm`. */
export function ruleText(rule: Omit<DeviceRule, "allow" | "pointer">): string {
  const number = (n: number) => n === EVERY ? "*" : `${n}`;
  const letters = (["r", "w", "m"] as const)
    .filter((letter) => (rule.access & ACCESS[letter]) !== 0).join("");
  return `${rule.type} ${number(rule.major)}:${number(rule.minor)} ${letters}`;
}

function oneForm(rule: DeviceRuleInput, index: number): DeviceRule {
  const pointer = `/linux/resources/devices/${index}`;
  const type = rule.type === undefined || rule.type === "" ? "a" : rule.type;
  if (type !== "a" && type !== "b" && type !== "c") {
    throw wrong(index, "type", type, 'want "a", "b" or "c"');
  }
  let access = 0;
  for (const letter of rule.access ?? "") {
    const bit = letter === "a"
      ? rule.allow ? 0 : ALL_ACCESS
      : (ACCESS as Record<string, number>)[letter];
    if (bit === undefined) access = 0;
    if (bit === undefined) break;
    access |= bit;
  }
  if (access === 0) {
    throw wrong(index, "access", rule.access, 'want letters of "rwm"');
  }
  return {
    allow: rule.allow,
    type,
    major: deviceNumber(index, "major", rule.major),
    minor: deviceNumber(index, "minor", rule.minor),
    access,
    pointer,
  };
}

function deviceNumber(
  index: number,
  property: "major" | "minor",
  value: number = EVERY,
): number {
  if (value === EVERY) return EVERY;
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) return value;
  throw wrong(index, property, value, "want -1, or 0 to 4294967295");
}

function wrong(
  index: number,
  property: string,
  found: unknown,
  want: string,
): CgroupError {
  return new CgroupError(
    "config",
    `Cannot use linux.resources.devices[${index}].${property} ` +
      `${found === undefined ? "(absent)" : JSON.stringify(found)}: ${want}`,
    undefined,
    `/linux/resources/devices/${index}/${property}`,
  );
}
