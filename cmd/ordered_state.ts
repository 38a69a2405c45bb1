import type { StateReport } from "../oci/runtime.ts";

/** A state with its keys in runc's order, as JSON writes them. */
export function orderedState(report: StateReport): StateReport {
  const { ociVersion, id, pid, status, bundle, rootfs, created } = report;
  const { annotations, owner } = report;
  const start = { ociVersion, id, pid, status, bundle, rootfs, created };
  return { ...start, ...annotations && { annotations }, owner };
}
