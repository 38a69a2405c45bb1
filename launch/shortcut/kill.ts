/**
 * The shortcuts of `kill`.
 *
 * @module
 */

import { E } from "../../ffi/errno.ts";
import { AT_FDCWD, O } from "../../ffi/fd.ts";
import { STATX_SIZE } from "../../ffi/files.ts";
import { INODE_AT, STATX_INO } from "../cgroup_lock.ts";
import { type Plan, reg } from "../plan.ts";
import { beginShortcut, type Frozen, refuseFrozen } from "./steps.ts";

const AT_EMPTY_PATH = 0x1000;
const STATX_NLINK = 0x4;
const POLLIN = 1;
/** Where they are in a `struct statx`. */
const LINKS_AT = 16;

/** What `kill` of one process needs to know of a container. */
export interface KillShortcut {
  readonly signal: number;
  readonly pid: number;
  /** The inode number of its pidfd: no later process has it. */
  readonly inode: bigint;
  /** The socket that is there until the user's program runs. */
  readonly socket: string;
  /** Of a sandbox, the folder of what is in it. */
  readonly guests?: string;
  readonly frozen?: Frozen;
}

/** What getdents64(2) fills of an empty folder, in bytes: "." and "..". */
const NO_ENTRIES = 48;

/** Sends a signal to the container's init. */
export function planKillShortcut(
  { signal, pid, inode, socket, guests, frozen }: KillShortcut,
): Plan {
  const plan = beginShortcut();
  plan.because("it has been started")
    .call("openat", [AT_FDCWD, socket, O.PATH], {
      tolerate: [{ errno: E.ENOENT, goto: "started" }],
    })
    .add({ fail: E.EBUSY })
    .label("started");
  refuseFrozen(plan, frozen);
  if (guests !== undefined) {
    plan.because("nobody else is in the sandbox").block("entries", 256)
      .call("openat", [AT_FDCWD, guests, O.RDONLY | O.DIRECTORY], {
        to: "guests",
      })
      .call("getdents64", [reg("guests"), { block: "entries" }, 256], {
        to: "filled",
      })
      .jump("alone", [reg("filled"), "==", NO_ENTRIES])
      .add({ fail: E.EBUSY })
      .label("alone");
  }
  return plan.because("find init, and no process that came after it")
    .block("status", STATX_SIZE)
    .call("pidfd_open", [pid, 0], { to: "init" })
    .call("statx", [
      reg("init"),
      "",
      AT_EMPTY_PATH,
      STATX_INO,
      { block: "status" },
    ])
    .add({ load: "inode", from: { block: "status", at: INODE_AT }, size: 8 })
    .jump("send", [reg("inode"), "==", inode])
    .add({ fail: E.ESRCH })
    .label("send")
    .because("it has not ended")
    .block("polled", [[4, 0], [2, POLLIN], [2, 0]])
    .add({ store: reg("init"), into: { block: "polled" }, size: 4 })
    .call("ppoll", [{ block: "polled" }, 1, { struct: [[8, 0], [8, 0]] }, 0], {
      to: "ready",
    })
    .jump("alive", [reg("ready"), "==", 0])
    .add({ fail: E.ESRCH })
    .because("send the signal").label("alive")
    .call("pidfd_send_signal", [reg("init"), signal, 0, 0])
    .call("exit_group", [0])
    .build();
}

/**
 * Sees that nobody is left to be killed.
 * @param cgroups all cgroups of the container
 */
export function planKillAllShortcut(cgroups: readonly string[]): Plan {
  const plan = beginShortcut().block("status", STATX_SIZE).block("pid", 8);
  for (const path of cgroups) {
    const empty = plan.fresh("empty"), leaf = plan.fresh("leaf");
    plan.because("no process is in a cgroup")
      .call("openat", [AT_FDCWD, `${path}/cgroup.procs`, O.RDONLY], {
        to: "processes",
      })
      .call("read", [reg("processes"), { block: "pid" }, 8], { ifZero: empty })
      .add({ fail: E.EBUSY })
      .label(empty)
      .call("close", [reg("processes")])
      .because("it has no cgroups below")
      .call("statx", [AT_FDCWD, path, 0, STATX_NLINK, { block: "status" }])
      .add({ load: "links", from: { block: "status" }, at: LINKS_AT, size: 4 })
      .jump(leaf, [reg("links"), "==", 2])
      .add({ fail: E.EBUSY })
      .label(leaf);
  }
  return plan.call("exit_group", [0]).build();
}
