/** Containers that wait for processes that tests add to them. */
import { assertEquals } from "@std/assert";
import type { Patch } from "./config.ts";
import {
  command,
  type Container,
  containerTest,
  type Needs,
} from "./container.ts";
import {
  assertOneLine,
  assertSuccess,
  readIfThere,
  type Result,
  type RunOptions,
} from "./davit.ts";
import { processesOf } from "./leftovers.ts";

/** A test with a container that runs until it is deleted. */
export function execTest(
  name: string,
  patch: Patch,
  test: (container: Container) => Promise<void>,
  needs: Needs = {},
): void {
  containerTest(
    `exec: ${name}`,
    command(["sleep", "1000"], patch),
    async (c) => {
      assertSuccess(await c.run(["--detach"]));
      await test(c);
    },
    needs,
  );
}

/** `davit exec`, with flags. */
export function exec(
  container: Container,
  flags: readonly string[],
  args: readonly string[] = [],
  options?: RunOptions,
): Promise<Result> {
  return container.davit(["exec", ...flags, container.id, ...args], options);
}

/** Runs a script; gives its output, without the last line end. */
export async function shell(
  container: Container,
  script: string,
  flags: readonly string[] = [],
  options?: RunOptions,
): Promise<string> {
  const { stdout, stderr } = assertSuccess(
    await exec(container, flags, ["sh", "-c", script], options),
  );
  assertEquals(stderr, "");
  return stdout.trimEnd();
}

/** Fails unless exec itself failed, in one line, and left nothing running. */
export function assertFailed(
  container: Container,
  result: Result,
  cause: RegExp,
): void {
  assertOneLine(result, cause);
  assertEquals(result.code, 255);
  const names = processesOf(container).map((pid) =>
    readIfThere(`/proc/${pid}/comm`).trim()
  );
  assertEquals(names.filter((name) => name.startsWith("davit")), []);
}
