import type { Problem } from "./errors.ts";
import { below } from "./schema.ts";
import { describeValue } from "./quote.ts";

/**
 * A property that this version refuses. The pointer is a JSON pointer in which
 * `*` stands for every name or index. What asks for nothing is not refused:
 * null, false, "", an empty array or object.
 */
interface Refusal {
  readonly pointer: string;
  /** What is not supported, as the subject of "... not supported yet". */
  readonly what: string;
  /** The number 0 asks for nothing, too. */
  readonly zero?: boolean;
}

/** Delete a line when its feature is built. */
function refusals(): readonly Refusal[] {
  return [
    { pointer: "/linux/resources/blockIO/*", what: "it is", zero: true },
    { pointer: "/linux/resources/hugepageLimits", what: "it is" },
    { pointer: "/linux/resources/network/*", what: "it is", zero: true },
    { pointer: "/linux/resources/rdma", what: "it is" },
    { pointer: "/linux/resources/unified", what: "it is" },
  ];
}

/**
 * Lists what a configuration asks for that this version does not do. Nothing
 * of it may be ignored: a container would run with less isolation or other
 * limits than asked for. Takes any value and never throws.
 */
export function checkSupported(config: unknown): Problem[] {
  const problems: Problem[] = [];
  for (const refusal of refusals()) {
    const names = refusal.pointer.split("/");
    visit(config, "", names, 1, (value, pointer) => {
      if (asksForNothing(value, refusal)) return;
      const found = describeValue(value);
      const message = `${refusal.what} not supported yet, found ${found}`;
      problems.push({ pointer, found, message });
    });
  }
  return problems;
}

/** Calls `found` for each value that `names`, from the index on, lead to. */
function visit(
  value: unknown,
  pointer: string,
  names: readonly string[],
  index: number,
  found: (value: unknown, pointer: string) => void,
): void {
  const name = names[index];
  if (name === undefined) return found(value, pointer);
  if (typeof value !== "object" || value === null) return;
  const keys = name === "*"
    ? Object.keys(value)
    : Object.hasOwn(value, name)
    ? [name]
    : [];
  for (const key of keys) {
    const inner = (value as Record<string, unknown>)[key];
    visit(inner, below(pointer, key), names, index + 1, found);
  }
}

function asksForNothing(value: unknown, refusal: Refusal): boolean {
  if (value === 0) return refusal.zero ?? false;
  if (typeof value === "object" && value !== null) {
    return Object.keys(value).length === 0;
  }
  return !value;
}
