/** Who decides calls that a seccomp filter asks about, seccomp_unotify(2). */
import { assert } from "@std/assert";
import type { Fd } from "../ffi/fd.ts";
import { poll, POLLIN } from "../ffi/poll.ts";
import { checked } from "../ffi/syscall.ts";

const NOTIF_RECV = 0xc0502100, NOTIF_SEND = 0xc0182101;

/** Waits until there is something to read, at most ten seconds. */
export function awaitInput(fd: Fd): void {
  const [events] = poll([{ fd, events: POLLIN }], 10_000);
  assert(events, "nothing came for ten seconds");
}

/** Answers the next call that a listener is asked about with an errno. */
export function refuseNext(listener: Fd, errno: number): number {
  awaitInput(listener);
  const asked = new DataView(new ArrayBuffer(80));
  checked("ioctl", "receive", listener, NOTIF_RECV, asked);
  const answer = new DataView(new ArrayBuffer(24));
  answer.setBigUint64(0, asked.getBigUint64(0, true), true);
  answer.setInt32(16, -errno, true);
  checked("ioctl", "send", listener, NOTIF_SEND, answer);
  return asked.getUint32(8, true);
}
