/**
 * Security modules, and the programs of the host that Davit calls.
 *
 * @module
 */

import { isDirectory, readText, stat } from "../../ffi/files.ts";
import { type CheckRow, lacks, works } from "./row.ts";

/** Whether the kernel has AppArmor, and SELinux. */
export function securityModules(): { apparmor: boolean; selinux: boolean } {
  let enabled = "";
  try {
    enabled = readText("/sys/module/apparmor/parameters/enabled").trim();
  } catch {
    // The module is not there.
  }
  return {
    apparmor: enabled === "Y",
    selinux: typeof stat("/sys/fs/selinux/enforce") === "object",
  };
}

/** Rows for the modules that configurations may name labels of. */
export function securityRows(): CheckRow[] {
  const { apparmor, selinux } = securityModules();
  const row = (what: string, there: boolean, property: string) =>
    there
      ? works("security modules", what, "enabled")
      : lacks("security modules", what, "not enabled", {
        means: `${property} is left out, with a warning`,
        change:
          `boot with security=${what.toLowerCase()}, if labels are wanted`,
      });
  return [
    row("AppArmor", apparmor, "process.apparmorProfile"),
    row("SELinux", selinux, "process.selinuxLabel"),
  ];
}

/** Programs that some commands or configurations need. */
const TOOLS: readonly (readonly [string, string, string])[] = [
  ["newuidmap", "ordinary users get one ID in a container only", "uidmap"],
  ["newgidmap", "ordinary users get one group in a container only", "uidmap"],
  ["ps", "davit ps prints no table", "procps"],
  ["criu", "davit checkpoint and restore do not work", "criu"],
];

const FOLDERS = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin"]
  .concat("/sbin", "/bin");

/** Rows for the programs. */
export function toolRows(): CheckRow[] {
  return TOOLS.map(([name, means, of]) => {
    const found = FOLDERS.map((folder) => `${folder}/${name}`).find((path) => {
      const status = stat(path);
      return typeof status === "object" && !isDirectory(status);
    });
    return found === undefined
      ? lacks("programs", name, "not installed", {
        means,
        change: `install it; Debian's package is ${of}`,
      })
      : works("programs", name, found);
  });
}
