/** Commands with a system call that fails, or at which they are killed. */
import { assert, assertEquals } from "@std/assert";
import type { Container } from "../container.ts";
import { type Result, run } from "../davit.ts";

/** A call of a command, and the how many of its name it is. */
export interface Point {
  readonly call: string;
  readonly when: number;
}

/**
 * Runs a command under strace, which tampers with one of its calls.
 * @param what as strace's `inject` wants it, such as "error=EIO"
 */
export function tampered(
  words: readonly string[],
  { call, when }: Point,
  what: string,
): Promise<Result> {
  const inject = `inject=${call}:${what}:when=${when}`;
  return run(
    [
      "strace",
      ...["-qq", "-o", "/dev/null", "-e", `trace=${call}`, "-e", inject],
      ...words,
    ],
    { timeout: 60 },
  );
}

/** Fails if a command has told more than a line, or less than a user needs. */
export function assertClear({ stderr }: Result, where: string): void {
  const lines = stderr.trim().split("\n");
  assert(
    stderr !== "" && lines.length <= 2 &&
      !/ at file:|\.ts:|internal error/.test(stderr),
    `${where}: ${stderr}`,
  );
}

/** Deletes the container by force; fails if anything is left. */
export async function clean(
  container: Container,
  where: string,
): Promise<void> {
  const { code, stderr } = await container.davit(
    ["delete", "--force", container.id],
  );
  assertEquals(code, 0, `${where}: delete: ${stderr}`);
  assertEquals(container.leftovers(), [], where);
}
