/**
 * What `davit check` says of a host: one row for each thing.
 *
 * @module
 */

import { errnoText } from "../../ffi/errno.ts";
import type { Privileges } from "../../launch/input.ts";
import type { Starter } from "../../launch/user_namespaces.ts";

/**
 * `works`; `limited`: containers run, but something that some of them ask for
 * does not work; `fails`: no container that needs it runs.
 */
export type Verdict = "works" | "limited" | "fails";

/** One thing that containers need, or may need. */
export interface CheckRow {
  /** The group it belongs to, such as `namespaces`. */
  readonly group: string;
  /** What it is, such as `user`. */
  readonly what: string;
  readonly verdict: Verdict;
  /** What was found when it was tried. */
  readonly found: string;
  /** What that means for containers; empty where all is well. */
  readonly means: string;
  /** How to change it; empty where there is nothing to change. */
  readonly change: string;
}

/** What the checks need to try things. */
export interface Prober {
  /** Starts a probe's program. */
  readonly start: Starter;
  readonly privileges: Privileges;
  /**
   * Writes the maps of a probe's user namespace; set for an ordinary user, who
   * has rights in one only.
   */
  readonly writeMaps?: (pid: number) => void;
}

/** A row for something that works. */
export function works(group: string, what: string, found = "works"): CheckRow {
  return { group, what, verdict: "works", found, means: "", change: "" };
}

/** A row for something that does not. */
export function lacks(
  group: string,
  what: string,
  found: string | number,
  { verdict = "limited" as Verdict, means = "", change = "" } = {},
): CheckRow {
  const text = typeof found === "number" ? errnoText(found) : found;
  return { group, what, verdict, found: text, means, change };
}
