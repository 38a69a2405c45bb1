/**
 * Tries system calls in a process of their own, to see whether this host lets
 * them through.
 *
 * @module
 */

import { close, type Fd, write } from "../ffi/fd.ts";
import { CLONE_NEW } from "../ffi/namespace.ts";
import { waitChild } from "../ffi/process.ts";
import { receive, socketPair } from "../ffi/socket.ts";
import type { Reason } from "./error.ts";
import {
  awaitAnswer,
  MESSAGE_SIZE,
  parseMessage,
  TAG,
  tell,
} from "./messages.ts";
import { type Plan, PlanBuilder, REPORT } from "./plan.ts";
import type { Starter } from "./user_namespaces.ts";

/** Where a probe's report goes; descriptors handed over come behind it. */
const SOCKET = 3;

/** The first descriptor that is handed over. */
export const PROBE_FD = 4;

/** What came of a probe. */
export interface ProbeResult {
  /** 0 when every step went well. */
  readonly errno: number;
  /** The step that failed. */
  readonly failed?: Reason;
}

/** What a probe is given. */
export interface ProbeOptions {
  /** Descriptors, the first of which becomes PROBE_FD. */
  readonly fds?: readonly Fd[];
  /**
   * Makes a user namespace first and has its maps written by this: for a
   * caller that has no privileges of his own.
   */
  readonly writeMaps?: (pid: number) => void;
}

/**
 * Runs `steps` in a process of their own, which ends with them.
 *
 * @throws {SyscallError} the process could not be started
 */
export function probe(
  start: Starter,
  steps: (plan: PlanBuilder) => void,
  { fds = [], writeMaps }: ProbeOptions = {},
): ProbeResult {
  const plan = planProbe(steps, fds.length, writeMaps !== undefined);
  const [ours, theirs] = socketPair();
  let pid: number | undefined;
  try {
    try {
      const handed = fds.map((fd, i): [number, number] => [PROBE_FD + i, fd]);
      pid = start(plan, [[SOCKET, theirs], ...handed]);
    } finally {
      close(theirs);
    }
    return hear(ours, plan, () => writeMaps!(pid!));
  } finally {
    close(ours);
    if (pid !== undefined) waitChild(pid);
  }
}

function hear(socket: Fd, plan: Plan, writeMaps: () => void): ProbeResult {
  const bytes = new Uint8Array(MESSAGE_SIZE);
  for (;;) {
    const { length } = receive(socket, bytes);
    if (length === 0) return { errno: 0 };
    const { tag, errno } = parseMessage(bytes);
    if (tag !== TAG.maps) return { errno, failed: plan.steps[tag]! };
    writeMaps();
    write(socket, new Uint8Array(1));
  }
}

function planProbe(
  steps: (plan: PlanBuilder) => void,
  handed: number,
  inUserNamespace: boolean,
): Plan {
  const plan = new PlanBuilder();
  plan.because("start a probe")
    .add({ set: REPORT, value: SOCKET })
    .call("close_range", [PROBE_FD + handed, 0xffffffff, 0]);
  if (inUserNamespace) {
    plan.because("make a user namespace").call("unshare", [CLONE_NEW.USER]);
    tell(plan, SOCKET, "maps");
    awaitAnswer(plan, SOCKET);
  }
  steps(plan);
  plan.because("end the probe").call("exit_group", [0]);
  return plan.build();
}
