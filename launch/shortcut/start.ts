/**
 * The shortcut of `start`.
 *
 * @module
 */

import { E } from "../../ffi/errno.ts";
import { AT_FDCWD, O } from "../../ffi/fd.ts";
import { INIT_NAME } from "../init_name.ts";
import { MESSAGE_SIZE } from "../messages.ts";
import { type Plan, type PlanBuilder, reg } from "../plan.ts";
import { beginShortcut, type Frozen, refuseFrozen, removing } from "./steps.ts";

const AF_UNIX = 1, SOCK_STREAM = 1, SOCK_CLOEXEC = 0o2000000;
/** How often init is looked at, and how long to wait between, nanoseconds. */
const LOOKS = 1000, BETWEEN = 100_000;

/** What `start` needs to know of a container. */
export interface StartShortcut {
  /** The shortcut itself, which is gone once it is taken. */
  readonly self: string;
  /** The socket on which init waits. */
  readonly socket: string;
  /** Where a message of init's is kept for who tells it. */
  readonly report: string;
  readonly pid: number;
  readonly frozen?: Frozen;
}

/** Bytes of a path that connect(2) takes. */
export const SOCKET_PATH_MAX = 107;

/** Has init run the user's program, and sees that it does. */
export function planStartShortcut(
  { self, socket, report, pid, frozen }: StartShortcut,
): Plan {
  const plan = beginShortcut();
  refuseFrozen(plan, frozen);
  plan.because("only one start is the first")
    .call("unlinkat", [AT_FDCWD, self, 0]);
  const path = new TextEncoder().encode(`${socket}\0`);
  const address = new Uint8Array(2 + path.length);
  address[0] = AF_UNIX;
  address.set(path, 2);
  plan.because("let init go on")
    .call("socket", [AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0], { to: "socket" })
    .call("connect", [reg("socket"), { bytes: address }, address.length])
    .because("wait until init has become the program")
    .block("message", MESSAGE_SIZE)
    .label("read")
    .call("read", [reg("socket"), { block: "message" }, MESSAGE_SIZE], {
      tolerate: [{ errno: E.EINTR, goto: "read" }],
      ifZero: "ended",
    });
  plan.because("keep what init has told")
    .call("openat", [AT_FDCWD, report, O.WRONLY | O.CREAT | O.TRUNC, 0o600], {
      to: "report file",
    })
    .call("write", [reg("report file"), { block: "message" }, MESSAGE_SIZE])
    .add({ fail: E.EBUSY });
  planLook(plan, pid);
  plan.because("the socket is used once").label("started");
  removing(plan, socket, 0);
  return plan.call("exit_group", [0]).build();
}

/**
 * Steps that go to "started" once the process has not init's name: it may have
 * been killed, and execve(2) closes descriptors a moment before it changes the
 * name.
 */
function planLook(plan: PlanBuilder, pid: number): void {
  const bytes = new TextEncoder().encode(INIT_NAME).subarray(0, 8);
  const name = new DataView(bytes.slice().buffer).getBigUint64(0, true);
  const ended = [{ errno: "any", goto: "started" }] as const;
  plan.because("see that init was not killed").label("ended")
    .block("name", [[8, 0]])
    .add({ set: "looks", value: LOOKS })
    .label("look")
    .call("openat", [AT_FDCWD, `/proc/${pid}/comm`, O.RDONLY], {
      to: "comm",
      tolerate: ended,
    })
    .call("read", [reg("comm"), { block: "name" }, 8], { tolerate: ended })
    .call("close", [reg("comm")])
    .add({ load: "name", from: { block: "name" }, size: 8 })
    .jump("started", [reg("name"), "!=", name])
    .call("nanosleep", [{ struct: [[8, 0], [8, BETWEEN]] }, 0], {
      tolerate: [{ errno: E.EINTR, goto: "slept" }],
    })
    .label("slept")
    .add({ add: "looks", a: reg("looks"), b: -1 })
    .jump("look", [reg("looks"), "!=", 0])
    .add({ fail: E.ESRCH });
}
