/**
 * One process being added to a container, and what there is of it so far.
 *
 * @module
 */

import type { SubCgroups } from "../cgroup/sub_cgroups.ts";
import { close, type Fd, Handle } from "../ffi/fd.ts";
import { fchown, unlink } from "../ffi/files.ts";
import {
  pidfdOpen,
  pidfdSendSignal,
  sleep,
  waitChild,
} from "../ffi/process.ts";
import { slavePath } from "../ffi/pty.ts";
import { SIGNALS } from "../ffi/signals.ts";
import { ARCH } from "../ffi/syscall.ts";
import { firstFree } from "../launch/descriptors.ts";
import {
  CALLS_UNDER_FILTER,
  makesJoining,
  planExec,
  PROGRAM,
} from "../launch/exec.ts";
import { type ExecLaunchOptions, launchExec } from "../launch/exec_launch.ts";
import { EXEC_NAME } from "../launch/init_name.ts";
import { end } from "../launch/launch.ts";
import type { ExecInput } from "../launch/exec_input.ts";
import type { SchedulerInput } from "../launch/input.ts";
import { FRAME, type Plan } from "../launch/plan.ts";
import { schedule } from "../launch/scheduling.ts";
import {
  type Console,
  sendMaster,
  sendPidfd,
  setupConsole,
} from "./console.ts";
import { writePidFile } from "./creation_checks.ts";
import { lowerFilter, sendListener } from "./creation_seccomp.ts";
import { RuntimeError } from "./errors.ts";
import type { ExecProcessOptions } from "./exec_process.ts";
import { hostId } from "./id_maps.ts";
import { initLives, processStat } from "./init_process.ts";
import { cgroupInUnit, lowerExec } from "./lower_exec.ts";
import type { Logger } from "./logger.ts";
import type { Parts } from "./parts.ts";
import { ownPrivileges } from "./privileges.ts";
import { quote } from "./quote.ts";
import { awaitEnd, Relay } from "./relay.ts";
import type { Runtime, Stdio } from "./runtime.ts";
import type { Signals } from "./signals.ts";
import type { Process, Spec } from "./spec.ts";
import { containerFolder, type ContainerRecord } from "./store.ts";

/** How to run a process in a container. */
export interface ExecOptions extends ExecProcessOptions {
  /** The container's ID. */
  readonly id: string;
  /** Return once the program runs. */
  readonly detach: boolean;
  /** The Unix socket that is sent the master of the terminal. */
  readonly consoleSocket?: string;
  /** The file that the process's pid is written to, as digits alone. */
  readonly pidFile?: string;
  /** The Unix socket that is sent a pidfd of the process. */
  readonly pidfdSocket?: string;
  /** How many descriptors from 3 on the program keeps. */
  readonly preserveFds: number;
  /** Go on in a paused container, where the process waits as the others. */
  readonly ignorePaused: boolean;
  /** Cgroups below the container's. */
  readonly cgroups: SubCgroups;
  /** This process ends with it: nothing has to be put back. */
  readonly last?: boolean;
  /** The program's stdin, stdout and stderr; absent: this process's. */
  readonly stdio?: Stdio;
}

/** A process to be added to a container, checked. */
export interface ExecOrder {
  readonly runtime: Runtime;
  readonly options: ExecOptions;
  readonly record: ContainerRecord;
  /** The container's configuration. */
  readonly spec: Spec;
  readonly process: Process;
  /** What `lowerFilter` needs. */
  readonly parts: Parts;
}

/** How often a process is looked at, and the time between, milliseconds. */
const LOOKS = 1000, BETWEEN = 0.1;

/** One process being added to a container. */
export class Execution implements Disposable {
  readonly #order: ExecOrder;
  /** Whether this process carries the terminal's bytes. */
  readonly #relays: boolean;
  #pid = 0;
  #master: Fd | undefined;
  #relay: Relay | undefined;
  /** The pid file, once it is written. */
  #pidFile: string | undefined;

  /** Starts nothing yet. */
  constructor(order: ExecOrder) {
    this.#order = order;
    const { options, process } = order;
    this.#relays = process.terminal === true && !options.detach &&
      options.consoleSocket === undefined;
  }

  /**
   * Starts the process; its program runs when this returns.
   * @throws {RuntimeError | LaunchError | SyscallError}
   */
  start(signals: Signals): void {
    const { options, record, runtime: { log } } = this.#order;
    using init = this.#openInit();
    const { plan, scheduler } = this.#plan(record.init!.pid);
    const terminal = this.#hostConsole(plan);
    try {
      this.#pid = this.#launch(plan, init.fd, terminal, {
        meanwhile: () => options.detach || signals.prepare(),
        onReady: (pid) => {
          const { sandboxId: sandbox } = record;
          log.debug("process: joined the container", { sandbox, process: pid });
          if (scheduler !== undefined) schedule(pid, scheduler);
          // Before, a signal ends a launch that a container holds up: one that
          // is paused, or whose file system does not answer.
          if (!options.detach) signals.listen();
        },
      });
      this.#checkRuns();
    } catch (error) {
      this.#undo();
      throw error;
    } finally {
      if (terminal.slave !== undefined) close(terminal.slave);
    }
    log.debug("process started in the container", {
      sandbox: record.sandboxId,
      process: this.#pid,
    });
  }

  /**
   * Waits until the program ends, and answers its exit status.
   * @throws {SyscallError} it cannot be waited for, and is killed
   */
  async end(signals: Signals): Promise<number> {
    try {
      await this.#untilEnd(signals);
    } catch (error) {
      this.#undo();
      throw error;
    }
    return waitChild(this.#pid)?.status ?? 0;
  }

  /** Ends the process, if it was launched. */
  #undo(): void {
    if (this.#pidFile !== undefined) unlink(this.#pidFile);
    if (this.#pid !== 0) end(this.#pid);
  }

  async #untilEnd(signals: Signals): Promise<void> {
    using pidfd = new Handle(pidfdOpen(this.#pid)!);
    const relay = this.#relay;
    signals.forward((signal) => {
      if (relay && signal === SIGNALS["WINCH"]) relay.resize();
      else pidfdSendSignal(pidfd.fd, signal);
    });
    if (relay === undefined) await awaitEnd(pidfd.fd, signals);
    else await relay.run(pidfd.fd, signals);
  }

  /** Gives the caller's terminal its settings back. */
  [Symbol.dispose](): void {
    this.#relay?.[Symbol.dispose]();
    if (this.#master !== undefined) close(this.#master);
  }

  /** A pidfd of init: of this one, and of no process that came after it. */
  #openInit(): Handle {
    const { record } = this.#order;
    const pidfd = record.init && pidfdOpen(record.init.pid);
    if (pidfd !== undefined) {
      const handle = new Handle(pidfd);
      if (initLives(record)) return handle;
      handle.close();
    }
    throw new RuntimeError(
      "state",
      `Cannot exec in container ${
        quote(record.id)
      }: cannot exec in a stopped container`,
    );
  }

  #plan(initPid: number): { plan: Plan; scheduler?: SchedulerInput } {
    const { options, parts, process, record, runtime, spec } = this.#order;
    const { seccomp } = lowerFilter(parts, spec, runtime.log);
    // A trace makes calls of its own between the others.
    const loadsFilterEarly = seccomp !== undefined && !seccomp.notifies &&
      runtime.trace === undefined &&
      parts.seccomp!.allowsAll(seccomp.filter, ARCH, CALLS_UNDER_FILTER);
    const { input, ...late } = lowerExec(process, {
      spec,
      record,
      initPid,
      cgroups: options.cgroups,
      preserveFds: options.preserveFds,
      ...seccomp !== undefined && { seccomp },
      loadsFilterEarly,
    });
    if (runtime.log.debugs) tellDecisions(runtime.log, input);
    return { plan: planExec(input), ...late };
  }

  #launch(
    untraced: Plan,
    init: Fd,
    terminal: Console,
    { meanwhile, onReady }: {
      meanwhile: () => void;
      onReady: (pid: number) => void;
    },
  ): number {
    const { options, parts, record, runtime, spec } = this.#order;
    const { root, trace } = runtime;
    this.#master = terminal.master;
    const { preserveFds } = options;
    trace?.phase("launch");
    const { plan, fd } = trace?.launch(
      untraced,
      firstFree(preserveFds, terminal.slave !== undefined),
      { init: PROGRAM, frame: FRAME },
    ) ?? { plan: untraced };
    const { pid, helpers } = launchExec({
      plan,
      ...fd !== undefined && { trace: fd },
      ...options.stdio && { stdio: options.stdio },
      preserveFds,
      init,
      ...terminal.slave !== undefined && { console: terminal.slave },
      folder: containerFolder(root, record.id),
      meanwhile,
      ...this.#placing(),
      onListener: (listener, pid) =>
        sendListener(listener, pid, parts, spec, record, true),
      onReady: (pid, master) => {
        this.#handOver(pid, master);
        onReady(pid);
      },
    });
    trace?.launched();
    if (helpers === 1 && makesJoining(untraced)) {
      runtime.log.warn(
        "the process is not in the container's cgroup, which takes none of " +
          "yours: its limits do not hold",
      );
    }
    return pid;
  }

  /** Has systemd put the first process where only systemd can. */
  #placing(): Pick<ExecLaunchOptions, "onPlace"> {
    const { options, parts: { systemd }, record } = this.#order;
    if (systemd === undefined) return {};
    return {
      onPlace: (pid) =>
        systemd.scopes.attachProcess(
          systemd.tools,
          record.cgroups.systemd!,
          cgroupInUnit(record, options.cgroups, record.init!.pid),
          pid,
        ),
    };
  }

  /** Gives what the caller wants before the program runs. */
  #handOver(pid: number, opened: Fd | undefined): void {
    const { consoleSocket, pidFile, pidfdSocket } = this.#order.options;
    if (opened !== undefined) {
      this.#master = opened;
      if (consoleSocket !== undefined) {
        sendMaster(consoleSocket, opened, slavePath(opened));
      }
    }
    if (this.#relays) this.#relay = new Relay(this.#master!);
    if (pidfdSocket !== undefined) sendPidfd(pidfdSocket, pid);
    if (pidFile === undefined) return;
    writePidFile(pidFile, pid);
    this.#pidFile = pidFile;
  }

  /** A terminal of the host's, where the container has none of its own. */
  #hostConsole(plan: Plan): Console {
    const fromHost = plan.steps.some(({ action }) =>
      "set" in action && action.set === "slave"
    );
    if (!fromHost) return { path: "" };
    const { options, process, spec: { linux = {} } } = this.#order;
    const { consoleSocket = "" } = options;
    const terminal = setupConsole("", consoleSocket, this.#relays);
    const owner = hostId(process.user?.uid ?? 0, linux);
    // An ordinary user can give nothing away: it is his already.
    const gives = ownPrivileges() !== "user" && owner !== undefined;
    if (terminal.slave !== undefined && gives) fchown(terminal.slave, owner);
    return terminal;
  }

  /**
   * execve(2) closes descriptors a moment before it changes the name; a
   * process that still has that of the launch and is dead was killed.
   */
  #checkRuns(): void {
    for (let look = 0; look < LOOKS; look++) {
      const stat = processStat(this.#pid);
      if (stat?.name !== EXEC_NAME) return;
      if (stat.state === "Z" || stat.state === "X") {
        waitChild(this.#pid);
        throw new RuntimeError(
          "process",
          `Cannot exec in container ${
            quote(this.#order.record.id)
          }: the process was killed before its program ran`,
        );
      }
      sleep(BETWEEN);
    }
  }
}

/** Has lines in the log for what was decided about the process. */
function tellDecisions(log: Logger, input: ExecInput): void {
  const { affinity, cgroupDirectory, cgroupTasks, process } = input;
  const { groups, noNewPrivileges, seccomp, terminal, uid, gid } = process;
  log.debug(`namespaces joined: ${input.namespaces.join(", ") || "none"}`, {
    init: input.initPid,
  });
  log.debug("cgroups joined", {
    tasks: cgroupTasks,
    unified: cgroupDirectory,
    otherwise: input.initCgroup,
  });
  log.debug("the process is planned", {
    program: process.args[0],
    cwd: process.cwd,
    user: `${uid}:${gid}`,
    groups,
    noNewPrivileges,
    terminal: terminal?.from ?? "none",
    seccomp: seccomp === undefined
      ? "none"
      : input.loadsFilterEarly
      ? "before the process is made"
      : "by the process",
    processors: affinity.final ?? affinity.initial ? "as asked" : "all",
    preserveFds: input.preserveFds,
  });
}
