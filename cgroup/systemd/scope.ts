/**
 * A container's scope: a transient unit of systemd's around processes that
 * Davit starts, with the container's cgroups.
 *
 * @module
 */

import type { DeviceRule } from "../devices.ts";
import type { CgroupError } from "../error.ts";
import type { SystemdUnit } from "../existing.ts";
import type { ResourceWrite } from "../resources/write.ts";
import { annotatedProperties } from "./annotations.ts";
import { deviceProperties } from "./device_properties.ts";
import { SystemdManager, type SystemdTools } from "./manager.ts";
import { limitProperties, type Property } from "./properties.ts";
import { slicePath, type UnitName, unitName } from "./unit_name.ts";

/** A container that is to have a scope. */
export interface ScopeRequest {
  readonly id: string;
  /** `linux.cgroupsPath`, `slice:prefix:name`; empty: after the ID. */
  readonly cgroupsPath: string;
  readonly annotations: Readonly<Record<string, string>> | undefined;
  /** Whether the user's own manager makes it. */
  readonly user: boolean;
  /** Whether the host has hierarchies of cgroup v1. */
  readonly legacy: boolean;
}

/** What a container may use. */
export interface ScopeLimits {
  readonly writes: readonly ResourceWrite[];
  /** Absent: those that it has. */
  readonly devices?: readonly DeviceRule[];
}

/** The scope of a container that is being made. */
export class Scope implements Disposable {
  /** What the container's state keeps. */
  readonly unit: SystemdUnit;
  /** Its cgroup below the root of every hierarchy. */
  readonly place: string;
  readonly #manager: SystemdManager;
  readonly #version: number;
  readonly #request: ScopeRequest;
  readonly #annotated: readonly Property[];

  /**
   * Makes nothing yet.
   * @throws {CgroupError} the request cannot be, or systemd is out of reach
   */
  constructor(tools: SystemdTools, request: ScopeRequest) {
    const { id, cgroupsPath, user, legacy, annotations } = request;
    const { CgroupError } = tools;
    if (user && legacy) {
      throw new CgroupError(
        "system",
        "cannot use rootless systemd cgroups manager on cgroup v1: leave out " +
          "--systemd-cgroup, or boot with cgroup v2 alone",
      );
    }
    const name = scopeName(CgroupError, id, cgroupsPath, user);
    try {
      this.#annotated = annotatedProperties(annotations);
    } catch (error) {
      const why = (error as Error).message;
      throw new CgroupError("config", `Cannot use ${why}`, error);
    }
    this.#request = request;
    this.#manager = new SystemdManager(tools, user);
    try {
      this.#version = this.#manager.version;
      this.unit = { ...name, user };
      this.place = this.#manager.controlGroup + scopePath(name);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Ends the connection to systemd. */
  [Symbol.dispose](): void {
    this.#manager[Symbol.dispose]();
  }

  /**
   * Starts the scope around a process that waits.
   * @throws {CgroupError} with systemd's words
   */
  start(pid: number, limits: ScopeLimits): void {
    const { id, legacy } = this.#request;
    const { unit, slice } = this.unit;
    const flag = (name: string, value: boolean): Property => ({
      name,
      type: "b",
      value,
    });
    const properties: Property[] = [
      { name: "Description", type: "s", value: `Davit container ${id}` },
      { name: "Slice", type: "s", value: slice },
      flag("Delegate", true),
      { name: "PIDs", type: "au", value: [pid] },
      flag("MemoryAccounting", true),
      flag("CPUAccounting", true),
      flag(legacy ? "BlockIOAccounting" : "IOAccounting", true),
      flag("TasksAccounting", true),
      flag("DefaultDependencies", false),
      ...this.#limitProperties(limits),
    ];
    const replaced = new Set(this.#annotated.map(({ name }) => name));
    const own = properties.filter(({ name }) => !replaced.has(name));
    this.#manager.start(unit, [...own, ...this.#annotated]);
  }

  /**
   * Changes what the container may use.
   * @throws {CgroupError} with systemd's words
   */
  limit(limits: ScopeLimits): void {
    this.#manager.setProperties(this.unit.unit, this.#limitProperties(limits));
  }

  /**
   * Stops the scope; its processes are to be gone before.
   * @throws {CgroupError} with systemd's words
   */
  stop(): void {
    this.#manager.stop(this.unit.unit);
  }

  #limitProperties({ writes, devices }: ScopeLimits): Property[] {
    return propertiesFor(this.#request.user, this.#version, writes, devices);
  }
}

/**
 * The name of a container's scope.
 *
 * @param CgroupErrors the class, which is loaded elsewhere
 * @throws {CgroupError} config: `linux.cgroupsPath` cannot be used
 */
export function scopeName(
  CgroupErrors: typeof CgroupError,
  id: string,
  cgroupsPath: string,
  user: boolean,
): UnitName {
  try {
    return unitName(id, cgroupsPath, user);
  } catch (error) {
    const found = JSON.stringify(cgroupsPath);
    const why = (error as Error).message;
    throw new CgroupErrors(
      "config",
      `Cannot use linux.cgroupsPath ${found} with systemd: ${why}`,
      error,
    );
  }
}

/** The cgroup of a scope below its manager's. */
export function scopePath({ slice, unit }: UnitName): string {
  return `${slicePath(slice)}/${unit}`;
}

/**
 * Limits without the weight that an idle cgroup cannot have: systemd has made
 * it idle by the time that files are written, and the kernel takes no weight
 * then.
 */
export function withoutIdleWeight<T extends CpuLimits>(resources: T): T {
  const { cpu, unified } = resources;
  const idle = Number(cpu?.idle ?? 0) === 1 ||
    unified?.["cpu.idle"]?.trim() === "1";
  if (!idle) return resources;
  const { shares: _, ...restOfCpu } = cpu ?? {};
  const { "cpu.weight": __, ...restOfUnified } = unified ?? {};
  return {
    ...resources,
    ...cpu !== undefined && { cpu: restOfCpu },
    ...unified !== undefined && { unified: restOfUnified },
  };
}

/** What makes a cgroup idle, and what gives it a weight. */
interface CpuLimits {
  readonly cpu?: {
    readonly idle?: number | bigint;
    readonly shares?: number | bigint;
  };
  readonly unified?: Readonly<Record<string, string>>;
}

/** The manager of a user cannot make rules for devices. */
function propertiesFor(
  user: boolean,
  version: number,
  writes: readonly ResourceWrite[],
  devices?: readonly DeviceRule[],
): Property[] {
  const rules = devices === undefined || user ? [] : deviceProperties(devices);
  return [...limitProperties(writes, version), ...rules];
}

/**
 * Changes what a container that exists may use.
 * @throws {CgroupError} with systemd's words
 */
export function limitUnit(
  tools: SystemdTools,
  { unit, user }: SystemdUnit,
  { writes, devices }: ScopeLimits,
): void {
  using manager = new SystemdManager(tools, user);
  const { version } = manager;
  manager.setProperties(unit, propertiesFor(user, version, writes, devices));
}

/**
 * Stops the unit of a container that exists, whose processes are gone. Where
 * systemd is out of reach, it finds out by itself that the cgroup is empty.
 *
 * @throws {CgroupError} with systemd's words
 */
export function stopUnit(
  tools: SystemdTools,
  { unit, user }: SystemdUnit,
): void {
  using manager = new SystemdManager(tools, user);
  manager.stop(unit);
}

/**
 * Moves a process of this user's into the unit of a container that exists.
 *
 * @param path the cgroup below the unit's, with a slash at its beginning; empty
 * for the unit's own
 * @throws {CgroupError} with systemd's words
 */
export function attachProcess(
  tools: SystemdTools,
  { unit, user }: SystemdUnit,
  path: string,
  pid: number,
): void {
  using manager = new SystemdManager(tools, user);
  manager.attach(unit, path, pid);
}
