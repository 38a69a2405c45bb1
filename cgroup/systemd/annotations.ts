/**
 * Properties of a container's unit that annotations ask for:
 * `org.systemd.property.NAME`, as runc and crun take them.
 *
 * @module
 */

import type { Property } from "./properties.ts";
import { parseVariant } from "./variant_text.ts";
import type { Variant } from "./wire.ts";

/** What such an annotation's key begins with. */
const PREFIX = "org.systemd.property.";

/**
 * What Davit itself answers for: which processes are in the unit, where it is,
 * who may change what is below it, and which programs the kernel runs for it.
 */
const OWN: readonly string[] = ["BPFProgram", "Delegate", "PIDs", "Slice"];

/**
 * The properties that annotations ask for.
 * @throws {RangeError} one cannot be used; the message names its key
 */
export function annotatedProperties(
  annotations: Readonly<Record<string, string>> = {},
): Property[] {
  return Object.entries(annotations)
    .filter(([key]) => key.startsWith(PREFIX))
    .map(([key, text]) => {
      const name = key.slice(PREFIX.length);
      const wrong = (why: string) =>
        new RangeError(`annotations[${JSON.stringify(key)}]: ${why}`);
      if (!/^[A-Za-z]{3,}$/.test(name)) {
        throw wrong("the name of a property is three letters or more");
      }
      if (OWN.includes(name)) {
        throw wrong("this property is the runtime's own, leave it out");
      }
      try {
        return inMicroseconds({ name, ...parseVariant(text) });
      } catch (error) {
        throw wrong((error as Error).message);
      }
    });
}

/**
 * Times are documented as `NameSec`, and are `NameUSec` on the bus.
 * @throws {RangeError} such a time is no number that can be
 */
function inMicroseconds(property: Property): Property {
  const stem = /^(.*[a-z])Sec$/.exec(property.name)?.[1];
  if (stem === undefined) return property;
  const { type, value }: Variant = property;
  if (!"ynqiuxtd".includes(type)) {
    throw new RangeError("expected a number of seconds");
  }
  const microseconds = type === "d"
    ? BigInt(Math.round(Number(value) * 1e6))
    : BigInt(value as bigint) * 1_000_000n;
  if (microseconds < 0n || microseconds >= 2n ** 64n) {
    throw new RangeError(`${value} seconds are out of range`);
  }
  return { name: `${stem}USec`, type: "t", value: microseconds };
}
