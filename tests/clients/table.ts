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

/** A pattern of the names of rows that alone run, for who works on them. */
const ONLY = pattern(Deno.env.get("DAVIT_CLIENTS_ONLY"));

function pattern(text: string | undefined): RegExp | undefined {
  return text === undefined ? undefined : new RegExp(text);
}

/** Fails unless a script of a table went as its row says. */
export function assertRow(row: ScriptRow, result: Result): void {
  // A terminal puts one more \r before each \n.
  const text = (result.stdout + result.stderr).replaceAll("\r", "");
  assertMatch(text, row.prints);
  assertEquals(result.code, row.status ?? 0, text);
}

/** How a table is run. */
export interface Manner<Side> {
  /** How many rows may run at the same time; 1. */
  atOnce?: number;
  /** A row that runs when all others are over. */
  last?: Row<Side>;
}

/** What became of a row. */
interface Outcome {
  /** Why the control cannot do it, in a line. */
  reason?: string;
  /** What Davit's run of it failed with. */
  failure?: unknown;
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
  { atOnce = 1, last }: Manner<Side> = {},
): Promise<void> {
  const chosen = rows.filter(({ fast, name }) =>
    ONLY === undefined ? ALL || fast : ONLY.test(name)
  );
  const outcomes = ahead(chosen, atOnce, (row) => outcomeOf(row, sides));
  if (last !== undefined) {
    const others = [...outcomes];
    chosen.push(last);
    outcomes.push(Promise.all(others).then(() => outcomeOf(last, sides)));
  }
  const skipped: string[] = [];
  let passed = 0;
  for (const [i, { name }] of chosen.entries()) {
    const { reason, failure } = await outcomes[i]!;
    if (reason !== undefined) skipped.push(name);
    const step = {
      name: reason === undefined
        ? name
        : `${name} [skipped: fails with runc too: ${reason}]`,
      ignore: reason !== undefined,
      fn: () => {
        if (failure !== undefined) throw failure;
      },
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

/** Begins one piece of work for each item, `width` of them at a time. */
function ahead<Item, Result>(
  items: readonly Item[],
  width: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result>[] {
  const lanes: Promise<unknown>[] = Array(width).fill(Promise.resolve());
  return items.map((item, i) => {
    const result = lanes[i % width]!.then(() => work(item));
    lanes[i % width] = result;
    return result;
  });
}

/** Runs a row with the control and, where that can do it, with Davit. */
async function outcomeOf<Side>(
  row: Row<Side>,
  { control, davit }: { control: Side; davit: Side },
): Promise<Outcome> {
  const reason = await reasonOf(() => row.run(control));
  if (reason !== undefined) return { reason };
  try {
    await row.run(davit);
    return {};
  } catch (failure) {
    return { failure };
  }
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
