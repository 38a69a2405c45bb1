/**
 * Starting criu.
 *
 * @module
 */

import { hostLayout } from "../../cgroup/layout.ts";
import { close, type Fd, Handle, O, open } from "../../ffi/fd.ts";
import { receive, socketPair } from "../../ffi/socket.ts";
import { spawn } from "../../ffi/spawn.ts";
import { type Place, planCriu, reportOf } from "../../launch/criu.ts";
import type { LaunchInput } from "../../launch/input.ts";
import { end, failedStep } from "../../launch/launch.ts";
import { startProgram } from "../../launch/start_program.ts";
import { MESSAGE_SIZE, parseMessage, TAG } from "../../launch/messages.ts";
import { variables } from "../variables.ts";
import { lower } from "../lower.ts";
import { ownPrivileges } from "../privileges.ts";
import type { Spec } from "../spec.ts";
import type { ContainerRecord } from "../store.ts";
import { criuArgs, type StartedCriu } from "./session.ts";

/** What a container is launched from, as far as criu has to know. */
export function launchInput(
  { id, bundle }: Pick<ContainerRecord, "id" | "bundle">,
  cgroupDirectories: readonly string[],
  spec: Spec,
): LaunchInput {
  return lower(spec, {
    id,
    bundle,
    layout: hostLayout(),
    cgroupDirectories,
    noPivot: false,
    preserveFds: 0,
    privileges: ownPrivileges(),
  });
}

/**
 * Starts criu without stdio of its own.
 * @param path criu's
 * @throws {SyscallError}
 */
export function startCriu(path: string): StartedCriu {
  const [ours, theirs] = socketPair();
  try {
    using none = new Handle(open("/dev/null", O.RDWR));
    const pid = spawn({
      path,
      args: criuArgs(FIRST),
      env: variables(),
      descriptors: [
        ...[0, 1, 2].map((fd) => [fd, none.fd] as const),
        [FIRST, theirs],
      ],
    });
    return { pid, socket: ours };
  } catch (error) {
    close(ours);
    throw error;
  } finally {
    close(theirs);
  }
}

/** What criu is started with for a restore. */
export interface RestorerOptions {
  /** criu's path. */
  readonly path: string;
  /** Descriptors that criu gets, from `FIRST` on. */
  readonly fds: readonly Fd[];
  /** Folders that it gets behind them, and behind its socket. */
  readonly folders: readonly string[];
  readonly rootfs: string;
  /** The folder that the root file system is mounted on, for criu alone. */
  readonly root: string;
  readonly places: readonly Place[];
  /** A folder of Davit's own. */
  readonly folder: string;
}

/** The first descriptor of criu's behind its stdio. */
export const FIRST = 3;

/**
 * Starts criu with this process's stdio, which the restored program gets, and
 * with the root file system mounted.
 *
 * @throws {LaunchError} a step on the way to criu failed
 */
export function startRestorer(options: RestorerOptions): StartedCriu {
  const { fds, folder, folders, path, places, root, rootfs } = options;
  const socket = FIRST + fds.length;
  const env = variables();
  const args = criuArgs(socket);
  const plan = planCriu({
    ...{ program: path, args, env, rootfs, root, places, socket, folders },
  });
  const [ours, theirs] = socketPair();
  let pid: number | undefined, mine: Fd | undefined;
  try {
    try {
      pid = startProgram(plan, [
        ...fds.map((fd, i) => [FIRST + i, fd] as const),
        [reportOf({ socket, folders }), theirs],
      ], folder);
    } finally {
      close(theirs);
    }
    for (;;) {
      const bytes = new Uint8Array(MESSAGE_SIZE);
      const { length, fd } = receive(ours, bytes);
      // Its end is closed when the program has become criu.
      if (length === 0 && mine !== undefined) return { pid, socket: mine };
      const { tag, errno } = parseMessage(bytes);
      if (tag !== TAG.criu || fd === undefined) {
        throw failedStep(plan, tag, errno);
      }
      mine = fd;
    }
  } catch (error) {
    if (mine !== undefined) close(mine);
    if (pid !== undefined) end(pid);
    throw error;
  } finally {
    close(ours);
  }
}
