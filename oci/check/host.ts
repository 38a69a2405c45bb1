/**
 * Can this host run containers, and what would not work?
 *
 * @module
 */

import { hostLayout } from "../../cgroup/layout.ts";
import { close } from "../../ffi/fd.ts";
import { isDirectory, lstat, mkdirAll, rmdir } from "../../ffi/files.ts";
import { executableMemfd } from "../../ffi/memfd.ts";
import { startProgram } from "../../launch/start_program.ts";
import { writeIdMaps } from "../id_maps.ts";
import { ownPrivileges } from "../privileges.ts";
import { cgroupRows } from "./cgroups.ts";
import { filesystemRows } from "./filesystems.ts";
import { kernelRows } from "./kernel.ts";
import { limitRows } from "./limits.ts";
import { namespaceRows } from "./namespaces.ts";
import type { CheckRow, Prober } from "./row.ts";
import { seccompRows } from "./seccomp.ts";
import { securityRows, toolRows } from "./security.ts";

/**
 * Tries everything; what is made for that is gone afterwards.
 *
 * @param root the state root
 */
export function checkHost(root: string): CheckRow[] {
  const kernel = kernelRows(ownPrivileges());
  // Without its calls there is nothing to try the rest with.
  if (kernel.some(({ verdict }) => verdict === "fails")) return kernel;
  return withProber(root, (prober) => [
    ...kernel,
    ...namespaceRows(prober),
    ...cgroupRows(hostLayout()),
    ...filesystemRows(prober),
    ...seccompRows(),
    ...securityRows(),
    ...limitRows(runsFromMemory()),
    ...toolRows(),
  ]);
}

/**
 * Runs `work` with what starts probes.
 *
 * @param root the state root: programs are put there where they cannot run
 * from memory; it is removed again if it was not there
 */
export function withProber<T>(root: string, work: (prober: Prober) => T): T {
  const privileges = ownPrivileges();
  const one = (id: number | null) => [
    { containerID: 0, hostID: id ?? 0, size: 1 },
  ];
  const maps = {
    uidMappings: one(Deno.uid()),
    gidMappings: one(Deno.gid()),
  };
  const made = !runsFromMemory() && !isDirectory(lstat(root));
  if (made) mkdirAll(root, 0o700);
  try {
    return work({
      start: (plan, fds) => startProgram(plan, fds, root),
      privileges,
      ...(privileges === "user" && {
        writeMaps: (pid: number) => writeIdMaps(pid, maps, privileges),
      }),
    });
  } finally {
    if (made) rmdir(root);
  }
}

/** Whether this host lets programs run that are in memory only. */
export function runsFromMemory(): boolean {
  const memfd = executableMemfd("davit-check", new Uint8Array(1));
  if (memfd === undefined) return false;
  close(memfd);
  return true;
}
