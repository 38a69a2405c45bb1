/**
 * The plan of a container being made: its configuration, lowered, and what
 * creating it adds.
 *
 * @module
 */

import { hostLayout } from "../cgroup/layout.ts";
import { readText } from "../ffi/files.ts";
import { planLaunch } from "../launch/compile.ts";
import type { LaunchInput, Privileges } from "../launch/input.ts";
import type { Plan } from "../launch/plan.ts";
import type { CreationCgroups } from "./creation_cgroups.ts";
import { lowerFilter } from "./creation_seccomp.ts";
import { lowerHooks, type RecordedHooks } from "./hook_record.ts";
import { lower } from "./lower.ts";
import type { Parts } from "./parts.ts";
import type { CreateOptions, Runtime } from "./runtime.ts";
import type { Spec } from "./spec.ts";
import { wholeMounts } from "./whole_mounts.ts";

/** What is asked for. */
export interface AskedCreation {
  readonly bundle: string;
  readonly extras: {
    /** Make the host's mounts below the root read-only. */
    readonly recursiveReadonly?: boolean;
  };
  readonly options: CreateOptions;
  readonly parts: Parts;
  readonly runtime: Runtime;
  readonly spec: Spec;
}

/** What has been found out or made for it. */
export interface BegunCreation {
  readonly cgroups: CreationCgroups;
  readonly privileges: Privileges;
  /** The absolute path of the root file system. */
  readonly rootfs: string;
  /** Whether the program runs as soon as it is on record. */
  readonly startNow: boolean;
}

/**
 * Whether the program may run as soon as init is on record. A terminal gets
 * its size before the program looks at it, and a slice of systemd's is looked
 * at before: see `killsAbove`.
 */
export function mayStartNow(
  spec: Spec,
  { cgroupManager }: CreateOptions,
  { hooks }: Parts,
): boolean {
  return !spec.process?.terminal && cgroupManager !== "systemd" &&
    hooks?.all.startContainer === undefined &&
    hooks?.all.poststart === undefined;
}

/** A lowered configuration as creating launches it: with its hooks, in parts. */
export function launchInput(
  input: LaunchInput,
  hooks: RecordedHooks | undefined,
): LaunchInput {
  return {
    ...input,
    inParts: true,
    ...hooks !== undefined && { hooks: lowerHooks(hooks, input.process?.env) },
  };
}

/**
 * Plans the launch, and tells the log how that was decided.
 * @throws {ConfigError} what only this host cannot do
 */
export function planCreation(asked: AskedCreation, begun: BegunCreation): Plan {
  const { bundle, extras, options, parts, runtime: { log }, spec } = asked;
  const { cgroups, privileges, rootfs, startNow } = begun;
  const { id, ownKeyring, preserveFds = 0, noPivot = false } = options;
  const input = lower(spec, {
    id,
    bundle,
    layout: hostLayout(),
    ...cgroups.forLaunch(),
    noPivot,
    ...noPivot && {
      hidden: wholeMounts(readText("/proc/self/mountinfo"), rootfs),
    },
    ...ownKeyring !== undefined && { ownKeyring },
    preserveFds,
    startNow,
    privileges,
    ...lowerFilter(parts, spec, log),
    recursiveReadonly: extras.recursiveReadonly ?? false,
  });
  const { decisions, hooks } = parts;
  const whole = launchInput(input, hooks?.all);
  const plan = planLaunch(whole);
  decisions?.tellDecisions(log, {
    spec,
    input: whole,
    manager: cgroups.manager,
    hooks: hooks?.all,
    calls: plan.steps.length,
  });
  return plan;
}
