/**
 * The last part of init: find the user's program, wait for `start`, run it.
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import { AT_EMPTY_PATH, AT_FDCWD, O } from "../ffi/fd.ts";
import { awaitStart, prepareWait } from "./await_start.ts";
import { endWithDavit, SIGKILL } from "./beginning.ts";
import { planLimits, setCapabilities } from "./credentials.ts";
import { descriptor } from "./descriptors.ts";
import { planStartHooks } from "./hooks.ts";
import { planLabels } from "./labels.ts";
import type { LaunchInput, ProcessInput } from "./input.ts";
import { awaitAnswer, tell } from "./messages.ts";
import { type PlanBuilder, reg } from "./plan.ts";
import { ADDRESS } from "./program.ts";
import { whenDirectory } from "./root_paths.ts";
import { planFilter, planListener } from "./seccomp/load.ts";

const AT_EACCESS = 0x200, X_OK = 1;
const CLOSE_RANGE_CLOEXEC = 4;
/** Where programs are looked for when the environment has no PATH. */
const DEFAULT_PATH =
  "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The register with the address of the program's path. */
const PROGRAM = "program";

/** The reason that says which program is missing, as engines look for it. */
export function lookupReason(name: string): string {
  return `exec: ${JSON.stringify(name)}`;
}

/** Steps that find the program, as execvp(3) and the user would. */
export function planLookup(plan: PlanBuilder, process: ProcessInput): void {
  const name = process.args[0] ?? "";
  const found = plan.fresh("found");
  const denied = plan.fresh("denied");
  plan.because(lookupReason(name), "/process/args/0")
    .add({ set: "answer", value: E.ENOENT });
  for (const path of candidates(name, process.env)) {
    const next = plan.fresh(`not ${path}`);
    const noEntry = plan.fresh(`no way to ${path}`);
    const other = plan.fresh(`cannot use ${path}`);
    const open = O.PATH | O.CLOEXEC;
    plan.call("openat", [AT_FDCWD, path, open, 0], {
      to: "file",
      tolerate: [{ errno: E.EACCES, goto: noEntry }, {
        errno: "any",
        goto: next,
      }],
    });
    whenDirectory(plan, reg("file"), other);
    plan.call("faccessat2", [
      reg("file"),
      "",
      X_OK,
      AT_EACCESS | AT_EMPTY_PATH,
    ], { tolerate: [{ errno: "any", goto: other }] })
      .add({ set: PROGRAM, value: path })
      .call("close", [reg("file")])
      .jump(found)
      .label(other)
      .call("close", [reg("file")])
      .label(noEntry)
      .add({ set: "answer", value: E.EACCES })
      .label(next);
  }
  plan.jump(denied, [reg("answer"), "==", E.EACCES])
    .add({ fail: E.ENOENT })
    .label(denied).add({ fail: E.EACCES })
    .label(found);
}

/** The paths that a program's name may mean. */
function candidates(name: string, env: readonly string[]): string[] {
  if (name.includes("/")) return [name];
  const setting = env.findLast((entry) => entry.startsWith("PATH="));
  const path = setting?.slice("PATH=".length) ?? DEFAULT_PATH;
  return name === ""
    ? []
    : path.split(":").map((dir) => `${dir || "."}/${name}`);
}

/**
 * Steps that tell Davit that the program may run, and wait until Davit has the
 * process on record: without it, nobody would find it.
 */
export function planReady(
  plan: PlanBuilder,
  preserveFds: number,
  process?: ProcessInput,
  endsWithLauncher = false,
): void {
  const davit = descriptor("davit", preserveFds);
  plan.because("close every descriptor when the program starts")
    .call("close_range", [3 + preserveFds, 0xffffffff, CLOSE_RANGE_CLOEXEC]);
  // Davit may end as soon as it has answered; until then its end of the
  // connection tells this process. What was set was lost with the user.
  endWithDavit(plan, endsWithLauncher ? SIGKILL : 0);
  if (process !== undefined) planListener(plan, process, davit);
  plan.because("tell Davit that the container is ready");
  tell(plan, davit, "ready");
  awaitAnswer(plan, davit);
}

/** Steps that wait for `start` and then run the program. */
export function planStart(plan: PlanBuilder, input: LaunchInput): void {
  const { process, preserveFds } = input;
  const davit = descriptor("davit", preserveFds);
  const listener = descriptor("start", preserveFds);
  if (!input.startNow) prepareWait(plan, listener);
  planReady(plan, preserveFds, process, input.endsWithLauncher);
  if (input.startNow) return planProgram(plan, process);
  plan.call("close", [davit]);
  // What has run is never needed again, and init may wait for long.
  const free = plan.fresh("free");
  const freed = plan.fresh("freed");
  plan.because("free the part of the program that has run").label(free)
    .call("munmap", [ADDRESS.program, { before: free }], {
      tolerate: [{ errno: E.EINVAL, goto: freed }],
    }).label(freed);
  awaitStart(plan, listener);
  planStartHooks(plan, input, (hook) => process && planLast(hook, process));
  planProgram(plan, process);
}

/** Steps that run the program. */
export function planProgram(plan: PlanBuilder, process?: ProcessInput): void {
  if (process === undefined) {
    plan.because("start a container without a process", "/process")
      .add({ fail: E.ENOENT });
    return;
  }
  const [name = ""] = process.args;
  planLast(plan, process);
  plan.because(`exec ${name}`, "/process/args").call("execve", [
    reg(PROGRAM),
    { strings: process.args },
    { strings: process.env },
  ]);
}

/** What would be in the way of the steps before: limits and the filter. */
function planLast(plan: PlanBuilder, process: ProcessInput): void {
  planLabels(plan, process);
  planLimits(plan, process);
  planFilter(plan, process, setCapabilities);
}
