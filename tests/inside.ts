/** Looking at a container from inside. */
import { assertEquals } from "@std/assert";
import type { Config, Patch } from "./config.ts";
import { Container, rootTest, script } from "./container.ts";
import { assertSuccess } from "./davit.ts";

/** Runs a script in a container; gives its output without the last line end. */
export async function inside(text: string, patch?: Patch): Promise<string> {
  await using container = new Container(script(text, patch));
  const { stdout, stderr } = assertSuccess(await container.run());
  assertEquals(stderr, "");
  assertEquals(container.leftovers(), []);
  return stdout.trimEnd();
}

/** A test that a script prints something in a container. */
export function sees(
  name: string,
  text: string,
  expected: string,
  patch?: Patch,
): void {
  rootTest(`inside: ${name}`, async () => {
    assertEquals(await inside(text, patch), expected);
  });
}

/** Makes the root file system one that can be written to. */
export function writable(config: Config): void {
  config.root.readonly = false;
}
