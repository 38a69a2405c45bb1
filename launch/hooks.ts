/**
 * Hooks that init runs, and its pause for those that Davit runs.
 *
 * Init makes a process for the hook and tells Davit, which sends the process
 * its stdin, stdout and stderr, may kill it, and hears from init how it ended.
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import { descriptor } from "./descriptors.ts";
import type { HookInput, LaunchInput } from "./input.ts";
import {
  awaitAnswer,
  compose,
  MESSAGE,
  MESSAGE_SIZE,
  sendWith,
  tell,
} from "./messages.ts";
import { type PlanBuilder, reg, REPORT } from "./plan.ts";
import { ROOT } from "./root_paths.ts";

const CLONE_PIDFD = 0x1000, SIGCHLD = 17, SIGKILL = 9;
const PR_SET_PDEATHSIG = 1;
const P_PID = 1, WEXITED = 4, CLD_EXITED = 1;
const CLOSE_RANGE_CLOEXEC = 4, MSG_CMSG_CLOEXEC = 0x40000000;
/** A control message with three descriptors. */
const RIGHTS_HEADER = 16, RIGHTS_LENGTH = 28, RIGHTS_SIZE = 32;
/** The umask of hooks that run before the process has one. */
const UMASK = 0o022;

/** Steps for the hooks of `create`, before the root changes. */
export function planCreateHooks(plan: PlanBuilder, input: LaunchInput): void {
  const { hooks, preserveFds } = input;
  if (!hooks?.pause) return;
  const davit = descriptor("davit", preserveFds);
  plan.because("wait for the hooks that Davit runs", "/hooks")
    .call("fchdir", [reg(ROOT)]);
  tell(plan, davit, "hooks");
  awaitAnswer(plan, davit);
  hooks.createContainer.forEach((hook, i) => runHook(plan, hook, i, UMASK));
}

/**
 * Steps for the hooks between `start` and the user's program.
 *
 * @param last the steps before a program of the container's is executed
 */
export function planStartHooks(
  plan: PlanBuilder,
  { hooks, process }: LaunchInput,
  last: (plan: PlanBuilder) => void,
): void {
  if (hooks === undefined || process === undefined) return;
  hooks.startContainer.forEach((hook, i) =>
    runHook(plan, hook, i, process.umask, last)
  );
}

function runHook(
  plan: PlanBuilder,
  hook: HookInput,
  index: number,
  umask: number,
  last?: (plan: PlanBuilder) => void,
): void {
  const { path, args, env, why, pointer } = hook;
  const name = last ? "run a hook as the program" : "run a hook";
  plan.because(why, pointer).routine(name, [
    index,
    path,
    { strings: args },
    { strings: env },
    umask,
  ], (routine) => {
    const child = routine.fresh("hook");
    routine.block("hook pidfd", 8)
      .call("clone", [
        CLONE_PIDFD | SIGCHLD,
        0,
        { block: "hook pidfd" },
        0,
        0,
      ], { to: "hook pid", ifZero: child })
      .add({ load: "pidfd", from: { block: "hook pidfd" }, size: 4 })
      .argument(0, "index");
    sendWith(routine, reg(REPORT), "hook", "pidfd", reg("index"));
    routine.call("close", [reg("pidfd")]);
    awaitHook(routine);
    routine.goBack();
    becomeHook(routine, child, last);
  });
}

/** Waits for the hook, tells how it ended, and ends if it failed. */
function awaitHook(plan: PlanBuilder): void {
  const wait = plan.fresh("wait for the hook");
  const failed = plan.fresh("hook failed");
  const done = plan.fresh("hook succeeded");
  plan.block("hook info", 128)
    .label(wait)
    .call("waitid", [
      P_PID,
      reg("hook pid"),
      { block: "hook info" },
      WEXITED,
      0,
    ], { tolerate: [{ errno: E.EINTR, goto: wait }] })
    // siginfo_t: si_code at 8, si_status at 24.
    .add({ load: "code", from: { block: "hook info", at: 8 }, size: 4 })
    .add({ load: "status", from: { block: "hook info", at: 24 }, size: 4 });
  compose(plan, "hookEnded", reg("status"));
  plan.add({ store: reg("code"), into: { block: MESSAGE, at: 4 }, size: 4 })
    .call("write", [reg(REPORT), { block: MESSAGE }, MESSAGE_SIZE])
    .add({ store: 0, into: { block: MESSAGE, at: 4 }, size: 4 })
    .jump(failed, [reg("code"), "!=", CLD_EXITED])
    .jump(done, [reg("status"), "==", 0])
    .label(failed)
    .call("exit_group", [1])
    .label(done);
}

/** Registers with the hook's stdin, stdout and stderr. */
const STDIO = ["hook stdin", "hook stdout", "hook stderr"];

/** What the new process does: a failure is told as one of the hook. */
function becomeHook(
  plan: PlanBuilder,
  label: string,
  last: (plan: PlanBuilder) => void = () => {},
): void {
  plan.label(label)
    .call("prctl", [PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0])
    .call("setsid", []);
  receiveStdio(plan);
  STDIO.forEach((name, fd) => plan.call("dup3", [reg(name), fd, 0]));
  plan.call("close_range", [3, 0xffffffff, CLOSE_RANGE_CLOEXEC])
    .argument(4, "umask")
    .call("umask", [reg("umask")]);
  last(plan);
  plan.argument(1, "path")
    .argument(2, "args")
    .argument(3, "env")
    .call("execve", [reg("path"), reg("args"), reg("env")]);
}

/** Takes the three descriptors that Davit sends. */
function receiveStdio(plan: PlanBuilder): void {
  const again = plan.fresh("receive stdio");
  const here = plan.fresh("have stdio");
  plan.block("hook rights", RIGHTS_SIZE)
    .block("hook data", 8)
    .block("hook iovec", [[8, { block: "hook data" }], [8, 1]])
    .block("hook header", [
      [8, 0],
      [8, 0],
      [8, { block: "hook iovec" }],
      [8, 1],
      [8, { block: "hook rights" }],
      [8, RIGHTS_SIZE],
      [8, 0],
    ])
    .label(again)
    .call("recvmsg", [
      reg(REPORT),
      { block: "hook header" },
      MSG_CMSG_CLOEXEC,
    ], { tolerate: [{ errno: E.EINTR, goto: again }] })
    .add({ load: "size", from: { block: "hook rights" }, size: 8 })
    .jump(here, [reg("size"), "==", RIGHTS_LENGTH])
    .add({ fail: E.EPIPE })
    .label(here);
  STDIO.forEach((name, i) =>
    plan.add({
      load: name,
      from: { block: "hook rights", at: RIGHTS_HEADER + 4 * i },
      size: 4,
    })
  );
}
