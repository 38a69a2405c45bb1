/**
 * Changing JSON values at random, the same way at every run.
 *
 * @module
 */

/** Numbers from 0 to below `n`, the same ones at every run. */
export function randomNumbers(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

/** Values of all kinds, odd ones among them. */
export const VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  4294967296,
  1e300,
  2n ** 64n,
  -(2n ** 70n),
  "",
  "x",
  "/",
  "/a\0b",
  "../..",
  "\ud800",
  "x".repeat(5000),
  [],
  [null],
  [[[]]],
  ["a", 1],
  {},
  { type: "user" },
  { containerID: 0, hostID: 0, size: 1 },
  JSON.parse('{"__proto__": {"polluted": 1}, "constructor": null}'),
];

/** Every place in a value: what holds it, and its name there. */
export function places(value: unknown): [Record<string, unknown>, string][] {
  const found: [Record<string, unknown>, string][] = [];
  if (typeof value !== "object" || value === null) return found;
  for (const name of Object.keys(value)) {
    found.push([value as Record<string, unknown>, name]);
    found.push(...places((value as Record<string, unknown>)[name]));
  }
  return found;
}

/** Changes a few places: other values, moved values, renamed, taken away. */
export function mutate(
  config: unknown,
  random: (n: number) => number,
): unknown {
  const copy = structuredClone(config);
  for (let left = 1 + random(3); left > 0; left--) {
    const all = places(copy);
    if (all.length === 0) break;
    const [holder, name] = all[random(all.length)]!;
    const value = holder[name];
    const action = random(6);
    if (action === 0) delete holder[name];
    else if (action === 1) {
      const [other, key] = all[random(all.length)]!;
      holder[name] = structuredClone(other[key]);
    } else if (action === 2) {
      delete holder[name];
      holder[name.slice(0, -1) + "X"] = value;
    } else if (action === 3 && Array.isArray(value)) {
      value.push(structuredClone(value[random(value.length)]));
    } else if (action === 4 && typeof value === "number") {
      holder[name] = value + [-1, 1, 0.5, 2 ** 31, 2 ** 32][random(5)]!;
    } else holder[name] = structuredClone(VALUES[random(VALUES.length)]);
  }
  return copy;
}
