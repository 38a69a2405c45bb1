import { CgroupError, osCode, osText, stillUsed } from "./error.ts";
import {
  findFreezer,
  freeze,
  type Freezer,
  isFrozen,
  releaseKilled,
  thaw,
} from "./freezer.ts";
import { CgroupInUse, type CgroupLock, lockCgroup, lockedOf } from "./lock.ts";
import { removeAbove } from "./parents.ts";
import type { Claimed } from "./setup.ts";
import { killProcesses, signalProcesses } from "./signal_all.ts";
import { processIds, removeDirectory, removeTree, sleep } from "./tree.ts";

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
  /** Whether they have the container's mark; see `CgroupLock`. */
  readonly marked?: boolean;
}

/** Whose the processes are that are in a container's cgroups, by its mark. */
export type Whose = (mark: string | undefined) => "own" | "ended" | "others";

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
  #marked: boolean | undefined;
  /** Held while they are made or removed. */
  #lock: CgroupLock | undefined;

  /** Takes what the container's state kept. */
  constructor(record: CgroupRecord) {
    this.kind = record.kind;
    this.systemd = record.systemd;
    this.#directories = record.directories;
    this.#created = record.created;
    this.#marked = record.marked;
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
    const marked = this.#marked;
    return {
      ...{ kind, directories, created },
      ...systemd !== undefined && { systemd },
      ...marked !== undefined && { marked },
    };
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
   * Does something while nobody else makes a container in these cgroups or
   * removes them.
   *
   * @param action gets the mark of the container that had them last
   * @throws {CgroupInUse} somebody else is at that
   */
  underLock<T>(action: (mark: () => string | undefined) => T): T {
    const first = lockedOf(this.directories);
    if (this.#lock !== undefined || first === undefined) {
      return action(() => this.#lock?.mark);
    }
    this.#lock = lockCgroup(first);
    try {
      return action(() => this.#lock?.mark);
    } finally {
      this.release();
    }
  }

  /**
   * As `signalAll`, for a container whose init has ended: what is in the
   * cgroups may be another's by now.
   *
   * @returns the processes that were there
   */
  signalOwn(signal: number, whose: Whose): number[] {
    try {
      return this.underLock((mark) => {
        const mine = this.pids().length > 0 && whose(mark()) === "own";
        return mine ? this.signalAll(signal) : [];
      });
    } catch (error) {
      // Who makes a container there has found nobody.
      if (error instanceof CgroupInUse) return [];
      throw error;
    }
  }

  /**
   * Kills what is the container's and removes the cgroups. Most often they are
   * empty, and removed with one call each.
   *
   * @param whose asked where they are not
   * @throws {CgroupInUse} they are somebody else's by now
   * @throws {SyscallError | CgroupError}
   */
  killAndDestroy(whose: Whose = () => "own"): void {
    this.underLock((mark) => {
      const left = this.#removeOf(this.#present(), removeDirectory);
      const found = left.length === 0 ? "own" : whose(mark());
      if (found === "others") {
        throw new CgroupInUse(left[0]!, "another container is in it");
      }
      if (left.length > 0 && found === "own") this.signalAll(SIGKILL);
      this.#destroy(left, found === "own" ? PATIENCE : SHORT_PATIENCE);
    });
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
    this.underLock(() => this.#destroy(this.#present(), patience));
  }

  /** Without a lock the first one was gone, and what comes then is not ours. */
  #present(): readonly string[] {
    return this.#lock === undefined
      ? this.directories.slice(0, -1)
      : this.directories;
  }

  /**
   * Removes some of the cgroups; answers those that are left. The one with the
   * lock goes after all others, and once: what has its path then is new.
   */
  #removeOf(
    directories: readonly string[],
    remove: (path: string) => boolean,
  ): string[] {
    const first = lockedOf(this.directories);
    const left = directories.filter((directory) =>
      directory !== first && !this.#remove(directory, remove)
    );
    if (first === undefined || !directories.includes(first)) return left;
    const all = left.length === 0 && this.#remove(first, remove);
    return all ? [] : [...left, first];
  }

  #destroy(directories: readonly string[], patience: number): void {
    let deadline: number | undefined;
    let left = directories;
    for (let pause = 0.25; left.length > 0; pause = Math.min(pause * 2, 50)) {
      left = this.#removeOf(left, removeTree);
      if (left.length === 0) break;
      deadline ??= performance.now() + patience;
      if (performance.now() > deadline) {
        throw stillUsed("remove", this.directories, left.flatMap(processIds));
      }
      sleep(pause);
    }
    removeAbove(this.directories, this.created);
  }

  /** Takes note of what create() made, or undid. */
  protected settle(
    directories: readonly string[],
    created: readonly string[],
    { lock, marked }: Claimed = {},
  ): void {
    this.#directories = directories;
    this.#created = created;
    this.#lock = lock;
    this.#marked = marked;
  }

  /** Lets others have what they wait for: the processes are in. */
  release(): void {
    this.#lock?.[Symbol.dispose]();
    this.#lock = undefined;
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
