/**
 * Device rules as properties of a unit. systemd knows only what is allowed,
 * and by names of its own; Davit's own rules hold beside what it makes of
 * these, so that they may allow more, and must not allow less.
 *
 * Source: systemd.resource-control(5), `DeviceAllow=` and `DevicePolicy=`.
 *
 * @module
 */

import type { DeviceRule } from "../devices.ts";
import type { Property } from "./properties.ts";

/** Stands for every number, and bits of access, as in ../devices.ts. */
const EVERY = -1, ALL_ACCESS = 7;
const LETTERS = [["r", 2], ["w", 4], ["m", 1]] as const;

/**
 * The properties for rules of which the last that matches decides, the first
 * of which denies everything.
 */
export function deviceProperties(rules: readonly DeviceRule[]): Property[] {
  const last = rules.findLastIndex(isTotal);
  // What stands before a rule about everything has no say.
  const counting = rules.slice(last + 1);
  if (rules[last]?.allow && counting.every(({ allow }) => allow)) {
    return properties("auto", []);
  }
  if (rules[last]?.allow) {
    const access = "rwm";
    return properties("strict", [["char-*", access], ["block-*", access]]);
  }
  const allowed = new Map<string, number>();
  for (const { allow, type, major, minor, access } of counting) {
    if (!allow) continue;
    for (const kind of type === "a" ? ["c", "b"] as const : [type]) {
      const name = deviceName(kind, major, minor);
      allowed.set(name, (allowed.get(name) ?? 0) | access);
    }
  }
  return properties(
    "strict",
    [...allowed].map(([name, access]) => [name, accessText(access)]),
  );
}

function properties(
  policy: "auto" | "strict",
  allowed: readonly (readonly [string, string])[],
): Property[] {
  // An empty list first: else an update would add to what there is.
  const lists = allowed.length === 0 ? [[]] : [[], allowed];
  return [
    { name: "DevicePolicy", type: "s", value: policy },
    ...lists.map((value) => ({ name: "DeviceAllow", type: "a(ss)", value })),
  ];
}

function deviceName(kind: "b" | "c", major: number, minor: number): string {
  const word = kind === "c" ? "char" : "block";
  // No name stands for one minor number of all major ones.
  if (major === EVERY) return `${word}-*`;
  return minor === EVERY
    ? `${word}-${major}`
    : `/dev/${word}/${major}:${minor}`;
}

function accessText(access: number): string {
  return LETTERS.filter(([, bit]) => (access & bit) !== 0)
    .map(([letter]) => letter).join("");
}

function isTotal(rule: DeviceRule): boolean {
  return rule.type === "a" && rule.major === EVERY && rule.minor === EVERY &&
    rule.access === ALL_ACCESS;
}
