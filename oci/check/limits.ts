/**
 * Settings of the host that keep containers from running, or from being many.
 *
 * @module
 */

import { readText } from "../../ffi/files.ts";
import { getLimit } from "../../ffi/process.ts";
import { rlimitNumber } from "../names.ts";
import { type CheckRow, lacks, works } from "./row.ts";

const GROUP = "limits";

/** A sysctl, what is too little, and what follows. */
interface Bound {
  readonly name: string;
  readonly least: number;
  readonly means: string;
}

const BOUNDS: readonly Bound[] = [
  {
    name: "user.max_user_namespaces",
    least: 1,
    means: "containers with a user namespace do not run",
  },
  {
    name: "user.max_mnt_namespaces",
    least: 100,
    means: "few containers can run at once",
  },
  {
    name: "user.max_pid_namespaces",
    least: 100,
    means: "few containers can run at once",
  },
  {
    name: "user.max_net_namespaces",
    least: 100,
    means: "few containers can run at once",
  },
  {
    name: "kernel.pid_max",
    least: 4096,
    means: "few processes can run at once",
  },
  {
    name: "kernel.keys.maxkeys",
    least: 100,
    means: "an ordinary user's containers share one session keyring",
  },
  {
    name: "fs.mount-max",
    least: 10_000,
    means: "few mounts fit into a container",
  },
];

/** Rows for what bites, and one for what was looked at. */
export function limitRows(runsFromMemory: boolean): CheckRow[] {
  const looked: string[] = [];
  const rows: CheckRow[] = [];
  for (const { name, least, means } of BOUNDS) {
    const value = sysctl(name);
    if (value === undefined) continue;
    looked.push(`${name} ${value}`);
    if (Number(value) >= least) continue;
    const change = `sysctl ${name}=${Math.max(least, 10_000)}`;
    rows.push(lacks(GROUP, name, value, { means, change }));
  }
  for (
    const [name, wrong] of [
      ["kernel.apparmor_restrict_unprivileged_userns", "1"],
      ["kernel.unprivileged_userns_clone", "0"],
    ] as const
  ) {
    if (sysctl(name) !== wrong) continue;
    rows.push(lacks(GROUP, name, wrong, {
      means: "ordinary users can make no user namespaces, so run no containers",
      change: `sysctl ${name}=${wrong === "1" ? 0 : 1}`,
    }));
  }
  rows.push(memfdRow(runsFromMemory));
  const files = getLimit(0, rlimitNumber("RLIMIT_NOFILE")).hard;
  if (files < 1024n) {
    rows.push(lacks(GROUP, "RLIMIT_NOFILE", `${files}`, {
      means: "configurations that ask for more open files do not run",
      change: "ulimit -Hn 1048576, as root",
    }));
  }
  return [...rows, works(GROUP, "sysctls", looked.join(", "))];
}

/** Launch programs are run from memory. */
function memfdRow(runsFromMemory: boolean): CheckRow {
  const name = "executable memory files";
  if (runsFromMemory) return works(GROUP, name, "made one");
  const value = sysctl("vm.memfd_noexec") ?? "unknown";
  return lacks(GROUP, name, `forbidden: vm.memfd_noexec is ${value}`, {
    means: "launch programs are written to the state folder, which must not " +
      "be mounted noexec",
    change: "sysctl vm.memfd_noexec=1",
  });
}

function sysctl(name: string): string | undefined {
  try {
    return readText(`/proc/sys/${name.replaceAll(".", "/")}`).trim();
  } catch {
    return undefined;
  }
}
