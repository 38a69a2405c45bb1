/**
 * The cgroups of one container being made: by Davit itself, or by systemd
 * around the container's first process, which waits meanwhile.
 *
 * @module
 */

import { deviceRules } from "../cgroup/devices.ts";
import type { CgroupRecord, SystemdUnit } from "../cgroup/existing.ts";
import { hostLayout } from "../cgroup/layout.ts";
import { cgroupManager } from "../cgroup/manager.ts";
import { NoCgroups } from "../cgroup/none.ts";
import type { Scope } from "../cgroup/systemd/scope.ts";
import type { CgroupManager, CgroupResources } from "../cgroup/types.ts";
import { lchown, mayWrite, readText } from "../ffi/files.ts";
import type { LaunchInput, Privileges } from "../launch/input.ts";
import { RuntimeError } from "./errors.ts";
import { ownMark } from "./cgroup_mark.ts";
import { quote } from "./quote.ts";
import type { CreateOptions, Runtime } from "./runtime.ts";
import type { Spec } from "./spec.ts";
import type { Parts } from "./parts.ts";

/** The cgroups of one container being made. */
export class CreationCgroups {
  /** Makes and limits those that Davit makes itself. */
  readonly manager: CgroupManager;
  readonly #scope: Scope | undefined;
  readonly #resources: CgroupResources;
  /** Limits for when the first process, which makes init, is gone. */
  readonly #later: CgroupResources | undefined;
  readonly #ownership: Parts["ownership"];
  readonly #log: Runtime["log"];
  readonly #root: string;
  readonly #id: string;
  #made = false;

  /**
   * Makes nothing yet.
   *
   * @param parts what `loadParts` gave for this configuration
   * @throws {CgroupError} what is asked for cannot be
   */
  constructor(
    { cgroupManager: kind, id }: CreateOptions,
    { log, root }: Runtime,
    spec: Spec,
    privileges: Privileges,
    { delegation, ownership, rareResources: rare, systemd }: Pick<
      Parts,
      "delegation" | "ownership" | "rareResources" | "systemd"
    >,
  ) {
    this.#log = log;
    this.#root = root;
    this.#id = id;
    this.#ownership = ownership;
    const { annotations, linux: { cgroupsPath = "", resources = {} } = {} } =
      spec;
    const privileged = privileges === "host";
    const { now, later } = systemd === undefined
      ? { now: resources, later: undefined }
      : withRoomForTwo(systemd.scopes.withoutIdleWeight(resources));
    this.#resources = now;
    this.#later = later;
    if (kind === "disabled") {
      const why = "cgroups are disabled (--cgroup-manager)";
      this.manager = new NoCgroups(why, log);
      return;
    }
    const layout = hostLayout();
    const legacy = layout.hierarchies.length > 0;
    this.#scope = systemd && new systemd.scopes.Scope(systemd.tools, {
      id,
      cgroupsPath,
      annotations,
      user: !privileged,
      legacy,
    });
    const delegated = layout.kind === "unified"
      ? delegation?.delegatedCgroup(layout.unified!, {
        mayWrite,
        ownCgroups: readText("/proc/self/cgroup"),
      })
      : undefined;
    this.manager = cgroupManager(layout, {
      id,
      spec,
      log,
      privileged,
      ...rare !== undefined && { rare },
      ...delegated !== undefined && { delegated },
      ...this.#scope !== undefined && { scope: this.#scope },
    });
  }

  /** Whether systemd makes them, around the container's first process. */
  get awaitsProcess(): boolean {
    return this.#scope !== undefined;
  }

  /** Whether there are none. */
  get none(): boolean {
    return this.manager.kind === "none";
  }

  /** What the container's state is to keep of them. */
  record(): CgroupRecord {
    const record = this.manager.record();
    // Before systemd has made them, what is there is somebody else's.
    return this.#made || !this.awaitsProcess
      ? record
      : { ...record, directories: [], created: [] };
  }

  /** What launching has to know. */
  forLaunch(): {
    readonly cgroupDirectories: readonly string[];
    readonly awaitsPlace?: NonNullable<LaunchInput["awaitsPlace"]>;
  } {
    const cgroupDirectories = this.manager.directories;
    if (this.#scope === undefined) return { cgroupDirectories };
    const awaitsPlace = awaitsScope(this.#scope.unit);
    return { cgroupDirectories, awaitsPlace };
  }

  /** A configuration with the path below each root that systemd gives them. */
  placed(spec: Spec): Spec {
    const { linux } = spec;
    if (this.#scope === undefined || !linux?.cgroupsPath) return spec;
    const cgroupsPath = this.#scope.place.slice(1);
    return { ...spec, linux: { ...linux, cgroupsPath } };
  }

  /** Makes them, with no process in them but the one that is given. */
  make(occupant?: number): void {
    const mark = ownMark(this.#root, this.#id);
    this.manager.create({
      ...mark !== undefined && { mark },
      ...occupant !== undefined && { occupant },
    });
    this.#made = true;
    this.#give();
  }

  /** Gives the cgroup of v2 to the container's user, where that is wanted. */
  #give(): void {
    if (this.#ownership === undefined || this.manager.kind !== "v2") return;
    const { give, uid } = this.#ownership;
    for (const path of this.manager.directories) {
      const errno = give(path, uid, { chown: lchown, readText });
      if (errno === 0) continue;
      // An ordinary user's own IDs may be all that he can give to.
      this.#log.debug("cgroup keeps its owner", { path, uid, errno });
    }
  }

  /** Has systemd make them around a process. */
  start(pid: number): void {
    const resources = this.#resources;
    this.#scope!.start(pid, {
      writes: this.manager.writes(resources),
      devices: deviceRules(resources.devices),
    });
  }

  /**
   * After `start`: makes the cgroups that systemd does not know of.
   * @throws {RuntimeError} systemd put the process somewhere else
   */
  makeRest(pid: number): void {
    this.make(pid);
    const [first = ""] = this.manager.directories;
    if (this.manager.pids().includes(pid)) return;
    throw new RuntimeError(
      "system",
      `Cannot find the process that ${
        quote(this.#scope!.unit.unit)
      } was made ` +
        `for in its cgroup, ${
          quote(first)
        }: is the cgroup file system another ` +
        "one than systemd's?",
    );
  }

  /** Sets limits and device rules. */
  limit(): void {
    this.manager.applyResources(this.#resources);
  }

  /** Sets the limits that init alone fits into, now that it is there. */
  limitInit(): void {
    if (this.#later === undefined) return;
    this.#scope!.limit({ writes: this.manager.writes(this.#later) });
  }

  /** Kills all that is in them and removes them. */
  remove(): void {
    // Before they are this container's, who is in them may be another's.
    if (this.#made) this.manager.signalAll(9);
    this.#scope?.stop();
    if (this.#made) this.manager.destroy();
  }

  /** Lets others have the cgroups' lock, and ends the talk with systemd. */
  close(): void {
    this.manager.release();
    this.#scope?.[Symbol.dispose]();
  }
}

/** What the first process waits for before it goes on. */
export function awaitsScope(
  { unit }: SystemdUnit,
): NonNullable<LaunchInput["awaitsPlace"]> {
  return { why: `wait for the unit ${unit}`, pointer: "/linux/cgroupsPath" };
}

/**
 * What may be limited while the first process, which then makes init, is in
 * the cgroups too: not the number of tasks to less than two.
 */
function withRoomForTwo(
  resources: CgroupResources,
): { now: CgroupResources; later: CgroupResources | undefined } {
  const limit = resources.pids?.limit;
  if (limit === undefined || limit < 0 || limit >= 2) {
    return { now: resources, later: undefined };
  }
  const { pids, ...now } = resources;
  return { now, later: { pids: pids! } };
}
