/**
 * Namespaces, each made for a try.
 *
 * @module
 */

import { E } from "../../ffi/errno.ts";
import { readText } from "../../ffi/files.ts";
import type { NamespaceKind } from "../../launch/input.ts";
import { NAMESPACE_FLAG } from "../../launch/namespaces.ts";
import { probe } from "../../launch/probe.ts";
import { type CheckRow, lacks, type Prober, works } from "./row.ts";

/** The sysctls that bound how many namespaces there may be. */
const LIMITS: Readonly<Record<NamespaceKind, string>> = {
  pid: "max_pid_namespaces",
  network: "max_net_namespaces",
  mount: "max_mnt_namespaces",
  ipc: "max_ipc_namespaces",
  uts: "max_uts_namespaces",
  user: "max_user_namespaces",
  cgroup: "max_cgroup_namespaces",
  time: "max_time_namespaces",
};

/** Kinds that the default configuration asks for. */
const DEFAULT: readonly NamespaceKind[] = [
  "pid",
  "network",
  "mount",
  "ipc",
  "uts",
];

/** A row for each kind of namespace. */
export function namespaceRows(prober: Prober): CheckRow[] {
  const kinds = Object.keys(NAMESPACE_FLAG) as NamespaceKind[];
  return kinds.map((kind) => namespaceRow(kind, prober));
}

function namespaceRow(kind: NamespaceKind, prober: Prober): CheckRow {
  const { start, privileges, writeMaps } = prober;
  const inUsers = privileges === "user" && kind !== "user" && writeMaps;
  const { errno, failed } = probe(start, (plan) => {
    plan.because(`make a ${kind} namespace`)
      .call("unshare", [NAMESPACE_FLAG[kind]]);
  }, inUsers ? { writeMaps } : {});
  if (errno === 0) return works("namespaces", kind, "made one");
  const needed = DEFAULT.includes(kind) ||
    kind === "user" && privileges === "user";
  return lacks("namespaces", kind, errno, {
    verdict: needed ? "fails" : "limited",
    means: `containers with a ${kind} namespace of their own do not run`,
    change: failed?.why.includes("user") && kind !== "user"
      ? "see the user namespace"
      : mend(kind, errno),
  });
}

function mend(kind: NamespaceKind, errno: number): string {
  const limit = LIMITS[kind];
  if (errno === E.EINVAL) return "the kernel is built without them";
  if (errno === E.ENOSPC) {
    return `sysctl user.${limit}, which is ${value(`user/${limit}`)}`;
  }
  for (const [path, wrong, name] of SWITCHES) {
    if (kind === "user" && value(path) === wrong) {
      return `sysctl ${name}, which is ${wrong}`;
    }
  }
  return errno === E.EPERM
    ? "run Davit as root with CAP_SYS_ADMIN, and let no seccomp filter or " +
      "security module refuse unshare(2)"
    : "";
}

/** Switches of distributions that keep ordinary users from user namespaces. */
const SWITCHES: readonly (readonly [string, string, string])[] = [
  ["kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone"],
  [
    "kernel/apparmor_restrict_unprivileged_userns",
    "1",
    "kernel.apparmor_restrict_unprivileged_userns",
  ],
];

/** A sysctl's value; empty where the kernel has none. */
function value(path: string): string {
  try {
    return readText(`/proc/sys/${path}`).trim();
  } catch {
    return "";
  }
}
