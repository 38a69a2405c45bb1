/**
 * How init waits for `start`.
 *
 * The first process of a pid namespace ignores every signal that it has no
 * handler for, but SIGKILL. Who stops a machine or a service sends SIGTERM and
 * then waits for long: so init, which has no program yet, ends on the signals
 * that would have ended any other process, and is as good as killed by them.
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import { POLLIN } from "../ffi/poll.ts";
import { type PlanBuilder, reg, REPORT } from "./plan.ts";

const SIG_BLOCK = 0, SIG_UNBLOCK = 1;
/** The kernel's sigset_t, in bytes. */
const SET_SIZE = 8;
/** SOCK_CLOEXEC, and SFD_CLOEXEC. */
const CLOEXEC = 0o2000000;
/** SIGHUP, SIGINT, SIGQUIT and SIGTERM. */
const ENDING = [1, 2, 3, 15].reduce((set, n) => set | 1 << n - 1, 0);
/** Of a `struct signalfd_siginfo`. */
const SIGINFO_SIZE = 128;

/** The reason of the step in which init waits for `start`. */
export const WAIT = "wait for start";

const SET = { struct: [[8, ENDING]] as const };

/** Steps that get ready for the wait for a connection to `listener`. */
export function prepareWait(plan: PlanBuilder, listener: number): void {
  plan.because("end on signals while waiting")
    .call("rt_sigprocmask", [SIG_BLOCK, SET, 0, SET_SIZE])
    .call("signalfd4", [-1, SET, SET_SIZE, CLOEXEC], { to: "signals" })
    // Two of `struct pollfd`; what has happened is in the upper half.
    .block("polled", [[4, 0], [4, POLLIN], [4, 0], [4, POLLIN]])
    .block("siginfo", SIGINFO_SIZE)
    .add({ store: listener, into: { block: "polled" }, size: 4 })
    .add({ store: reg("signals"), into: { block: "polled", at: 8 }, size: 4 });
}

/** Steps that wait, and leave the connection in the register of reports. */
export function awaitStart(plan: PlanBuilder, listener: number): void {
  const again = plan.fresh("wait for start");
  const started = plan.fresh("started");
  const retry = (errno: number) => ({ errno, goto: again });
  plan.because(WAIT).label(again)
    .call("ppoll", [{ block: "polled" }, 2, 0, 0, SET_SIZE], {
      tolerate: [retry(E.EINTR)],
    })
    .add({ load: "type", from: { block: "polled", at: 12 }, size: 4 })
    .jump(started, [reg("type"), "==", POLLIN])
    .call("read", [reg("signals"), { block: "siginfo" }, SIGINFO_SIZE])
    .add({ load: "type", from: { block: "siginfo" }, size: 4 })
    .add({ add: "type", a: reg("type"), b: 128 })
    .call("exit_group", [reg("type")])
    .label(started)
    .call("accept4", [listener, 0, 0, CLOEXEC], {
      to: REPORT,
      tolerate: [retry(E.EINTR), retry(E.ECONNABORTED)],
    })
    .call("close", [reg("signals")])
    .call("rt_sigprocmask", [SIG_UNBLOCK, SET, 0, SET_SIZE]);
}
