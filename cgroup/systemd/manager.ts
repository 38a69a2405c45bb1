/**
 * What Davit asks of systemd: to start, change and stop transient units.
 *
 * Source: org.freedesktop.systemd1(5).
 *
 * @module
 */

import type { SyscallError } from "../../ffi/error.ts";
import type { CgroupError } from "../error.ts";
import type { isDirectory, readText, stat } from "../../ffi/files.ts";
import { type Environment, managerAddresses } from "./address.ts";
import { Bus, BusError, type BusTools } from "./bus.ts";
import type { Property } from "./properties.ts";
import type { Value, Variant } from "./wire.ts";

/** What this part works with: it is loaded on demand. */
export interface SystemdTools extends BusTools {
  readonly CgroupError: typeof CgroupError;
  readonly environment: Environment;
  readonly isDirectory: typeof isDirectory;
  readonly readText: typeof readText;
  readonly stat: typeof stat;
  readonly SyscallError: typeof SyscallError;
  /** This user's ID on the host; undefined: it is not known. */
  readonly uid: number | undefined;
}

const SERVICE = "org.freedesktop.systemd1";
const MANAGER = {
  destination: SERVICE,
  path: "/org/freedesktop/systemd1",
  interface: `${SERVICE}.Manager`,
} as const;

/** A job of any unit has ended; the body: number, path, unit, result. */
const JOB_REMOVED =
  `type='signal',sender='${SERVICE}',path='/org/freedesktop/systemd1',` +
  `interface='${SERVICE}.Manager',member='JobRemoved'`;

const UNIT_EXISTS = `${SERVICE}.UnitExists`;
const NO_SUCH_UNIT = `${SERVICE}.NoSuchUnit`;

/** How long systemd may take for a unit, in milliseconds; as in runc. */
const PATIENCE = 30_000;

/** systemd says so of hosts that it runs, sd_booted(3). */
const BOOTED = "/run/systemd/system";

/** A connection to the system's manager, or to a user's own. */
export class SystemdManager implements Disposable {
  readonly #bus: Bus;
  readonly #user: boolean;
  readonly #CgroupError: typeof CgroupError;

  /**
   * Connects.
   * @throws {CgroupError} system: there is no systemd, or it is out of reach
   */
  constructor(tools: SystemdTools, user: boolean) {
    this.#user = user;
    this.#CgroupError = tools.CgroupError;
    if (!tools.isDirectory(tools.stat(BOOTED))) {
      throw this.#error(
        "Cannot make cgroups through systemd: systemd not running on this " +
          `host ("${BOOTED}" is missing), leave out --systemd-cgroup`,
      );
    }
    // What it is told of a process is its number, which is another's in
    // another pid namespace.
    if (!user && tools.readText("/proc/1/comm").trim() !== "systemd") {
      throw this.#error(
        "Cannot make cgroups through systemd: it is not process 1 of this pid " +
          "namespace, leave out --systemd-cgroup",
      );
    }
    this.#bus = this.#connect(tools);
    try {
      this.#bus.match(JOB_REMOVED);
    } catch (error) {
      this.#bus.close();
      throw error;
    }
  }

  /** Ends the connection. */
  [Symbol.dispose](): void {
    this.#bus.close();
  }

  /** systemd's version, such as 252. */
  get version(): number {
    // Such as "252.39-1~deb12u1" or "v239".
    return Number(/[0-9]+/.exec(this.#property("Version"))?.[0] ?? 0);
  }

  /** The cgroup that its slices are in, without a slash at the end. */
  get controlGroup(): string {
    const path = this.#property("ControlGroup");
    return path === "/" ? "" : path;
  }

  /**
   * Starts a transient unit and waits until it runs. A failed one that has
   * the name and no processes is forgotten first.
   *
   * @throws {CgroupError} with systemd's words
   */
  start(unit: string, properties: readonly Property[]): void {
    const start = () => {
      this.#awaitJob(
        "start",
        unit,
        () =>
          this.#call("StartTransientUnit", "ssa(sv)a(sa(sv))", [
            unit,
            "replace",
            structs(properties),
            [],
          ]),
      );
    };
    try {
      start();
    } catch (error) {
      if (!isBusError(error, UNIT_EXISTS)) {
        throw this.#failed("start", unit, error);
      }
      this.resetFailed(unit);
      try {
        start();
      } catch (second) {
        throw this.#failed("start", unit, second);
      }
    }
  }

  /**
   * Changes properties of a unit until the next boot.
   * @throws {CgroupError} with systemd's words
   */
  setProperties(unit: string, properties: readonly Property[]): void {
    if (properties.length === 0) return;
    try {
      this.#call("SetUnitProperties", "sba(sv)", [
        unit,
        true,
        structs(properties),
      ]);
    } catch (error) {
      throw this.#failed("change", unit, error);
    }
  }

  /**
   * Moves a process into a unit's cgroup, or into one below it.
   * @throws {CgroupError} with systemd's words
   */
  attach(unit: string, path: string, pid: number): void {
    try {
      this.#call("AttachProcessesToUnit", "ssau", [unit, path, [pid]]);
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
      throw this.#error(
        `error adding pid ${pid} to cgroups: unit "${unit}": ${error.message}`,
      );
    }
  }

  /**
   * Stops a unit, of which nothing is left then. One that is gone is no error.
   * @throws {CgroupError} with systemd's words
   */
  stop(unit: string): void {
    try {
      this.#awaitJob(
        "stop",
        unit,
        () => this.#call("StopUnit", "ss", [unit, "replace"]),
      );
    } catch (error) {
      if (isBusError(error, NO_SUCH_UNIT)) return;
      throw this.#failed("stop", unit, error);
    }
    this.resetFailed(unit);
  }

  /** Has systemd forget that a unit failed; one that is gone is no error. */
  resetFailed(unit: string): void {
    try {
      this.#call("ResetFailedUnit", "s", [unit]);
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
    }
  }

  #connect(tools: SystemdTools): Bus {
    const addresses = managerAddresses(
      this.#user,
      tools.environment,
      tools.uid,
    );
    const refusals: string[] = [];
    for (const { path, isBus } of addresses) {
      try {
        return new Bus(tools, path, isBus);
      } catch (error) {
        const known = error instanceof tools.SyscallError ||
          error instanceof BusError;
        if (!known) throw error;
        const said = error instanceof BusError ? error.message : error.text;
        refusals.push(`"${path}": ${said}`);
      }
    }
    const mend = this.#user
      ? ', set XDG_RUNTIME_DIR, and let the user have a manager ("loginctl enable-linger")'
      : ", is its D-Bus running?";
    const tried = refusals.length === 0
      ? "neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is set"
      : refusals.join("; ");
    const whose = this.#user ? "the user's own systemd" : "systemd";
    throw this.#error(`Cannot reach ${whose} for cgroups: ${tried}${mend}`);
  }

  #property(name: string): string {
    try {
      const [value] = this.#bus.call({
        ...MANAGER,
        interface: "org.freedesktop.DBus.Properties",
        member: "Get",
        signature: "ss",
        body: [MANAGER.interface, name],
      });
      return String((value as Variant).value);
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
      throw this.#error(`Cannot ask systemd for its ${name}: ${error.message}`);
    }
  }

  #call(member: string, signature: string, body: Value[]): readonly Value[] {
    return this.#bus.call({ ...MANAGER, member, signature, body });
  }

  /** Waits for the end of the job that a call answers with. */
  #awaitJob(
    verb: string,
    unit: string,
    call: () => readonly Value[],
  ): void {
    const [job] = call();
    const { body } = this.#bus.awaitSignal(
      ({ member, body }) => member === "JobRemoved" && body[1] === job,
      PATIENCE,
    );
    const result = body[3];
    if (result === "done") return;
    this.resetFailed(unit);
    const words = `the job to ${verb} it ended as "${result}"`;
    throw new BusError(`${SERVICE}.JobFailed`, words);
  }

  #failed(verb: string, unit: string, error: unknown): unknown {
    if (!(error instanceof BusError)) return error;
    const mend = error.code === UNIT_EXISTS
      ? ", another container has that name, give it another linux.cgroupsPath"
      : "";
    return this.#error(
      `unable to apply cgroup configuration: unable to ${verb} unit ` +
        `"${unit}": ${error.message}${mend}`,
    );
  }

  #error(message: string): CgroupError {
    return new this.#CgroupError("system", message);
  }
}

function isBusError(error: unknown, code: string): boolean {
  return error instanceof BusError && error.code === code;
}

function structs(properties: readonly Property[]): Value[] {
  return properties.map(({ name, type, value }) => [name, { type, value }]);
}
