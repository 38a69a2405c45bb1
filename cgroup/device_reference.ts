/**
 * What device rules mean, in the plainest words, and random rules to compare
 * with; for tests.
 *
 * @module
 */

import { type DeviceRule, EVERY } from "./devices.ts";

/** One access of a process to a device. */
export interface DeviceRequest {
  readonly type: "b" | "c";
  readonly major: number;
  readonly minor: number;
  /** Bits of ACCESS, at least one. */
  readonly access: number;
}

/** For each kind of access the last rule that matches decides; else deny. */
export function isAllowed(
  rules: readonly DeviceRule[],
  request: DeviceRequest,
): boolean {
  return [1, 2, 4].filter((bit) => (request.access & bit) !== 0).every((bit) =>
    rules.findLast((rule) =>
      (rule.type === "a" || rule.type === request.type) &&
      (rule.major === EVERY || rule.major === request.major) &&
      (rule.minor === EVERY || rule.minor === request.minor) &&
      (rule.access & bit) !== 0
    )?.allow ?? false
  );
}

/** Whole numbers from 0 up to a bound, the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ state >>> 15, state | 1);
    t ^= t + Math.imul(t ^ t >>> 7, t | 61);
    return ((t ^ t >>> 14) >>> 0) % bound;
  };
}

/** Numbers of few devices, so that rules meet; the last is beyond 31 bits. */
const NUMBERS = [0, 1, 3, 0xfffffffe];

/** A random rule; about each third number stands for every one. */
export function randomRule(random: (bound: number) => number): DeviceRule {
  const number = () => [...NUMBERS, EVERY, EVERY][random(6)] ?? EVERY;
  const whole = random(12) === 0;
  return {
    allow: random(2) === 1,
    type: whole ? "a" : (["a", "b", "c"] as const)[random(3)] ?? "a",
    major: whole ? EVERY : number(),
    minor: whole ? EVERY : number(),
    access: whole ? 7 : 1 + random(7),
    pointer: "",
  };
}

/** Every request about few devices. */
export function allRequests(): DeviceRequest[] {
  const numbers = [...NUMBERS, 5];
  return (["b", "c"] as const).flatMap((type) =>
    numbers.flatMap((major) =>
      numbers.flatMap((minor) =>
        [1, 2, 3, 4, 5, 6, 7].map((access) => ({ type, major, minor, access }))
      )
    )
  );
}
