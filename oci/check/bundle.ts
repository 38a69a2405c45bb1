/**
 * Which of a bundle's wishes this host cannot fulfil.
 *
 * @module
 */

import { hostLayout } from "../../cgroup/layout.ts";
import { checkBundle } from "../bundle_check.ts";
import { readConfig } from "../config.ts";
import { readablePointer } from "../errors.ts";
import type { Spec } from "../spec.ts";
import { controllers } from "./cgroups.ts";
import { idmapRow } from "./filesystems.ts";
import { checkHost, withProber } from "./host.ts";
import { type CheckRow, lacks } from "./row.ts";
import { missingActions } from "./seccomp.ts";
import { securityModules } from "./security.ts";

const GROUP = "bundle";

/**
 * Rows for one bundle: of the host's those that it needs, and its own.
 *
 * @param root the state root
 * @throws {RuntimeError} config: `bundle` is no directory
 */
export function checkForBundle(bundle: string, root: string): CheckRow[] {
  const report = checkBundle(bundle);
  const problems = report.errors.map(({ pointer, message, mend = "" }) =>
    lacks(GROUP, readablePointer(pointer) || "config.json", message, {
      verdict: "fails",
      means: "this bundle does not run",
      change: mend,
    })
  );
  let spec: Spec;
  try {
    spec = readConfig(report.bundle).spec;
  } catch {
    return problems; // they say why
  }
  const host = checkHost(root).filter((row) => isNeeded(row, spec))
    .map((row): CheckRow =>
      row.verdict === "limited" ? { ...row, verdict: "fails" } : row
    );
  return [
    ...host,
    ...controllerRows(spec),
    ...seccompRows(spec),
    ...labelRows(spec),
    ...idmapRows(spec, report.bundle, root),
    ...problems,
  ];
}

/** Whether a bundle has to do with a row of the host. */
function isNeeded({ group, what }: CheckRow, spec: Spec): boolean {
  const { linux: { namespaces = [] } = {}, mounts = [] } = spec;
  if (group === "kernel") return true;
  if (group === "namespaces") {
    return namespaces.some(({ type, path }) => type === what && !path);
  }
  if (group === "file systems") {
    return what === "bind mounts" || mounts.some(({ type }) => type === what);
  }
  return group === "seccomp" && spec.linux?.seccomp !== undefined &&
    what === "filters";
}

/** The controllers of `linux.resources`, by the names of v1. */
const NEEDS: Readonly<Record<string, string>> = {
  memory: "memory",
  pids: "pids",
  blockIO: "blkio",
  hugepageLimits: "hugetlb",
};

function controllerRows({ linux }: Spec): CheckRow[] {
  const have = controllers(hostLayout());
  const resources: object = linux?.resources ?? {};
  return Object.entries(resources).flatMap(([name, value]) => {
    const wanted = name === "cpu" ? cpuControllers(value) : [NEEDS[name] ?? ""];
    return wanted.filter((controller) =>
      controller !== "" && isGiven(value) && !have.has(controller)
    ).map((controller) =>
      lacks(GROUP, `linux.resources.${name}`, `no controller ${controller}`, {
        verdict: "fails",
        means: "this bundle does not run",
        change: `mount the cgroup controller ${controller}, or remove it`,
      })
    );
  });
}

function cpuControllers(cpu: unknown): string[] {
  const names = Object.keys(cpu as object);
  const sets = names.filter((name) => name === "cpus" || name === "mems");
  return [
    ...(sets.length > 0 ? ["cpuset"] : []),
    ...(names.length > sets.length ? ["cpu"] : []),
  ];
}

function isGiven(value: unknown): boolean {
  return typeof value === "object" && value !== null &&
    Object.keys(value).length > 0;
}

function seccompRows({ linux }: Spec): CheckRow[] {
  if (linux?.seccomp === undefined) return [];
  const { defaultAction, syscalls = [] } = linux.seccomp;
  const used = new Set([defaultAction, ...syscalls.map((s) => s.action)]);
  const missing = missingActions().filter((name) =>
    used.has(`SCMP_ACT_${name}`)
  );
  return missing.map((name) =>
    lacks(GROUP, "linux.seccomp", `the kernel does not know ${name}`, {
      verdict: "fails",
      means: "this bundle does not run",
      change: "a newer kernel, or another action",
    })
  );
}

function labelRows({ process = { args: [], cwd: "/" } }: Spec): CheckRow[] {
  const { apparmor, selinux } = securityModules();
  const row = (property: string, module: string) =>
    lacks(GROUP, `process.${property}`, `the kernel has no ${module}`, {
      means: "it is left out, with a warning",
      change: `boot with security=${module.toLowerCase()}`,
    });
  return [
    ...(process.apparmorProfile && !apparmor
      ? [row("apparmorProfile", "AppArmor")]
      : []),
    ...(process.selinuxLabel && !selinux
      ? [row("selinuxLabel", "SELinux")]
      : []),
  ];
}

/** ID-mapped bind mounts are tried on the very files. */
function idmapRows(spec: Spec, bundle: string, root: string): CheckRow[] {
  const { mounts = [] } = spec;
  const sources = mounts.filter(({ options = [], uidMappings = [] }) =>
    uidMappings.length > 0 || options.some((o) => /^r?idmap$/.test(o))
  ).map(({ source = "" }) =>
    source.startsWith("/") ? source : `${bundle}/${source}`
  );
  if (sources.length === 0) return [];
  return withProber(
    root,
    (prober) =>
      [...new Set(sources)].map((path): CheckRow => {
        const row = idmapRow(path, prober);
        return row.verdict === "works" ? row : { ...row, verdict: "fails" };
      }),
  );
}
