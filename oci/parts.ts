/**
 * Parts of Davit that few configurations need: they are loaded when one does.
 * Loading code is what a short-lived command spends most of its time on.
 *
 * The bundler cuts a file for each set of files that need a module, and `run`
 * would load one more: a part has modules of its own only, and gets the rest
 * as arguments.
 *
 * @module
 */

import {
  loadRareLowering,
  needsRare,
  type RareLowering,
} from "../cgroup/resources/lower.ts";
import { cgroupOwner } from "./cgroup_owner.ts";
import { type RecordedHooks, recordHooks } from "./hook_record.ts";
import { loadHookRunner } from "./hook_tools.ts";
import type { HookRunner } from "./hooks.ts";
import { loadNetDeviceMover } from "./net_device_tools.ts";
import type { NetDeviceMover } from "./net_devices.ts";
import type { Logger } from "./logger.ts";
import { loadResctrl, type ResctrlPart } from "./resctrl_tools.ts";
import { ownPrivileges } from "./privileges.ts";
import type { CreateOptions } from "./runtime.ts";
import type { Spec } from "./spec.ts";
import { loadSystemd, type SystemdPart } from "./systemd_tools.ts";

/** What a configuration needs besides what every one needs. */
export interface Parts {
  readonly hooks?: {
    readonly runner: HookRunner;
    readonly all: RecordedHooks;
  };
  /** Only when somebody wants to know. */
  readonly decisions?: typeof import("./decisions.ts");
  readonly netDevices?: NetDeviceMover;
  readonly resctrl?: ResctrlPart;
  readonly seccomp?: typeof import("./seccomp_part.ts");
  readonly copyUp?: typeof import("./copy_up.ts");
  readonly systemd?: SystemdPart;
  readonly rareResources?: RareLowering;
  /** Where the container's user is to own its cgroup, who is not the caller. */
  readonly ownership?: {
    readonly uid: number;
    readonly give: typeof import("../cgroup/ownership.ts").giveCgroup;
  };
  /** For who is not root of the host. */
  readonly delegation?: typeof import("../cgroup/delegation.ts");
}

/** Loads the parts that `spec` needs, and who is to make its cgroups. */
export async function loadParts(
  spec: Spec,
  log: Logger,
  { cgroupManager }: Pick<CreateOptions, "cgroupManager"> = {},
): Promise<Parts> {
  const { linux, mounts = [], process } = spec;
  const hooks = recordHooks(spec.hooks);
  const owner = cgroupOwner(spec);
  return {
    ...(log.debugs === true && { decisions: await import("./decisions.ts") }),
    ...(hooks !== undefined && {
      hooks: { runner: await loadHookRunner(log), all: hooks },
    }),
    ...(mounts.some(({ options }) => options?.includes("tmpcopyup")) && {
      copyUp: await import("./copy_up.ts"),
    }),
    ...(Object.keys(linux?.netDevices ?? {}).length > 0 && {
      netDevices: await loadNetDeviceMover(),
    }),
    ...(linux?.intelRdt && { resctrl: await loadResctrl() }),
    ...(ownPrivileges() !== "host" && {
      delegation: await import("../cgroup/delegation.ts"),
    }),
    ...(owner !== undefined && owner !== Deno.uid() && {
      ownership: {
        uid: owner,
        give: (await import("../cgroup/ownership.ts")).giveCgroup,
      },
    }),
    ...(cgroupManager === "systemd" && { systemd: await loadSystemd() }),
    ...(needsRare(linux?.resources) && {
      rareResources: await loadRareLowering(),
    }),
    ...(linux?.seccomp && process && {
      seccomp: await import("./seccomp_part.ts"),
    }),
  };
}
