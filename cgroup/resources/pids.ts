import {
  type CgroupVersion,
  type Integer,
  integer,
  type ResourceWrite,
} from "./write.ts";

/** `linux.resources.pids`. */
export interface PidsLimits {
  /** Most tasks; -1 for no limit. */
  readonly limit?: Integer;
}

const LIMIT = "/linux/resources/pids/limit";

/**
 * The write for `linux.resources.pids`.
 *
 * Since specification 1.3 a limit is a limit, 0 included, and only -1 lifts
 * it (before, 0 read like "no limit"). 0 is written as 1, as runc does since
 * 1.4 because systemd cannot be told 0: the first process is moved in, which
 * pids.max does not stop, and neither value lets it fork.
 */
export function pidsWrites(
  version: CgroupVersion,
  pids: PidsLimits,
): ResourceWrite[] {
  if (pids.limit === undefined) return [];
  const limit = integer(LIMIT, pids.limit);
  return [{
    controller: "pids",
    version,
    file: "pids.max",
    value: limit < 0n ? "max" : `${limit || 1n}`,
    pointer: LIMIT,
    why: limit < 0n ? "no limit of tasks" : "limit the number of tasks",
  }];
}
