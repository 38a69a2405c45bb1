/**
 * One container being made.
 *
 *     claim the ID -> cgroups -> launch -> record
 *
 * What is about to be made is on disk before it is made; a failure undoes
 * what there is, in reverse.
 *
 * @module
 */

import { processCgroupsPath } from "../cgroup/paths.ts";
import { close, closesOnExec, type Fd } from "../ffi/fd.ts";
import { unlink } from "../ffi/files.ts";
import { userId } from "../ffi/process.ts";
import { listen } from "../ffi/socket.ts";
import { encodeText } from "../ffi/text.ts";
import { WAIT } from "../launch/await_start.ts";
import { firstFree } from "../launch/descriptors.ts";
import { INIT } from "../launch/first_process.ts";
import { type HookWork, launch, type Launched } from "../launch/launch.ts";
import { FRAME, type Plan } from "../launch/plan.ts";
import { reasonsFrom } from "../launch/reasons.ts";
import { startProgram } from "../launch/start_program.ts";
import {
  addContainerIDMapping,
  delContainerIDMapping,
} from "../mapping/mapping.ts";
import { containerType } from "./annotations.ts";
import { type Console, sendMaster, sendPidfd } from "./console.ts";
import { RuntimeError } from "./errors.ts";
import { type HookState, hookState } from "./hook_state.ts";
import { idMapTable, openIdMaps } from "./idmaps.ts";
import { writeIdMaps } from "./id_maps.ts";
import { processStat } from "./init_process.ts";
import { rootfsPath } from "./lower.ts";
import { checkPreserved } from "./lower_process.ts";
import { withOom } from "./oom_report.ts";
import { type Parts } from "./parts.ts";
import { checkPrivileges, ownPrivileges } from "./privileges.ts";
import type { ResctrlGroups } from "./resctrl.ts";
import type { CreateOptions, Runtime } from "./runtime.ts";
import { addGuest, removeGuest } from "./shortcut_files.ts";
import type { Spec } from "./spec.ts";
import { checkStarted } from "./start.ts";
import {
  claim,
  commitRecord,
  containerFolder,
  type ContainerRecord,
  prepareRecord,
  removeFolder,
  saveConfig,
  startSocket,
  writeRecord,
} from "./store.ts";
import {
  checkConsole,
  checkRootfs,
  endInit,
  writePidFile,
} from "./creation_checks.ts";
import { CreationCgroups } from "./creation_cgroups.ts";
import { hostConsole } from "./creation_console.ts";
import { copyUpWork } from "./creation_copy_up.ts";
import { mayStartNow, planCreation } from "./creation_plan.ts";
import { createdRecord, firstRecord } from "./creation_record.ts";
import { sendListener } from "./creation_seccomp.ts";

/** A created container, and the terminal that nobody has taken yet. */
export interface Created {
  /** Whether its program runs already. */
  readonly started: boolean;
  /** What its state on disk holds. */
  readonly record: ContainerRecord;
  /** The terminal's master, for a caller that relays it. */
  readonly master?: Fd;
}

/** What callers inside Davit may ask for besides. */
export interface CreationExtras {
  /** Start the program as well, as soon as it may run. */
  readonly startNow?: boolean;
  /** Make the host's mounts below the root read-only. */
  readonly recursiveReadonly?: boolean;
  /** The text of the configuration; absent: the configuration as it is. */
  readonly config?: Uint8Array<ArrayBuffer>;
  /** Done once the container has its folder. */
  readonly onClaimed?: () => void;
  /** Done while the container is being set up. */
  readonly meanwhile?: () => void;
}

/** One container being made: what there is so far, and how to undo it. */
export class Creation {
  readonly #undo: (() => void)[] = [];
  readonly #cgroups: CreationCgroups;
  readonly #owner = userId();
  readonly #privileges = ownPrivileges();
  readonly #startNow: boolean;
  /** Whether a hook may have done something that others are to undo. */
  #hooksBegan = false;
  #groups: ResctrlGroups | undefined;
  #record: ContainerRecord;

  /**
   * @param spec the configuration, checked
   * @param bundle the bundle's path, without symbolic links
   * @param relays whether the caller takes the terminal itself
   * @param parts what `loadParts` gave for this configuration
   */
  constructor(
    readonly runtime: Runtime,
    readonly options: CreateOptions,
    readonly spec: Spec,
    readonly bundle: string,
    readonly relays: boolean,
    readonly parts: Parts,
    readonly extras: CreationExtras = {},
  ) {
    const { preserveFds = 0 } = options;
    this.#startNow = extras.startNow === true &&
      mayStartNow(spec, options, parts);
    checkPreserved(preserveFds, closesOnExec);
    checkPrivileges(spec, this.#privileges);
    checkRootfs(rootfsPath(spec, bundle));
    checkConsole(spec, options, relays);
    this.#cgroups = new CreationCgroups(
      options,
      runtime,
      spec,
      this.#privileges,
      parts,
    );
    this.#record = firstRecord(spec, options, {
      bundle,
      owner: this.#owner,
      cgroups: this.#cgroups.record(),
    });
    runtime.log.about?.({ sandbox: this.#record.sandboxId });
  }

  /** Makes the container, or undoes what it made and throws. */
  run(): Created {
    try {
      const created = this.#make();
      this.parts.netDevices?.close();
      this.#cgroups.close();
      return created;
    } catch (thrown) {
      const error = withOom(thrown, this.#cgroups.manager.directories);
      for (const undo of this.#undo.reverse()) {
        try {
          undo();
        } catch (second) {
          this.runtime.log.warn(`cleaning up: ${(second as Error).message}`);
        }
      }
      this.#cgroups.close();
      const { hooks } = this.parts;
      if (this.#hooksBegan) {
        hooks?.runner.runPoststop(hooks.all, this.#hookState("stopped"));
      }
      throw error;
    }
  }

  #make(): Created {
    const { runtime: { root, log }, options: { id, pidFile } } = this;
    const { trace } = this.runtime;
    trace?.phase("put it on record");
    claim(root, id);
    this.#undo.push(() => removeFolder(root, id));
    writeRecord(root, this.#record);
    this.extras.onClaimed?.();
    trace?.phase("make cgroups");
    this.#makeCgroups();
    this.#makeResctrl();
    trace?.phase("plan the launch");
    const plan = planCreation(this, {
      cgroups: this.#cgroups,
      privileges: this.#privileges,
      rootfs: this.#record.rootfs,
      startNow: this.#startNow,
    });
    trace?.phase("launch");
    const { pid, master } = this.#launch(plan);
    trace?.launched();
    trace?.phase("tell the caller");
    log.debug("container created", { init: pid, started: this.#startNow });
    if (this.#startNow) checkStarted(this.#record);
    else if (pidFile !== undefined) writePidFile(pidFile, pid);
    const created = { started: this.#startNow, record: this.#record };
    return master === undefined ? created : { ...created, master };
  }

  #makeCgroups(): void {
    if (this.#cgroups.awaitsProcess) return;
    this.#cgroups.make();
    this.#undo.push(() => this.#cgroups.remove());
    this.#settleCgroups();
  }

  /** The first process, which waits, gets into cgroups that systemd makes. */
  #placeProcess(pid: number): void {
    this.#cgroups.start(pid);
    this.#undo.push(() => this.#cgroups.remove());
    this.#cgroups.makeRest(pid);
    this.#settleCgroups();
  }

  /** Puts cgroups on record and sets their limits. */
  #settleCgroups(): void {
    const cgroups = this.#cgroups.record();
    const { directories } = this.#record.cgroups;
    this.#record = { ...this.#record, cgroups };
    // Parents are not in the first record, nor is what systemd makes.
    if (
      cgroups.created.length > cgroups.directories.length ||
      directories.length < cgroups.directories.length
    ) writeRecord(this.runtime.root, this.#record);
    this.#cgroups.limit();
  }

  /** Makes the groups of resctrl, if any; they are on record before. */
  #makeResctrl(): void {
    const { options: { id }, parts, runtime: { root }, spec } = this;
    const groups = parts.resctrl?.(id, spec.linux!.intelRdt!);
    if (groups === undefined) return;
    this.#groups = groups;
    this.#record = { ...this.#record, resctrl: groups.owned };
    writeRecord(root, this.#record);
    this.#undo.push(() => groups.undo());
    groups.make();
  }

  /** Launches the program; its terminal goes to the console socket. */
  #launch(untraced: Plan): Launched {
    const { root, trace } = this.runtime;
    const { id, preserveFds = 0, consoleSocket = "" } = this.options;
    const listener = this.#startNow
      ? undefined
      : listen(startSocket(root, id), 1);
    let terminal: Console = { path: "" };
    let idMaps: readonly Fd[] = [];
    try {
      idMaps = openIdMaps(
        idMapTable(this.spec),
        (plan, fds) => startProgram(plan, fds, containerFolder(root, id)),
        this.#privileges,
      );
      terminal = hostConsole(untraced, this.spec, this.#privileges, {
        consoleSocket,
        relays: this.relays,
      });
      this.#closeOnFailure(terminal.master);
      const { plan, fd } = trace?.launch(
        untraced,
        firstFree(preserveFds, terminal.slave !== undefined) + idMaps.length,
        { init: INIT, frame: FRAME },
        listener && containerFolder(root, id),
      ) ?? { plan: untraced };
      const launched = launch({
        plan,
        ...fd !== undefined && { trace: fd },
        ...this.options.stdio && { stdio: this.options.stdio },
        preserveFds,
        ...(listener !== undefined && { listener }),
        ...(terminal.slave !== undefined && { console: terminal.slave }),
        idMaps,
        folder: containerFolder(root, id),
        meanwhile: () => this.#whileLaunching(),
        writeMaps: (pid) =>
          writeIdMaps(pid, this.spec.linux ?? {}, this.#privileges),
        onPlace: (pid) => this.#placeProcess(pid),
        onPid: (pid) => {
          this.runtime.log.debug("first process: made init", { init: pid });
          this.#cgroups.limitInit();
          this.#prepareRecord(pid, plan);
        },
        onListener: (listener, pid) =>
          sendListener(listener, pid, this.parts, this.spec, this.#record),
        ...copyUpWork(this.parts),
        onWork: (pid) => this.#workFor(pid),
        ...this.#hookWork(),
        onReady: (init) => {
          this.runtime.log.debug("init: set the container up", { init });
          this.#recordInit();
        },
      });
      this.#undo.push(() => endInit(launched.pid));
      const { pid } = launched;
      const master = launched.master ?? terminal.master;
      if (master === undefined) return { pid };
      if (this.relays) {
        this.#closeOnFailure(launched.master);
        return { pid, master };
      }
      try {
        if (launched.master !== undefined) {
          sendMaster(consoleSocket, master, "/dev/pts/0");
        }
      } finally {
        close(master);
      }
      return { pid };
    } finally {
      if (listener !== undefined) close(listener);
      if (terminal.slave !== undefined) close(terminal.slave);
      idMaps.forEach(close);
    }
  }

  /** Does what init waits for. */
  #workFor(pid: number): void {
    const { parts: { netDevices: mover }, spec: { linux } } = this;
    this.#groups?.join(pid);
    if (mover === undefined) return;
    this.#undo.push(() => mover.giveBack());
    mover.move(linux?.netDevices ?? {}, pid);
  }

  /** Runs the hooks of `create` while init waits, before it has its root. */
  #hookWork(): { hooks?: HookWork } {
    const { parts: { hooks }, runtime: { root } } = this;
    if (hooks === undefined) return {};
    const { runner, all } = hooks;
    const state = () => this.#hookState("created");
    return {
      hooks: {
        pause: () => {
          this.#hooksBegan = true;
          // Should Davit die, a forced delete finds the poststop hooks.
          writeRecord(root, { ...this.#record, status: "creating" });
          prepareRecord(root, this.#record);
          runner.run("prestart", all, state());
          runner.run("createRuntime", all, state());
        },
        attend: (hook) => runner.attend("createContainer", all, state(), hook),
      },
    };
  }

  #hookState(status: HookState["status"]): HookState {
    return hookState(this.#record, status);
  }

  #closeOnFailure(fd: Fd | undefined): void {
    if (fd !== undefined) this.#undo.push(() => close(fd));
  }

  /** What nothing waits for: the processors have two things to do. */
  #whileLaunching(): void {
    const { extras, runtime: { root, log }, spec } = this;
    const { id, sandboxId } = this.#record;
    this.#undo.push(() => delContainerIDMapping(root, id));
    addContainerIDMapping(root, id, sandboxId);
    if (sandboxId !== id) {
      this.#undo.push(() => removeGuest(root, sandboxId, id));
      addGuest(root, sandboxId, id);
    }
    // For `exec`: the bundle's may change.
    const text = extras.config ??
      encodeText(JSON.stringify(spec));
    saveConfig(root, id, text);
    extras.meanwhile?.();
    if (this.#cgroups.none) return;
    const isSandbox = containerType(spec) !== "container";
    const placed = this.#cgroups.placed(spec);
    const resourceCgroups = processCgroupsPath(placed, { isSandbox, log });
    this.#record = { ...this.#record, resourceCgroups };
  }

  /** Init still has much to do: what takes time is done meanwhile. */
  #prepareRecord(pid: number, plan: Plan): void {
    const startTime = processStat(pid)?.startTime;
    if (startTime === undefined) return; // it failed and will say why
    this.#record = createdRecord(this.#record, { pid, startTime }, {
      reasons: this.#startNow ? {} : reasonsFrom(plan, WAIT),
      hooks: this.parts.hooks?.all,
    });
    prepareRecord(this.runtime.root, this.#record);
  }

  #recordInit(): void {
    const { init } = this.#record;
    if (init === undefined) {
      throw new RuntimeError("system", "Cannot find init in /proc");
    }
    commitRecord(this.runtime.root, this.options.id);
    const { pidFile, pidfdSocket } = this.options;
    if (pidfdSocket !== undefined) sendPidfd(pidfdSocket, init.pid);
    if (!this.#startNow || pidFile === undefined) return;
    // There is no later moment at which the program does not run yet.
    writePidFile(pidFile, init.pid);
    this.#undo.push(() => unlink(pidFile));
  }
}
