/**
 * What a launcher does otherwise than `davit run` does.
 *
 * @module
 */

import { planLaunch } from "../launch/compile.ts";
import type { Plan } from "../launch/plan.ts";
import type { Built } from "./build.ts";

/** A step's reason and call, the same in both plans where nothing differs. */
function lines({ steps }: Plan): string[] {
  return steps.filter(({ action }) => "call" in action)
    .map(({ why, action }) => `${why}: ${"call" in action ? action.call : ""}`);
}

/**
 * A text: how many calls the two have in common, then the reasons of those
 * that the launcher makes besides (+), where `run` lets Davit do it, and of
 * those that it leaves out (-).
 */
export function comparison({ launch, plan }: Built): string {
  const { endsWithLauncher: _, ...own } = launch;
  const here = lines(plan), there = lines(planLaunch(own));
  const left = counted(there);
  const more: string[] = [];
  let common = 0;
  for (const line of here) {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    if (count > 0) common++;
    else more.push(line);
  }
  const less = [...left].filter(([, count]) => count > 0).map(([line]) => line);
  const reasons = (sign: string, list: readonly string[]) =>
    [...new Set(list.map((line) => line.slice(0, line.lastIndexOf(": "))))]
      .map((why) => `  ${sign} ${why}\n`);
  return [
    `in common with "davit run": ${common} system calls\n`,
    ...reasons("+", more),
    ...reasons("-", less),
  ].join("");
}

function counted(list: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of list) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}
