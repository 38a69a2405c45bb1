import { CgroupError, osCode, osText, stillUsed } from "./error.ts";
import {
  findFreezer,
  freeze,
  type Freezer,
  isFrozen,
  releaseKilled,
  thaw,
} from "./freezer.ts";
import { killProcesses, signalProcesses } from "./signal_all.ts";
import {
  deepestFirst,
  processIds,
  removeDirectory,
  removeTree,
  sleep,
} from "./tree.ts";

/** Which interface a container's cgroups have; `v1` covers hybrid hosts. */
export type CgroupKind = "v1" | "v2" | "none";

/** The unit of systemd's that a container's cgroups belong to. */
export interface SystemdUnit {
  /** Its name, such as `davit-abc.scope`. */
  readonly unit: string;
  /** The slice that it is in, such as `system.slice`. */
  readonly slice: string;
  /** Whether it is one of a user's own manager. */
  readonly user: boolean;
}

/** What the container's state keeps of its cgroups; plain data. */
export interface CgroupRecord {
  /** The interface of these cgroups. */
  readonly kind: CgroupKind;
  /** The container's cgroup in each hierarchy, as absolute host paths. */
  readonly directories: readonly string[];
  /** The directories that were made for it, parents included. */
  readonly created: readonly string[];
  /** Present where systemd made them. */
  readonly systemd?: SystemdUnit;
}

/** How long to wait for processes to end, in milliseconds. */
const PATIENCE = 10_000;

/** The same for processes that are somebody else's, and may not end. */
const SHORT_PATIENCE = 1000;

const SIGKILL = 9;

/** The cgroups of a container that exists. */
export class ExistingCgroups {
  /** The interface of these cgroups. */
  readonly kind: CgroupKind;
  /** Present where systemd makes and removes them. */
  readonly systemd: SystemdUnit | undefined;
  #directories: readonly string[];
  #created: readonly string[];
  /** The cgroups that are not known to be gone; undefined: all. */
  #left: readonly string[] | undefined;

  /** Takes what the container's state kept. */
  constructor(record: CgroupRecord) {
    this.kind = record.kind;
    this.systemd = record.systemd;
    this.#directories = record.directories;
    this.#created = record.created;
  }

  /** The container's cgroup in each hierarchy, as absolute host paths. */
  get directories(): readonly string[] {
    return this.#directories;
  }

  /** Every directory that was made for the container, parents included. */
  get created(): readonly string[] {
    return this.#created;
  }

  /** What the container's state keeps. */
  record(): CgroupRecord {
    const { kind, directories, created, systemd } = this;
    const known = { kind, directories, created };
    return systemd === undefined ? known : { ...known, systemd };
  }

  /** The files to which a process writes "0" to join. */
  processFiles(): string[] {
    return this.directories.map((directory) => `${directory}/cgroup.procs`);
  }

  /** The IDs of all processes, those of sub-cgroups included. */
  pids(): number[] {
    return [...new Set(this.directories.flatMap(processIds))];
  }

  /**
   * Stops every process, those of sub-cgroups included, and returns when they
   * have stopped.
   *
   * @throws {CgroupError} one does not stop, or there is no freezer
   */
  freeze(): void {
    freeze(this.#needFreezer("freeze"));
  }

  /**
   * Lets every process go on.
   * @throws {CgroupError}
   */
  thaw(): void {
    thaw(this.#needFreezer("thaw"));
  }

  /** Whether the processes are stopped; a cgroup above does not count. */
  frozen(): boolean {
    const freezer = findFreezer(this.directories);
    return freezer !== undefined && isFrozen(freezer);
  }

  /** Lets killed processes end that are frozen; the others go on as well. */
  releaseKilled(): void {
    const freezer = findFreezer(this.directories);
    if (freezer !== undefined) releaseKilled(freezer);
  }

  /**
   * Sends a signal to every process, this one excepted; SIGKILL until no
   * process is left.
   *
   * @returns the processes that were there
   * @throws {SyscallError} when a process may not be signalled; the others are
   * @throws {CgroupError} when processes stay for 10 s after SIGKILL
   */
  signalAll(signal: number): number[] {
    return signal === SIGKILL
      ? killProcesses(this.directories, PATIENCE)
      : signalProcesses(this.directories, signal);
  }

  /**
   * Kills every process and removes the cgroups, as `signalAll` and `destroy`
   * do. Most often they are empty, and removed with one call each.
   *
   * @param mayKill asked where they are not: whether what is in them is the
   * container's
   * @throws {SyscallError | CgroupError}
   */
  killAndDestroy(mayKill: () => boolean = () => true): void {
    this.#left = this.directories.filter((directory) =>
      !this.#remove(directory, removeDirectory)
    );
    const empty = this.#left.length === 0;
    const own = empty || mayKill();
    if (!empty && own) this.signalAll(SIGKILL);
    this.destroy(own ? PATIENCE : SHORT_PATIENCE);
  }

  /**
   * Removes the cgroups with all that is below them, then the parents that
   * were made for them and that nobody else uses. Kills nothing: processes
   * that are just ending are waited for.
   *
   * @param patience how long to wait, in milliseconds
   * @throws {CgroupError} when a cgroup stays in use, or cannot be removed
   */
  destroy(patience: number = PATIENCE): void {
    let deadline: number | undefined;
    let left = this.#left ?? this.directories;
    for (let pause = 0.25;; pause = Math.min(pause * 2, 50)) {
      left = left.filter((directory) => !this.#remove(directory, removeTree));
      if (left.length === 0) break;
      deadline ??= performance.now() + patience;
      if (performance.now() > deadline) {
        throw stillUsed("remove", this.directories, left.flatMap(processIds));
      }
      sleep(pause);
    }
    this.#left = [];
    const gone = new Set(this.directories);
    for (const directory of deepestFirst(this.created)) {
      if (!gone.has(directory)) this.#remove(directory, removeDirectory);
    }
  }

  /** Takes note of what create() made, or undid. */
  protected settle(
    directories: readonly string[],
    created: readonly string[],
  ): void {
    this.#directories = directories;
    this.#created = created;
  }

  #needFreezer(verb: "freeze" | "thaw"): Freezer {
    const freezer = findFreezer(this.directories);
    if (freezer !== undefined) return freezer;
    const [directory] = this.directories;
    throw new CgroupError(
      "system",
      directory === undefined
        ? `Cannot ${verb} processes: the container has no cgroup`
        : `Cannot ${verb} processes: the container has no cgroup with a ` +
          'freezer, mount the cgroup controller "freezer", or cgroup2',
    );
  }

  #remove(directory: string, remove: (path: string) => boolean): boolean {
    try {
      return remove(directory);
    } catch (error) {
      throw new CgroupError(
        "system",
        `Cannot remove cgroup "${directory}": ${osCode(error)}: ${
          osText(error)
        }`,
        error,
      );
    }
  }
}

/** The cgroups of a container that exists, from what its state keeps. */
export function cgroupManagerFromState(record: CgroupRecord): ExistingCgroups {
  return new ExistingCgroups(record);
}
