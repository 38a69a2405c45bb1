/**
 * One container being restored.
 *
 *     claim the ID -> cgroups -> criu -> record
 *
 * What is about to be made is on disk before it is made; a failure undoes
 * what there is, in reverse.
 *
 * @module
 */

import { SyscallError } from "../../ffi/error.ts";
import { close, duplicate, type Fd, O, open } from "../../ffi/fd.ts";
import { mkdirExactly, readText, rmdir, writeText } from "../../ffi/files.ts";
import type { LaunchInput } from "../../launch/input.ts";
import {
  addContainerIDMapping,
  delContainerIDMapping,
} from "../../mapping/mapping.ts";
import { sandboxId } from "../annotations.ts";
import { sendMaster } from "../console.ts";
import type { Created } from "../creation.ts";
import { CreationCgroups } from "../creation_cgroups.ts";
import { checkRootfs, endInit, writePidFile } from "../creation_checks.ts";
import { RuntimeError } from "../errors.ts";
import { hookState } from "../hook_state.ts";
import { processStat } from "../init_process.ts";
import { rootfsPath } from "../lower.ts";
import type { Parts } from "../parts.ts";
import { ownPrivileges } from "../privileges.ts";
import { quote } from "../quote.ts";
import type { RestoreOptions } from "../restore.ts";
import type { Runtime } from "../runtime.ts";
import type { Spec } from "../spec.ts";
import {
  claim,
  containerFolder,
  type ContainerRecord,
  removeFolder,
  saveConfig,
  writeRecord,
} from "../store.ts";
import {
  DESCRIPTORS,
  externalMounts,
  joinedNamespaces,
  leftNamespaces,
  NULL_DEVICE,
} from "./external.ts";
import { CriuFolders } from "./folders.ts";
import { bringUpLoopback } from "./loopback.ts";
import { commonOptions } from "./options.ts";
import { mountPlaces } from "./places.ts";
import { type CriuOptions, REQUEST, request } from "./rpc.ts";
import { CriuSession, findCriu, type Notification } from "./session.ts";
import { FIRST, launchInput, startRestorer } from "./start.ts";

/** criu's log, in its work folder. */
const LOG = "restore.log";
/** Where the root file system is mounted for criu, in the container's folder. */
const ROOT = "criu-root";

/** A container to be restored, checked. */
export interface RestoreOrder {
  readonly runtime: Runtime;
  readonly options: RestoreOptions;
  readonly spec: Spec;
  /** The text of config.json. */
  readonly text: Uint8Array<ArrayBuffer>;
  /** The bundle's path, without symbolic links. */
  readonly bundle: string;
  /** Whether the caller takes the terminal itself. */
  readonly relays: boolean;
  readonly parts: Parts;
}

/** What a restoration calls on its way. */
export interface RestorationCalls {
  readonly meanwhile: () => void;
  readonly onClaimed: () => void;
}

/** One container being restored: what there is so far, and how to undo it. */
export class Restoration {
  readonly #order: RestoreOrder;
  readonly #undo: (() => void)[] = [];
  readonly #cgroups: CreationCgroups;
  #record: ContainerRecord;
  #hooksBegan = false;
  #master: Fd | undefined;

  /** Makes nothing yet. */
  constructor(order: RestoreOrder) {
    this.#order = order;
    const { bundle, options, parts, runtime, spec } = order;
    const { cgroupManager, id } = options;
    checkRootfs(rootfsPath(spec, bundle));
    this.#cgroups = new CreationCgroups(
      { id, bundle, cgroupManager },
      runtime,
      spec,
      ownPrivileges(),
      parts,
    );
    this.#record = {
      ociVersion: spec.ociVersion,
      id,
      sandboxId: sandboxId(spec, id),
      bundle,
      rootfs: rootfsPath(spec, bundle),
      created: new Date().toISOString(),
      owner: Deno.uid() ?? 0,
      annotations: spec.annotations ?? {},
      status: "creating",
      cgroups: this.#cgroups.record(),
      cgroupsMade: false,
      resourceCgroups: [],
      reasons: {},
      ...parts.hooks !== undefined && { hooks: parts.hooks.all },
    };
    runtime.log.about?.({ sandbox: this.#record.sandboxId });
  }

  /**
   * Restores the container, or undoes what there is and throws.
   * @param calls what is done once the ID is claimed, and before criu is asked
   */
  run(calls: RestorationCalls): Created {
    const { options, parts: { hooks }, runtime } = this.#order;
    const doing = `restore container ${quote(options.id)}`;
    const criu = findCriu();
    using folders = new CriuFolders(options.imagePath, options.workPath, {
      logFile: LOG,
      makeImages: false,
    });
    try {
      this.#make(criu, calls);
      return this.#finish();
    } catch (error) {
      const told = folders.explain(doing, error);
      for (const undo of this.#undo.reverse()) {
        try {
          undo();
        } catch (second) {
          runtime.log.warn(`cleaning up: ${(second as Error).message}`);
        }
      }
      if (this.#hooksBegan) {
        const state = hookState(this.#record, "stopped");
        hooks?.runner.runPoststop(hooks.all, state);
      }
      throw told;
    } finally {
      this.#cgroups.close();
    }
  }

  #make(criu: string, { meanwhile, onClaimed }: RestorationCalls): void {
    const { options, runtime: { log, root }, text } = this.#order;
    const { id, imagePath, workPath } = options;
    const { sandboxId } = this.#record;
    const folder = containerFolder(root, id);
    claim(root, id);
    this.#undo.push(() => removeFolder(root, id));
    onClaimed();
    writeRecord(root, this.#record);
    saveConfig(root, id, text);
    this.#undo.push(() => delContainerIDMapping(root, id));
    addContainerIDMapping(root, id, sandboxId);
    if (!this.#cgroups.awaitsProcess) this.#makeCgroups();
    const mountPoint = `${folder}/${ROOT}`;
    const errno = mkdirExactly(mountPoint, 0o700);
    if (errno !== 0) throw new SyscallError("mkdir", errno, mountPoint);
    const input = this.#input();
    const namespaces = openNamespaces(input);
    try {
      using session = new CriuSession(startRestorer({
        path: criu,
        fds: namespaces.map(({ fd }) => fd),
        folders: [imagePath, ...workPath === undefined ? [] : [workPath]],
        rootfs: this.#record.rootfs,
        root: mountPoint,
        places: mountPlaces(input),
        folder,
      }));
      this.#place(session.pid);
      meanwhile();
      const asked = this.#options(input, session.pid, namespaces);
      log.debug("asking criu to restore", { criu, ...asked });
      session.request(
        request(REQUEST.restore, asked),
        (notification) => this.#heed(notification, input),
      );
      session.end();
    } finally {
      for (const { fd } of namespaces) close(fd);
    }
    rmdir(mountPoint);
  }

  #makeCgroups(): void {
    this.#cgroups.make();
    this.#undo.push(() => this.#cgroups.remove());
    this.#settleCgroups();
  }

  #settleCgroups(): void {
    this.#record = { ...this.#record, cgroups: this.#cgroups.record() };
    writeRecord(this.#order.runtime.root, this.#record);
    this.#cgroups.limit();
  }

  /** Puts criu into the container's cgroups: what it restores stays there. */
  #place(pid: number): void {
    if (this.#cgroups.awaitsProcess) {
      this.#cgroups.start(pid);
      this.#undo.push(() => this.#cgroups.remove());
      this.#cgroups.makeRest(pid);
      this.#settleCgroups();
    }
    for (const file of this.#cgroups.manager.processFiles()) {
      writeText(file, String(pid));
    }
  }

  #input(): LaunchInput {
    const { spec } = this.#order;
    const { directories } = this.#cgroups.manager;
    return launchInput(this.#record, directories, spec);
  }

  #options(
    input: LaunchInput,
    pid: number,
    namespaces: readonly OpenNamespace[],
  ): CriuOptions {
    const { options, runtime: { root } } = this.#order;
    const { lsmMountContext, lsmProfile, tcpClose } = options;
    // Its socket is behind the namespaces, the folders behind that.
    const images = FIRST + namespaces.length + 1;
    return {
      ...commonOptions(options, this.#record.annotations),
      imagesDir: images,
      ...options.workPath !== undefined && { workDir: images + 1 },
      logFile: LOG,
      root: `${containerFolder(root, options.id)}/${ROOT}`,
      sibling: true,
      tcpClose,
      evasiveDevices: true,
      external: [
        ...externalMounts(input).map(({ place, source }) =>
          `mnt[${place}]:${source}`
        ),
        `mnt[${NULL_DEVICE}]:${NULL_DEVICE}`,
      ],
      inherited: [
        ...namespaces.map(({ key }, i) => [key, FIRST + i] as const),
        ...inheritedStdio(options.imagePath),
      ],
      join: joinedNamespaces(input.namespaces),
      cgroupRoots: cgroupRoots(readText(`/proc/${pid}/cgroup`)),
      ...lsmProfile !== undefined && { lsmProfile },
      ...lsmMountContext !== undefined && { lsmMountContext },
    };
  }

  /** Does what has to be done before criu goes on. */
  #heed({ fd, pid, script }: Notification, input: LaunchInput): void {
    const { parts: { hooks }, runtime: { log, root } } = this.#order;
    log.debug(`criu: ${script}`, { about: pid });
    if (script === "setup-namespaces") {
      const network = input.namespaces.find(({ kind }) => kind === "network");
      if (network !== undefined && network.path === undefined) {
        bringUpLoopback(`/proc/${pid}/ns/net`);
      }
      if (hooks === undefined) return;
      this.#hooksBegan = true;
      const state = { ...hookState(this.#record, "created"), pid };
      hooks.runner.run("prestart", hooks.all, state);
      hooks.runner.run("createRuntime", hooks.all, state);
    } else if (script === "post-restore") {
      const startTime = processStat(pid)?.startTime;
      if (startTime === undefined) return; // criu will say what became of it
      this.#undo.push(() => endInit(pid));
      this.#cgroups.limitInit();
      this.#record = {
        ...this.#record,
        status: "created",
        cgroupsMade: true,
        init: { pid, startTime },
      };
      writeRecord(root, this.#record);
    } else if (script === "orphan-pts-master" && fd !== undefined) {
      const master = duplicate(fd, 3);
      this.#undo.push(() => close(master));
      this.#master = master;
    }
  }

  /** Hands over what the caller is to have of the restored container. */
  #finish(): Created {
    const { options, relays } = this.#order;
    const { consoleSocket, pidFile } = options;
    const { init } = this.#record;
    if (init === undefined) {
      throw new RuntimeError("system", "criu has restored no process");
    }
    const master = this.#master;
    if (master !== undefined && consoleSocket !== undefined) {
      sendMaster(consoleSocket, master, "/dev/pts/0");
    }
    if (pidFile !== undefined) writePidFile(pidFile, init.pid);
    const created = { started: true, record: this.#record };
    if (master !== undefined && relays) return { ...created, master };
    if (master !== undefined) close(master);
    return created;
  }
}

/** A namespace that criu is given instead of restoring it. */
interface OpenNamespace {
  readonly key: string;
  readonly fd: Fd;
}

function openNamespaces({ namespaces }: LaunchInput): OpenNamespace[] {
  const opened: OpenNamespace[] = [];
  try {
    for (const { key, path } of leftNamespaces(namespaces)) {
      opened.push({ key, fd: open(path, O.RDONLY) });
    }
    return opened;
  } catch (error) {
    for (const { fd } of opened) close(fd);
    throw error;
  }
}

/** What stdio was outside of the container is this process's now. */
function inheritedStdio(imagePath: string): (readonly [string, number])[] {
  const path = `${imagePath}/${DESCRIPTORS}`;
  let names: unknown;
  try {
    names = JSON.parse(readText(path));
  } catch (error) {
    throw new RuntimeError(
      "usage",
      `Cannot use --image-path ${quote(imagePath)}: it holds no checkpoint, ` +
        `${DESCRIPTORS} cannot be read`,
      { cause: error },
    );
  }
  return (Array.isArray(names) ? names : []).flatMap((name, fd) =>
    typeof name === "string" && /^(pipe:|file)\[/.test(name)
      ? [[name, fd] as const]
      : []
  );
}

/** Controllers, as criu names them, and a process's cgroups of each. */
export function cgroupRoots(text: string): (readonly [string, string])[] {
  return text.trimEnd().split("\n").map((line) => {
    const [, controllers = "", ...path] = line.split(":");
    return [controllers, path.join(":")] as const;
  });
}
