/**
 * What the user's process gets before its program runs, be it init or one that
 * `exec` adds to a container.
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import { planStdio } from "./console.ts";
import { planCredentials } from "./credentials.ts";
import type { ProcessInput } from "./input.ts";
import { type PlanBuilder, reg } from "./plan.ts";
import { planScheduling } from "./scheduling.ts";
import { planLookup } from "./user_program.ts";

const KEYCTL_JOIN_SESSION_KEYRING = 1;

/** Without its own keyring the container would see the caller's keys. */
export function ownKeyring(plan: PlanBuilder, id: string): void {
  const done = plan.fresh("session keyring");
  const skip = [E.ENOSYS, E.EPERM, E.EDQUOT, E.EACCES].map((errno) => ({
    errno,
    goto: done,
  }));
  plan.because("join a session keyring of its own").call("keyctl", [
    KEYCTL_JOIN_SESSION_KEYRING,
    `_ses.${id}`,
    0,
    0,
    0,
  ], { tolerate: skip }).label(done);
}

/**
 * Steps for its stdio, scheduling, working directory and credentials, and to
 * find its program.
 */
export function planProcess(plan: PlanBuilder, process: ProcessInput): void {
  const { cwd } = process;
  const entered = plan.fresh("in the working directory");
  const later = plan.fresh("enter the working directory as the user");
  planStdio(plan, process);
  planScheduling(plan, process);
  const enter = () =>
    plan.because(`enter the working directory ${cwd}`, "/process/cwd");
  // Root enters it first: the user may be allowed to be there, not to enter.
  enter().add({ set: "entered", value: 1 }).call("chdir", [cwd], {
    tolerate: [
      { errno: E.EACCES, goto: later },
      { errno: E.EPERM, goto: later },
    ],
  }).jump(entered).label(later).add({ set: "entered", value: 0 })
    .label(entered);
  planCredentials(plan, process);
  const inside = plan.fresh("inside");
  enter().jump(inside, [reg("entered"), "==", 1])
    .call("chdir", [cwd]).label(inside);
  checkInside(plan, cwd);
  planLookup(plan, process);
}

/** getcwd(2) begins with "(unreachable)" outside of the root. */
function checkInside(plan: PlanBuilder, cwd: string): void {
  const inside = plan.fresh("the working directory is inside");
  const size = 4096;
  plan.because(
    `check that the working directory ${cwd} is inside the container`,
    "/process/cwd",
  )
    .block("cwd", size)
    .call("getcwd", [{ block: "cwd" }, size])
    .add({ load: "type", from: { block: "cwd" }, size: 1 })
    .jump(inside, [reg("type"), "==", "/".charCodeAt(0)])
    .add({ fail: E.ENOENT })
    .label(inside);
}
