/**
 * Tests of programs that run, by tables for both processors.
 *
 * @module
 */

import type { Message } from "../messages.ts";
import type { PlanBuilder } from "../plan.ts";
import {
  ARCHES,
  exit,
  lacks,
  reporting,
  run,
  shown,
  stepOf,
} from "./harness.ts";

/** A program and what comes of it. */
export interface Case {
  readonly does: string;
  readonly steps: (plan: PlanBuilder) => void;
  /** The values that it shows. */
  readonly shows?: readonly (number | bigint)[];
  /** What it writes, instead of values. */
  readonly writes?: string;
  /** The exit status, 0. */
  readonly status?: number;
  /** The reason of the step that it reports, and the errno. */
  readonly fails?: readonly [why: string, errno: number];
  /** Other messages. */
  readonly sends?: readonly Message[];
}

/**
 * Declares a test of each case for each processor.
 * @param assertEquals the assertion of that name
 */
export function testCases(
  cases: readonly Case[],
  assertEquals: (actual: unknown, expected: unknown) => void,
): void {
  for (const arch of ARCHES) {
    const lack = lacks(arch);
    for (const item of cases) {
      Deno.test({
        name: `an ${arch} program ${item.does}` +
          (lack === undefined ? "" : ` [skipped: needs ${lack}]`),
        ignore: lack !== undefined,
        fn: () => {
          const builder = reporting();
          item.steps(builder);
          exit(builder);
          const plan = builder.build();
          const outcome = run(plan, arch);
          const { fails, shows = [], sends = [] } = item;
          assertEquals(outcome.messages, [
            ...sends,
            ...(fails === undefined
              ? []
              : [{ tag: stepOf(plan, fails[0]), errno: fails[1], value: 0 }]),
          ]);
          assertEquals(outcome.status, item.status ?? 0);
          if (item.writes !== undefined) {
            const text = new TextDecoder().decode(outcome.output);
            assertEquals(text, item.writes);
          } else {
            assertEquals(shown(outcome), shows.map(BigInt));
          }
        },
      });
    }
  }
}
