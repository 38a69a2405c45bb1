/**
 * What was decided about a container that is being made, for `--debug`.
 * Compiled, this file is a program of its own: nothing of it is loaded unless
 * somebody asked.
 *
 * @module
 */

import { readablePointer } from "./errors.ts";
import type { Logger } from "./logger.ts";
import { planSections, type SectionInput } from "./plan_sections.ts";

/** SECCOMP_FILTER_FLAG_ bits, seccomp(2). */
const TSYNC = 1, NEW_LISTENER = 8;

/** What decisions are read off. */
export interface DecisionInput extends SectionInput {
  /** How many system calls the launch program has. */
  readonly calls: number;
}

/** Has a line in the log for each decision, with what asked for it. */
export function tellDecisions(log: Logger, from: DecisionInput): void {
  const { input, manager } = from;
  const { mounts, namespaces, preserveFds, privileges, startNow } = input;
  for (const { name, entries } of planSections(from)) {
    for (const { subject, detail, pointer, reason } of entries) {
      // Values of the environment are nobody's business: passwords are there.
      const told = subject.startsWith("environment ") ? "" : `: ${detail}`;
      log.debug(`${name}: ${subject}${told}`, {
        ...pointer !== "" && { asked: readablePointer(pointer) },
        ...reason !== "" && { reason },
      });
    }
  }
  const filter = input.process?.seccomp;
  if (filter !== undefined) {
    // As runc tells them: for one thread, synchronizing others means nothing.
    const flags = filter.flags & ~TSYNC | (filter.notifies ? NEW_LISTENER : 0);
    log.debug(`seccomp filter flags: ${flags}`);
  }
  log.debug("launch planned", {
    calls: from.calls,
    cgroups: manager.kind,
    mounts: mounts.length,
    namespaces: namespaces.length,
    preserveFds,
    privileges: privileges ?? "host",
    startNow,
  });
}
