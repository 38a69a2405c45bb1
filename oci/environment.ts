/**
 * What a report of a fault should hold: versions, paths, facts of the host.
 *
 * @module
 */

import { hostLayout } from "../cgroup/layout.ts";
import { readText, realPath } from "../ffi/files.ts";
import { controllers } from "./check/cgroups.ts";
import { securityModules } from "./check/security.ts";
import { ownPrivileges } from "./privileges.ts";

/** Facts by their names, in groups. */
export interface Environment {
  readonly runtime: {
    readonly version: string;
    readonly commit: string;
    /** The version of the OCI runtime specification. */
    readonly spec: string;
    /** The binary that runs. */
    readonly path: string;
    /** The state root. */
    readonly root: string;
    readonly deno: string;
    readonly v8: string;
    readonly typescript: string;
  };
  readonly host: {
    /** `/proc/version`. */
    readonly kernel: string;
    readonly architecture: string;
    readonly processors: number;
    /** In bytes. */
    readonly memory: number;
    /** PRETTY_NAME of os-release(5). */
    readonly distribution: string;
    readonly user: number | null;
    readonly privileges: string;
    readonly cgroups: string;
    readonly controllers: readonly string[];
    readonly apparmor: boolean;
    readonly selinux: boolean;
  };
}

/** What only the caller knows. */
export interface EnvironmentInput {
  readonly version: string;
  readonly commit: string;
  readonly spec: string;
  readonly root: string;
}

/** Collects the facts. */
export function environment(input: EnvironmentInput): Environment {
  const layout = hostLayout();
  return {
    runtime: {
      version: input.version,
      commit: input.commit,
      spec: input.spec,
      path: realPath("/proc/self/exe"),
      root: input.root,
      deno: Deno.version.deno,
      v8: Deno.version.v8,
      typescript: Deno.version.typescript,
    },
    host: {
      kernel: text("/proc/version"),
      architecture: Deno.build.arch,
      processors: navigator.hardwareConcurrency,
      memory: Deno.systemMemoryInfo().total,
      distribution: distribution(),
      user: Deno.uid(),
      privileges: ownPrivileges(),
      cgroups: layout.kind,
      controllers: [...controllers(layout).keys()],
      ...securityModules(),
    },
  };
}

function distribution(): string {
  const line = /^PRETTY_NAME="?(.*?)"?$/m.exec(text("/etc/os-release"));
  return line?.[1] ?? "unknown";
}

function text(path: string): string {
  try {
    return readText(path).trim();
  } catch {
    return "unknown";
  }
}
