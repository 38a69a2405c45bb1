/** Tables of cases that run with runc, as a control, and with Davit. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Result } from "../davit.ts";

/** One thing that a client does with a runtime. */
export interface Row<Side> {
  name: string;
  /** Fails when it does not go as it should. */
  run(side: Side): Promise<void>;
  /** Belongs to the share that runs without --clients. */
  fast?: boolean;
}

/** A row that is a shell script, in which a client is called. */
export interface ScriptRow {
  name: string;
  script: string;
  /** What it has to print, errors included. */
  prints: RegExp;
  /** Its exit status, when that is not 0. */
  status?: number;
  fast?: boolean;
}

/** Whether all rows run, as with `scripts/test --clients`. */
export const ALL = Deno.env.get("DAVIT_CLIENTS") === "all";

/** Fails unless a script of a table went as its row says. */
export function assertRow(row: ScriptRow, result: Result): void {
  // A terminal puts one more \r before each \n.
  const text = (result.stdout + result.stderr).replaceAll("\r", "");
  assertMatch(text, row.prints);
  assertEquals(result.code, row.status ?? 0, text);
}

/**
 * Runs each row with the control first. What the control cannot do here is
 * skipped, with its reason; all else Davit has to do. Prints the counts.
 */
export async function compare<Side>(
  t: Deno.TestContext,
  table: string,
  rows: readonly Row<Side>[],
  sides: { control: Side; davit: Side },
): Promise<void> {
  const chosen = rows.filter(({ fast }) => ALL || fast);
  const skipped: string[] = [];
  let passed = 0;
  for (const row of chosen) {
    const reason = await reasonOf(() => row.run(sides.control));
    if (reason !== undefined) skipped.push(row.name);
    const step = {
      name: reason === undefined
        ? row.name
        : `${row.name} [skipped: fails with runc too: ${reason}]`,
      ignore: reason !== undefined,
      fn: () => row.run(sides.davit),
    };
    if (await t.step(step) && reason === undefined) passed++;
  }
  const able = chosen.length - skipped.length;
  console.log(
    `${table}: ${chosen.length} cases, runc ${able}, Davit ${passed}`,
  );
  assert(
    able * 4 >= chosen.length * 3,
    `the control fails too often to tell anything: ${skipped.join(", ")}`,
  );
}

/** Why it fails, in a line; undefined when it does not. */
async function reasonOf(
  action: () => Promise<void>,
): Promise<string | undefined> {
  try {
    await action();
    return undefined;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    // deno-lint-ignore no-control-regex
    return text.replace(/\x1b\[[0-9;]*m/g, "").replace(/\s+/g, " ")
      .slice(0, 300);
  }
}
