/**
 * User namespaces that nobody lives in: ID-mapped mounts take their maps from
 * one, mount_setattr(2).
 *
 * A process of Davit's cannot leave its own user namespace, which takes a
 * single thread. So a small launch program makes one, waits until its maps are
 * written and ends; an open file keeps the namespace.
 *
 * @module
 */

import { close, type Fd, O, open } from "../ffi/fd.ts";
import { CLONE_NEW } from "../ffi/namespace.ts";
import { waitChild } from "../ffi/process.ts";
import { receive, socketPair } from "../ffi/socket.ts";
import { LaunchError } from "./error.ts";
import {
  awaitAnswer,
  MESSAGE_SIZE,
  parseMessage,
  TAG,
  tell,
} from "./messages.ts";
import { type Plan, PlanBuilder, REPORT } from "./plan.ts";

const SOCKET = 3;

/** Starts a program with its descriptors and returns its pid. */
export type Starter = (
  plan: Plan,
  descriptors: readonly [number, number][],
) => number;

/**
 * Makes a user namespace.
 *
 * @param writeMaps writes the maps of the user namespace of the process `pid`
 * @throws {LaunchError} a step failed; and what `writeMaps` throws
 */
export function makeUserNamespace(
  start: Starter,
  pointer: string,
  writeMaps: (pid: number) => void,
): Fd {
  const plan = planUserNamespace(pointer);
  const [ours, theirs] = socketPair();
  let pid: number | undefined;
  try {
    try {
      pid = start(plan, [[SOCKET, theirs]]);
    } finally {
      close(theirs);
    }
    const bytes = new Uint8Array(MESSAGE_SIZE);
    receive(ours, bytes);
    const { tag, errno } = parseMessage(bytes);
    if (tag !== TAG.maps) throw new LaunchError(plan.steps[tag]!, errno);
    writeMaps(pid);
    return open(`/proc/${pid}/ns/user`, O.RDONLY);
  } finally {
    // It waits for an answer: that there is nobody to give one ends it.
    close(ours);
    if (pid !== undefined) waitChild(pid);
  }
}

function planUserNamespace(pointer: string): Plan {
  const plan = new PlanBuilder();
  plan.because("create a user namespace for ID-mapped mounts", pointer)
    .add({ set: REPORT, value: SOCKET })
    .call("close_range", [SOCKET + 1, 0xffffffff, 0])
    .call("unshare", [CLONE_NEW.USER]);
  tell(plan, SOCKET, "maps");
  awaitAnswer(plan, SOCKET);
  plan.call("exit_group", [0]);
  return plan.build();
}
