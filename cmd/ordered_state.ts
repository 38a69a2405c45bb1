import type { StateReport } from "../oci/runtime.ts";

/** A state with its keys in runc's order, as JSON writes them. */
export function orderedState(report: StateReport): StateReport {
  const { ociVersion, id, pid, status, bundle, rootfs, created } = report;
  const { annotations, owner, sandbox, oomKilled } = report;
  return {
    ...{ ociVersion, id, pid, status, bundle, rootfs, created },
    ...annotations && { annotations },
    owner,
    ...sandbox !== undefined && { sandbox },
    ...oomKilled !== undefined && { oomKilled },
  };
}
