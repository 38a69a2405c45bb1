/** A row of podman's tables. */
import { assertEquals, assertMatch } from "@std/assert";
import type { Result } from "../davit.ts";

/** A script as a user types it, and what is to come of it. */
export interface PodmanCase {
  name: string;
  /**
   * For sh -eu. `$n` is a name for containers that no other row uses, `$dir` an
   * empty folder of the row's own, `$image` an image of busybox.
   */
  run: string;
  /** Exit status; 0. */
  code?: number;
  /** All of stdout, or a part of it; less its last newline and every \r. */
  out?: string | RegExp;
  /** A part of stderr. */
  err?: RegExp;
  /** Who may run it; both: absent. */
  as?: "root" | "user";
  /** Belongs to the share that runs without --clients. */
  fast?: boolean;
}

/** Fails unless the result is what the row says. */
export function assertCase(
  { code = 0, out, err }: PodmanCase,
  result: Result,
): void {
  const text = result.stdout.replaceAll("\r", "").replace(/\n$/, "");
  const all = `${result.stdout}--- stderr:\n${result.stderr}`;
  assertEquals(result.code, code, all);
  if (typeof out === "string") assertEquals(text, out, all);
  else if (out !== undefined) assertMatch(text, out, all);
  if (err !== undefined) assertMatch(result.stderr, err, all);
}
