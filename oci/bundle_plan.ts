/**
 * What `create` and `start` would do with a bundle, as data; nothing is done.
 *
 *     config.json -> what a launch is made from -> sections and system calls
 *
 * @module
 */

import { CgroupError } from "../cgroup/error.ts";
import { type CgroupLayout, hostLayout } from "../cgroup/layout.ts";
import { cgroupManager } from "../cgroup/manager.ts";
import { loadRareLowering, needsRare } from "../cgroup/resources/lower.ts";
import { NoCgroups } from "../cgroup/none.ts";
import { scopeName, scopePath } from "../cgroup/systemd/scope.ts";
import { realPath } from "../ffi/files.ts";
import { planLaunch } from "../launch/compile.ts";
import type { Privileges } from "../launch/input.ts";
import { listCalls, type ListedCall } from "../launch/listing.ts";
import { checkConfig, readConfig } from "./config.ts";
import { awaitsScope } from "./creation_cgroups.ts";
import { launchInput } from "./creation_plan.ts";
import { lowerFilter } from "./creation_seccomp.ts";
import {
  ConfigError,
  describeProblem,
  type Problem,
  RuntimeError,
} from "./errors.ts";
import { explained } from "./explain.ts";
import { recordHooks } from "./hook_record.ts";
import { withoutForeignLabels } from "./labels.ts";
import type { Logger } from "./logger.ts";
import { lower } from "./lower.ts";
import { withoutOwnNamespaces } from "./namespace_paths.ts";
import { osText } from "./os_error.ts";
import { planSections } from "./plan_sections.ts";
import { ownPrivileges } from "./privileges.ts";
import type { CgroupDriver } from "./runtime.ts";
import type { Spec } from "./spec.ts";

/** One thing that would be done. */
export interface PlanEntry {
  /** What it is about, such as `/proc` or `memory.max`. */
  readonly subject: string;
  /** What becomes of it. */
  readonly detail: string;
  /** Why, where the section alone does not say. */
  readonly reason: string;
  /** The JSON pointer that asked for it; empty for what is always done. */
  readonly pointer: string;
}

/** Things of one kind, in the order in which they would be done. */
export interface PlanSection {
  /** Such as `mounts`. */
  readonly name: string;
  /** What would be done, in order. */
  readonly entries: readonly PlanEntry[];
}

/** The plan of a bundle. */
export interface BundlePlan {
  /** The form of this structure; 1. */
  readonly version: 1;
  /** The bundle's path, without symbolic links. */
  readonly bundle: string;
  /** The ID that the container would have. */
  readonly id: string;
  /** What is odd about the bundle, or about this host. */
  readonly warnings: readonly string[];
  /** What would be done, by kind. */
  readonly sections: readonly PlanSection[];
  /** The launch program's system calls. */
  readonly calls: readonly ListedCall[];
}

/** What a plan is made for. */
export interface PlanOptions {
  /** The text of the configuration; absent: the bundle's `config.json`. */
  readonly config?: Uint8Array<ArrayBuffer>;
  readonly bundle: string;
  readonly id: string;
  readonly cgroupManager?: CgroupDriver;
  /** Refuse unknown properties, and null for none. */
  readonly strict?: boolean;
  /** Another host than this one, and whose container it is there. */
  readonly host?: {
    readonly layout: CgroupLayout;
    readonly privileges: Privileges;
  };
}

/**
 * Plans a bundle without touching the host.
 *
 * @throws {RuntimeError | ConfigError} what `create` would find before it
 * makes anything
 */
export async function planBundle(options: PlanOptions): Promise<BundlePlan> {
  const { id } = options;
  const bundle = explained("plan the bundle", () => folderOf(options.bundle));
  const strict = options.strict === true;
  const { spec: whole, warnings: odd } = options.config === undefined
    ? readConfig(bundle, { strict })
    : checkConfig("the configuration", options.config, { strict });
  const warnings = odd.map(describeProblem);
  const { spec: labelled, missing } = withoutForeignLabels(whole);
  warnings.push(...missing.map(describeProblem));
  const spec = joinable(labelled, warnings);
  const log: Logger = {
    error: () => {},
    warn: (text) => warnings.push(text),
    info: (text) => warnings.push(text),
    debug: () => {},
  };
  const seccomp = spec.linux?.seccomp && spec.process
    ? await import("./seccomp_part.ts")
    : undefined;
  const rare = needsRare(spec.linux?.resources)
    ? await loadRareLowering()
    : undefined;
  return explained("plan the bundle", () => {
    const disabled = options.cgroupManager === "disabled";
    const layout = disabled
      ? { kind: "none" as const, hierarchies: [], unified: undefined }
      : options.host?.layout ?? hostLayout();
    const scope = options.cgroupManager === "systemd"
      ? plannedScope(id, spec)
      : undefined;
    const manager = disabled ? new NoCgroups("", log) : cgroupManager(layout, {
      id,
      spec,
      log,
      ...scope !== undefined && { scope },
      ...rare !== undefined && { rare },
    });
    const filter = lowerFilter({ ...(seccomp && { seccomp }) }, spec, log);
    const hooks = recordHooks(spec.hooks);
    // An ordinary user plans root's containers as well.
    const users = spec.linux?.namespaces?.some(({ type }) => type === "user");
    const privileges = options.host?.privileges ?? ownPrivileges();
    const input = lower(spec, {
      id,
      bundle,
      layout,
      cgroupDirectories: manager.directories,
      ...scope !== undefined && { awaitsPlace: awaitsScope(scope.unit) },
      noPivot: false,
      preserveFds: 0,
      privileges: users ? privileges : "host",
      ...filter,
    });
    const whole = launchInput(input, hooks);
    return {
      version: 1,
      bundle,
      id,
      warnings,
      sections: planSections({ spec, input: whole, manager, hooks }),
      calls: listCalls(planLaunch(whole)),
    };
  });
}

/** The scope that systemd would make, where its managers usually are. */
function plannedScope(id: string, { linux: { cgroupsPath = "" } = {} }: Spec) {
  const uid = Deno.uid();
  const user = uid !== 0;
  const name = scopeName(CgroupError, id, cgroupsPath, user);
  const above = `/user.slice/user-${uid}.slice/user@${uid}.service`;
  const place = (user ? above : "") + scopePath(name);
  return { place, unit: { ...name, user } };
}

function folderOf(bundle: string): string {
  try {
    return realPath(bundle);
  } catch (error) {
    throw new RuntimeError(
      "config",
      `Invalid bundle path '${bundle}': ${osText(error)}`,
    );
  }
}

/**
 * The configuration without namespaces that would change nothing. Those that
 * cannot be joined on this host are told and kept: the plan may be for another.
 */
function joinable(spec: Spec, warnings: string[]): Spec {
  try {
    return withoutOwnNamespaces(spec);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const tell = (problem: Problem) => describeProblem(problem);
    warnings.push(...error.problems.map(tell));
    return spec;
  }
}
