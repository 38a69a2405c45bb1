/**
 * What the part for resctrl is given: it is loaded on demand, and imports
 * nothing that others load.
 *
 * @module
 */

import { E, errnoText } from "../ffi/errno.ts";
import { SyscallError } from "../ffi/error.ts";
import {
  isDirectory,
  mkdir,
  readText,
  rmdir,
  stat,
  writeText,
} from "../ffi/files.ts";
import { RuntimeError } from "./errors.ts";
import type { ResctrlGroups, ResctrlTools } from "./resctrl.ts";
import type { IntelRdt } from "./spec_linux.ts";

/** What the part works with. */
export function resctrlTools(): ResctrlTools {
  return {
    E,
    errnoText,
    isDirectory,
    mkdir,
    readText,
    rmdir,
    RuntimeError,
    stat,
    SyscallError,
    writeText,
  };
}

/** Looks at the groups of a container on this host. */
export type ResctrlPart = (id: string, rdt: IntelRdt) => ResctrlGroups;

/** Loads what makes groups of resctrl. */
export async function loadResctrl(): Promise<ResctrlPart> {
  const { ResctrlGroups, resctrlMount } = await import("./resctrl.ts");
  return (id, rdt) => {
    const root = resctrlMount(readText("/proc/self/mountinfo"));
    if (root === undefined) {
      throw new RuntimeError(
        "system",
        "Cannot use linux.intelRdt: no resctrl file system is mounted on this " +
          "host",
        { hint: "it takes a processor and a kernel with resctrl" },
      );
    }
    return new ResctrlGroups(resctrlTools(), root, id, rdt);
  };
}
