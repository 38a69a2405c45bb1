/**
 * What a launch program and Davit say to each other.
 *
 * A message has 16 bytes: a u32 tag, a u32 errno, a u64 value. A failure's tag
 * is the instruction that failed; other tags lie above every instruction.
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import { type Operand, type PlanBuilder, reg } from "./plan.ts";

/** Bytes of a message. */
export const MESSAGE_SIZE = 16;

/** The tags of messages that are no failures. */
export const TAG = {
  /** The value is init's pid. */
  pid: 0xffff0001,
  /** The value is nothing: Davit is to write the user namespace's maps. */
  maps: 0xffff0002,
  /** A terminal's master comes with the message. */
  console: 0xffff0003,
  /** The listener of a seccomp filter comes with the message. */
  listener: 0xffff0005,
  /** Init has set the container up and waits for `start`. */
  ready: 0xffff0004,
  /** Init waits for Davit's hooks before it changes its root. */
  hooks: 0xffff0006,
  /** The value is a hook's index; its pidfd comes, it waits for its stdio. */
  hook: 0xffff0007,
  /** A directory comes, whose files a new tmpfs is to begin with. */
  copyFrom: 0xffff0009,
  /** The tmpfs comes; the value has COPY_ bits: what its root takes over. */
  copyTo: 0xffff000a,
  /** A hook has ended: `siginfo_t`'s code as errno, its status as value. */
  hookEnded: 0xffff0008,
  /** Init waits for what Davit does for it with its pid. */
  work: 0xffff000b,
  /** The value is the pid of the process that makes another one's program. */
  joining: 0xffff000c,
  /** A mount comes; the value is twice the index of its ID maps, 1: for all. */
  mapIds: 0xffff0011,
  /** Davit's end of a socket to criu comes with the message. */
  criu: 0xffff0010,
  /** A standalone launcher: the cgroup with this number was made. */
  made: 0xffff000d,
  /** The first process waits until Davit has put it where it belongs. */
  place: 0xffff000e,
} as const;

/** Of the directory below, a tmpfs's root takes over the permissions. */
export const COPY_MODE = 1;
/** The owner. */
export const COPY_UID = 2;
/** The group. */
export const COPY_GID = 4;

/** The block that messages are put together in. */
export const MESSAGE = "message";

/** A message as Davit receives it. */
export interface Message {
  readonly tag: number;
  readonly errno: number;
  readonly value: number;
}

/** Reads a message. */
export function parseMessage(bytes: Uint8Array): Message {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return {
    tag: view.getUint32(0, true),
    errno: view.getUint32(4, true),
    value: Number(view.getBigUint64(8, true)),
  };
}

/** Steps that fill the message's block. */
export function compose(
  plan: PlanBuilder,
  tag: keyof typeof TAG,
  value: Operand = 0,
): void {
  plan.block(MESSAGE, [[4, 0], [4, 0], [8, 0]])
    .add({ store: TAG[tag], into: { block: MESSAGE }, size: 4 })
    .add({ store: value, into: { block: MESSAGE, at: 8 }, size: 8 });
}

/** Steps that send a message through the descriptor `davit`. */
export function tell(
  plan: PlanBuilder,
  davit: number,
  tag: keyof typeof TAG,
  value: Operand = 0,
): void {
  compose(plan, tag, value);
  plan.call("write", [davit, { block: MESSAGE }, MESSAGE_SIZE]);
}

const SOL_SOCKET = 1, SCM_RIGHTS = 1, MSG_NOSIGNAL = 0x4000;
const CMSG_HEADER = 16;

/** Steps that send a message with the descriptor that a register holds. */
export function sendWith(
  plan: PlanBuilder,
  socket: Operand,
  tag: keyof typeof TAG,
  register: string,
  value: Operand = 0,
): void {
  compose(plan, tag, value);
  plan.block("iovec", [[8, { block: MESSAGE }], [8, MESSAGE_SIZE]])
    .block("rights", [
      [8, CMSG_HEADER + 4],
      [4, SOL_SOCKET],
      [4, SCM_RIGHTS],
      [8, 0],
    ])
    .add({
      store: reg(register),
      into: { block: "rights", at: CMSG_HEADER },
      size: 4,
    });
  const header = {
    struct: [
      [8, 0],
      [8, 0],
      [8, { block: "iovec" }],
      [8, 1],
      [8, { block: "rights" }],
      [8, CMSG_HEADER + 8],
      [8, 0],
    ] as const,
  };
  plan.call("sendmsg", [socket, header, MSG_NOSIGNAL]);
}

/** The block with Davit's answer. */
export const ANSWER = "answer";

/** Steps that wait for Davit's answer, and fail when Davit is gone. */
export function awaitAnswer(plan: PlanBuilder, davit: number): void {
  const answered = plan.fresh("answered");
  const again = plan.fresh("wait for the answer");
  plan.block(ANSWER, [[8, 0]])
    .label(again)
    .call("read", [davit, { block: ANSWER }, 1], {
      to: "answer",
      tolerate: [{ errno: E.EINTR, goto: again }],
    })
    .jump(answered, [reg("answer"), "!=", 0])
    .add({ fail: E.EPIPE })
    .label(answered);
}
