/**
 * What of a configuration cannot be built ahead, and why.
 *
 * @module
 */

import type { Problem } from "./errors.ts";
import { describeValue } from "./quote.ts";
import type { Spec } from "./spec.ts";

/** The properties that a launcher cannot honour, each with the reason. */
export function unbuildable(spec: Spec): Problem[] {
  const { hooks = {}, linux = {}, mounts = [], process } = spec;
  const problems: Problem[] = [];
  const refuse = (pointer: string, value: unknown, why: string) =>
    problems.push({
      pointer,
      found: describeValue(value),
      message: `cannot be built ahead: ${why}`,
    });
  for (const [kind, list] of Object.entries(hooks)) {
    if (!Array.isArray(list) || list.length === 0) continue;
    refuse(
      `/hooks/${kind}`,
      list,
      "a hook gets the container's state on stdin, with a pid that is known " +
        "only then",
    );
  }
  if (process?.terminal) {
    refuse(
      "/process/terminal",
      true,
      "somebody has to relay a terminal; a launcher hands its own stdin, " +
        "stdout and stderr on",
    );
  }
  const { seccomp } = linux;
  const notifies = seccomp?.listenerPath ||
    seccomp?.syscalls?.some(({ action }) => action === "SCMP_ACT_NOTIFY");
  if (notifies) {
    refuse(
      "/linux/seccomp/listenerPath",
      seccomp?.listenerPath,
      "the agent is sent the container's state, with a pid that is known only " +
        "then",
    );
  }
  if (Object.keys(linux.netDevices ?? {}).length > 0) {
    refuse(
      "/linux/netDevices",
      linux.netDevices,
      "the addresses of a network device are read when it is moved",
    );
  }
  if (linux.intelRdt !== undefined) {
    refuse(
      "/linux/intelRdt",
      linux.intelRdt,
      "groups of resctrl depend on the host's processor",
    );
  }
  for (const [i, { options = [], uidMappings = [] }] of mounts.entries()) {
    if (options.includes("tmpcopyup")) {
      refuse(
        `/mounts/${i}/options`,
        options,
        "tmpcopyup copies files, which Davit does",
      );
    }
    if (uidMappings.length > 0 || options.some((o) => /^r?idmap$/.test(o))) {
      refuse(
        `/mounts/${i}/options`,
        options,
        "an ID-mapped mount takes a user namespace that Davit makes",
      );
    }
  }
  return problems;
}
