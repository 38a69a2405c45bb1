/**
 * `linux.sysctl`: only what a namespace of the container's own has.
 *
 * @module
 */

import type { SysctlInput } from "../launch/input.ts";
import type { Problem } from "./errors.ts";
import { quote } from "./quote.ts";
import { below } from "./schema.ts";

/** The parameters of an IPC namespace, below kernel/; ipc_namespaces(7). */
const IPC = "msgmax msgmnb msgmni sem shmall shmmax shmmni shm_rmid_forced";

/** The path below /proc/sys; undefined for a name that has none. */
export function sysctlPath(name: string): string | undefined {
  // As sysctl(8): whichever separator comes first, the other one is a letter.
  const slash = name.indexOf("/"), dot = name.indexOf(".");
  const dotted = dot >= 0 && (slash < 0 || dot < slash);
  const path = dotted
    ? name.replace(/[./]/g, (letter) => letter === "." ? "/" : ".")
    : name;
  const sound = path.split("/").every((part) =>
    part !== "" && part !== "." && part !== ".."
  );
  return sound ? path : undefined;
}

const NAMES = { network: "a network", ipc: "an IPC", uts: "a UTS" };

/** The kind of namespace that a parameter belongs to; undefined for the host. */
function owner(path: string): "network" | "ipc" | "uts" | undefined {
  if (path.startsWith("net/")) return "network";
  if (path.startsWith("fs/mqueue/")) return "ipc";
  if (path === "kernel/domainname" || path === "kernel/hostname") return "uts";
  const [kernel, name = "", more] = path.split("/");
  const isIpc = kernel === "kernel" && more === undefined &&
    IPC.split(" ").includes(name);
  return isIpc ? "ipc" : undefined;
}

/**
 * What is wrong with kernel parameters.
 *
 * @param sysctl names and values
 * @param namespaces the kinds that the container does not share with the host
 */
export function sysctlProblems(
  sysctl: Readonly<Record<string, unknown>>,
  namespaces: ReadonlySet<string>,
): Problem[] {
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries(sysctl)) {
    const found = quote(name);
    const report = (message: string) =>
      problems.push({ pointer: below("/linux/sysctl", name), found, message });
    const path = sysctlPath(name);
    if (path === undefined) {
      report(`${found} is no name of a kernel parameter`);
      continue;
    }
    const kind = owner(path);
    if (kind === undefined) {
      report(
        "is not in a separate kernel namespace: it would be the host's as well",
      );
    } else if (!namespaces.has(kind)) {
      report(
        `needs ${NAMES[kind]} namespace of the container's own in ` +
          "linux.namespaces: else it would be the host's as well",
      );
    } else if (path === "kernel/hostname") {
      report("conflicts with hostname: give that");
    } else if (typeof value === "string" && value.includes("\0")) {
      report("must not hold a NUL character");
    }
  }
  return problems;
}

/** What a launch does for parameters that have been checked. */
export function lowerSysctls(
  sysctl: Readonly<Record<string, string>> = {},
): SysctlInput[] {
  return Object.entries(sysctl).map(([name, value]) => ({
    name,
    path: sysctlPath(name)!,
    value,
    pointer: below("/linux/sysctl", name),
  }));
}
