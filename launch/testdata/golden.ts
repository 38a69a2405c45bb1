/**
 * Whole plans, compared with texts that were looked through. Where a change
 * is wanted, UPDATE_GOLDEN=1 writes them anew, and a diff shows what it does.
 *
 * @module
 */

import { ARCH } from "../../ffi/syscall.ts";
import { planText } from "../plan_text.ts";
import type { Plan } from "../plan.ts";

/** O_DIRECTORY and O_NOFOLLOW are other numbers on aarch64. */
const comparable = ARCH === "x86_64";
const update = Deno.env.get("UPDATE_GOLDEN") === "1";

/**
 * A test that a plan is as its text in `plan_NAME.txt`.
 * @param what the plan, such as `planLaunch() of default_v1`
 */
export function goldenTest(what: string, name: string, make: () => Plan): void {
  Deno.test({
    name: `${what} is as it was looked through` +
      (comparable ? "" : " [skipped: needs x86_64's open flags]"),
    ignore: !comparable,
    fn: () => {
      const text = planText(make());
      const file = new URL(`plan_${name}.txt`, import.meta.url);
      if (update) Deno.writeTextFileSync(file, text);
      assertSameLines(text, Deno.readTextFileSync(file), file);
      if (text.includes("<missing: ")) throw new Error("a label is missing");
    },
  });
}

/** Fails with the first lines that differ: all of them are too many. */
function assertSameLines(text: string, wanted: string, file: URL): void {
  const found = text.split("\n"), golden = wanted.split("\n");
  const at = found.findIndex((line, i) => line !== golden[i]);
  if (at < 0 && found.length === golden.length) return;
  const name = file.pathname.split("/").at(-1);
  const from = at < 0 ? found.length : at;
  const lines = (all: string[]) => all.slice(from, from + 3).join("\n  ");
  throw new Error(
    `${name} line ${from + 1} (UPDATE_GOLDEN=1 writes it anew), found\n  ${
      lines(found)
    }\nwanted\n  ${lines(golden)}`,
  );
}
