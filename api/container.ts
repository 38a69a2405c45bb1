/**
 * One container, as a program holds it.
 *
 * @module
 */

import type { Statistics } from "../cgroup/statistics/types.ts";
import { close, type Fd } from "../ffi/fd.ts";
import { pollAsync, POLLIN } from "../ffi/poll.ts";
import { type Ended, pidfdOpen, waitChild } from "../ffi/process.ts";
import { signalNumber } from "../ffi/signals.ts";
import { state } from "../oci/container_info.ts";
import { create as createContainer } from "../oci/create.ts";
import { RuntimeError } from "../oci/errors.ts";
import { currentStatistics } from "../oci/events.ts";
import { exec as execIn } from "../oci/exec.ts";
import type { ExecProcessOptions } from "../oci/exec_process.ts";
import { kill as killContainer } from "../oci/kill.ts";
import { pause, resume } from "../oci/pause.ts";
import { processes } from "../oci/ps.ts";
import { quote } from "../oci/quote.ts";
import { remove as removeContainer } from "../oci/remove.ts";
import type { Runtime, StateReport } from "../oci/runtime.ts";
import { start as startContainer } from "../oci/start.ts";
import {
  type BundleOptions,
  configText,
  type DavitOptions,
  runtimeOf,
} from "./options.ts";
import { ProgramStdio, type StdioOptions } from "./stdio.ts";

/** What a container is made from. */
export interface CreateContainerOptions
  extends DavitOptions, BundleOptions, StdioOptions {
  /** Who makes cgroups: Davit itself (the default), systemd, or nobody. */
  readonly cgroupManager?: "cgroupfs" | "systemd" | "disabled";
  /** Change the root with chroot(2), for an initramfs. */
  readonly noPivot?: boolean;
}

/** How a program ended. */
export interface ProgramEnd {
  /** Its exit status, or 128 and the number of the signal that ended it. */
  readonly status: number;
  /** What it wrote to stdout, where that was captured. */
  readonly stdout: string;
  /** What it wrote to stderr, where that was captured. */
  readonly stderr: string;
}

/** How to run one more program in a container. */
export interface ExecContainerOptions
  extends StdioOptions, Partial<Omit<ExecProcessOptions, "args" | "terminal">> {
  /** Run it in a paused container, where it waits as the others. */
  readonly ignorePaused?: boolean;
}

/**
 * A container.
 *
 * One that this process created is killed and deleted when it is disposed of;
 * one that was looked up is only let go of.
 */
export class Container implements AsyncDisposable {
  /** Its ID. */
  readonly id: string;
  readonly #runtime: Runtime;
  /** Of a container that this process created. */
  readonly #stdio: ProgramStdio | undefined;
  readonly #pid: number | undefined;
  #end: Promise<ProgramEnd> | undefined;
  #removed = false;

  /** Use `create()` or `get()`. */
  constructor(
    runtime: Runtime,
    id: string,
    created?: { readonly pid: number; readonly stdio: ProgramStdio },
  ) {
    this.id = id;
    this.#runtime = runtime;
    this.#pid = created?.pid;
    this.#stdio = created?.stdio;
  }

  /**
   * Its state, as the runtime specification has it.
   * @throws {RuntimeError} not-found
   */
  state(): StateReport {
    return state(this.#runtime, this.id);
  }

  /**
   * Lets its program run; returns when it runs.
   * @throws {RuntimeError} state, or process: the program cannot run
   */
  async start(): Promise<this> {
    await startContainer(this.#runtime, this.id);
    return this;
  }

  /**
   * Waits until its program has ended. Only the process that created the
   * container is told how.
   *
   * @throws {RuntimeError} state: another process created it
   */
  wait(): Promise<ProgramEnd> {
    const pid = this.#pid;
    if (pid === undefined) {
      throw new RuntimeError(
        "state",
        `Cannot wait for container ${quote(this.id)}: another process ` +
          "created it",
      );
    }
    return this.#end ??= this.#waitFor(pid);
  }

  async #waitFor(pid: number): Promise<ProgramEnd> {
    const pidfd = pidfdOpen(pid);
    if (pidfd !== undefined) await endOf(pidfd);
    const ended: Ended | undefined = waitChild(pid);
    return {
      status: ended?.status ?? 0,
      stdout: this.#stdio?.text("stdout") ?? "",
      stderr: this.#stdio?.text("stderr") ?? "",
    };
  }

  /** What its program has written by now, where that is captured. */
  output(stream: "stdout" | "stderr" = "stdout"): string {
    return this.#stdio?.text(stream) ?? "";
  }

  /**
   * Runs one more program in it and waits for its end.
   *
   * @throws {RuntimeError} state, or process: the program cannot run
   */
  async exec(
    args: readonly string[],
    options: ExecContainerOptions = {},
  ): Promise<ProgramEnd> {
    using stdio = new ProgramStdio(options);
    const { stdin: _i, stdout: _o, stderr: _e, ...process } = options;
    const status = await execIn(this.#runtime, {
      env: [],
      additionalGids: [],
      capabilities: [],
      ignorePaused: false,
      ...process,
      id: this.id,
      args,
      terminal: false,
      detach: false,
      preserveFds: 0,
      cgroups: new Map(),
      stdio: stdio.descriptors,
    });
    return {
      status,
      stdout: stdio.text("stdout"),
      stderr: stdio.text("stderr"),
    };
  }

  /**
   * Sends a signal to its first process, or to all of them.
   *
   * @param signal a name such as "TERM", or a number
   * @throws {RuntimeError} usage, or state: `container not running`
   */
  kill(
    signal: string | number = "TERM",
    { all = false }: { readonly all?: boolean } = {},
  ): void {
    const number = signalNumber(`${signal}`);
    if (number === undefined) {
      throw new RuntimeError("usage", `unknown signal ${quote(`${signal}`)}`);
    }
    killContainer(this.#runtime, this.id, number, { all });
  }

  /** Stops all of its processes for a while. */
  pause(): void {
    pause(this.#runtime, this.id);
  }

  /** Lets its processes go on. */
  resume(): void {
    resume(this.#runtime, this.id);
  }

  /** The IDs of its processes on the host. */
  processes(): number[] {
    return processes(this.#runtime, this.id);
  }

  /**
   * What it uses.
   * @throws {RuntimeError} state: it is not running
   */
  stats(): Statistics {
    return currentStatistics(this.#runtime, this.id);
  }

  /**
   * Deletes it.
   *
   * @param options `force`: kill it first if it runs
   * @throws {RuntimeError} state: it is not stopped
   */
  async remove(
    { force = false }: { readonly force?: boolean } = {},
  ): Promise<void> {
    await removeContainer(this.#runtime, this.id, { force });
    this.#removed = true;
    if (this.#pid !== undefined) await this.wait();
    this.#stdio?.[Symbol.dispose]();
  }

  /** Kills and deletes it, if this process created it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#pid !== undefined && !this.#removed) {
      await this.remove({ force: true });
    }
    this.#stdio?.[Symbol.dispose]();
  }
}

async function endOf(pidfd: Fd): Promise<void> {
  try {
    while (!(await pollAsync([{ fd: pidfd, events: POLLIN }], -1))[0]);
  } finally {
    close(pidfd);
  }
}

/**
 * Creates a container: everything up to its program, which waits for
 * `start()`.
 *
 * @throws {RuntimeError | ConfigError} and nothing of the container is left
 */
export async function create(
  id: string,
  options: CreateContainerOptions,
): Promise<Container> {
  const runtime = runtimeOf(options);
  const stdio = new ProgramStdio(options);
  try {
    const { pid } = await createContainer(runtime, {
      id,
      bundle: options.bundle,
      ...configText(options),
      ...(options.strict !== undefined && { strict: options.strict }),
      ...(options.cgroupManager && { cgroupManager: options.cgroupManager }),
      ...(options.noPivot && { noPivot: true }),
      stdio: stdio.descriptors,
    });
    return new Container(runtime, id, { pid, stdio });
  } catch (error) {
    stdio[Symbol.dispose]();
    throw error;
  }
}

/**
 * A container that is there already.
 * @throws {RuntimeError} not-found
 */
export function get(id: string, options: DavitOptions = {}): Container {
  const runtime = runtimeOf(options);
  state(runtime, id);
  return new Container(runtime, id);
}

/**
 * Runs a container to its end and deletes it.
 *
 * @throws {RuntimeError | ConfigError} and nothing of the container is left
 */
export async function run(
  id: string,
  options: CreateContainerOptions,
): Promise<ProgramEnd> {
  await using container = await create(id, options);
  await container.start();
  const end = await container.wait();
  await container.remove();
  return end;
}
