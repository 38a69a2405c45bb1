/**
 * `exec`: one more process in a container that is there.
 *
 *     the first process -> the joining process -> the program
 *
 * The first process makes the joining one, which is born in the cgroup of v2;
 * without one, it goes on itself. The joining process enters the container's
 * namespaces and takes on everything of the program: credentials, working
 * directory, stdio. It is not in the container's pid namespace, so that nobody
 * in there sees it. What it makes at last is seen: a process with no more
 * rights than the program and no file that the program does not get. Only for a
 * seccomp filter that forbids making it, it can do more for a moment.
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import { AT_FDCWD, O } from "../ffi/fd.ts";
import { TTY } from "../ffi/pty.ts";
import type { SyscallName } from "../ffi/syscall_numbers.ts";
import {
  adjustOom,
  awaitPlace,
  begin,
  endWithDavit,
  raiseLimits,
  refuseTracing,
  SIGKILL,
} from "./beginning.ts";
import {
  CGROUP_POINTER,
  CLONE_PARENT,
  cloneIntoCgroup,
  joinTasks,
  openUnified,
  SIGCHLD,
} from "./cgroups.ts";
import {
  openTerminal,
  planControllingTerminal,
  takeTerminal,
} from "./console.ts";
import { descriptor, firstFree, initDescriptor } from "./descriptors.ts";
import { setCapabilities } from "./credentials.ts";
import type { ExecInput } from "./exec_input.ts";
import type { ProcessInput } from "./input.ts";
import { EXEC_NAME } from "./init_name.ts";
import { openLabels, planLabels } from "./labels.ts";
import { tell } from "./messages.ts";
import { becomeRoot, dropGroups, NAMESPACE_FLAG } from "./namespaces.ts";
import { type Plan, PlanBuilder, reg } from "./plan.ts";
import { ownKeyring, planProcess } from "./process.ts";
import { ROOT } from "./root_paths.ts";
import {
  planAffinity,
  planExecutionDomain,
  resetAffinity,
} from "./scheduling.ts";
import { planFilter } from "./seccomp/load.ts";
import { planProgram, planReady } from "./user_program.ts";

/** The label of the joining process's first step. */
const JOINING = "join the container";
/** The label of the first step of the process that becomes the program. */
export const PROGRAM = "become the program";
/** The registers with the pids of the two. */
const JOINING_PID = "joining process", PROGRAM_PID = "process";
/** The register with the cgroup of v2 that init is in. */
const INIT_CGROUP = "init's cgroup";

/** Whether a plan puts a joining process into a cgroup of v2, if that works. */
export function makesJoining({ steps }: Plan): boolean {
  return steps.some(({ label }) => label === JOINING);
}

/** The plan of a launch of `exec`. */
export function planExec(input: ExecInput): Plan {
  const plan = new PlanBuilder();
  const { process, preserveFds } = input;
  const davit = descriptor("davit", preserveFds);
  const hasConsole = process.terminal?.from === "host";
  begin(plan, {
    davit,
    free: firstFree(preserveFds, hasConsole),
    name: EXEC_NAME,
  });
  awaitPlace(plan, input.awaitsPlace, davit);
  adjustOom(plan, process);
  // What is written there holds for the next execve(2), of a child too.
  openLabels(plan, process);
  planLabels(plan, process);
  refuseTracing(plan);
  raiseLimits(plan, process);
  planAffinity(plan, "initial", input.affinity);
  makeJoiningProcess(plan, input, davit);
  joinTasks(plan, input.cgroupTasks);
  const { initial, final } = input.affinity;
  if (initial === undefined && final === undefined) resetAffinity(plan);
  planAffinity(plan, "final", input.affinity);
  joinContainer(plan, input);
  planSettings(plan, input);
  plan.because("close what the program does not get")
    .call("close_range", [davit + 1, 0xffffffff, 0]);
  // The process would have to load it with more rights than the program's.
  if (input.loadsFilterEarly) planFilter(plan, process, setCapabilities);
  plan.because("create the process")
    .call("clone", [CLONE_PARENT | SIGCHLD, 0, 0, 0, 0], {
      to: PROGRAM_PID,
      ifZero: PROGRAM,
    });
  plan.because("tell Davit the process's pid");
  tell(plan, davit, "pid", reg(PROGRAM_PID));
  plan.because("end the joining process").call("exit_group", [0]);
  plan.because("start a session of its own").label(PROGRAM).call("setsid", []);
  planControllingTerminal(plan, process, 0);
  planReady(plan, preserveFds, withoutWhatItHas(input));
  planProgram(plan, withoutWhatItHas(input));
  return plan.build();
}

/** The calls that are made when a filter has been loaded early. */
export const CALLS_UNDER_FILTER: readonly (readonly [
  SyscallName,
  ...number[],
])[] = [
  ["capset"],
  ["clone", CLONE_PARENT | SIGCHLD],
  ["exit_group"],
  ["setsid"],
  ["ioctl", 0, TTY.TIOCSCTTY],
  ["close_range", 3, 0xffffffff, 4],
  ["prctl", 1],
  ["write", 3],
  ["read", 3],
  ["prlimit64"],
  ["execve"],
];

/** The process without what is done for it before it is made. */
function withoutWhatItHas(
  { process, loadsFilterEarly }: ExecInput,
): ProcessInput {
  const { apparmorProfile: _1, selinuxLabel: _2, seccomp, ...rest } = process;
  return seccomp === undefined || loadsFilterEarly
    ? rest
    : { ...rest, seccomp };
}

/** Steps that make a process in the cgroup of v2, if there is one. */
function makeJoiningProcess(
  plan: PlanBuilder,
  input: ExecInput,
  davit: number,
): void {
  const { cgroupDirectory: own, initCgroup, privileges } = input;
  if (own === undefined) return;
  const elsewhere = plan.fresh("join init's cgroup");
  const alone = plan.fresh("stay out of the cgroup");
  const made = { to: JOINING_PID, ifZero: JOINING };
  // An ordinary user may be in a cgroup that he cannot leave.
  const skip = privileges === "user" ? [{ errno: E.EACCES, goto: alone }] : [];
  const hasProcesses = [E.EBUSY, E.EOPNOTSUPP].map((errno) => ({
    errno,
    goto: elsewhere,
  }));
  openUnified(plan, own);
  if (initCgroup !== undefined) openUnified(plan, initCgroup, INIT_CGROUP);
  plan.because(`join ${own}/cgroup.procs`, CGROUP_POINTER);
  cloneIntoCgroup(plan, 0, {
    ...made,
    tolerate: initCgroup === undefined ? skip : [...skip, ...hasProcesses],
  });
  const endFirst = () => {
    plan.because("tell Davit the joining process's pid");
    tell(plan, davit, "joining", reg(JOINING_PID));
    plan.because("end the first process").call("exit_group", [0]);
  };
  endFirst();
  if (initCgroup !== undefined) {
    plan.because(`join ${initCgroup}/cgroup.procs`, CGROUP_POINTER).label(
      elsewhere,
    );
    cloneIntoCgroup(plan, 0, { ...made, tolerate: skip }, INIT_CGROUP);
    endFirst();
  }
  plan.because("close the cgroups").label(JOINING);
  endWithDavit(plan, SIGKILL);
  if (privileges === "user") plan.label(alone);
  plan.because("close the cgroups").call("close_range", [
    firstFree(input.preserveFds, input.process.terminal?.from === "host"),
    0xffffffff,
    0,
  ]);
}

/** Steps that enter the container's namespaces and root directory. */
function joinContainer(plan: PlanBuilder, input: ExecInput): void {
  const { namespaces, initPid, preserveFds, privileges } = input;
  const init = initDescriptor(preserveFds);
  const pointer = "/linux/namespaces";
  const hasMounts = namespaces.includes("mount");
  if (!hasMounts) {
    plan.because("open the container's root directory", "/root/path")
      .call("openat", [
        AT_FDCWD,
        `/proc/${initPid}/root`,
        O.PATH | O.DIRECTORY | O.CLOEXEC,
        0,
      ], { to: ROOT })
      // No later process has the pid while init lives.
      .call("pidfd_send_signal", [init, 0, 0, 0]);
  }
  if (namespaces.includes("user")) dropGroups(plan, { privileges }, pointer);
  if (namespaces.length > 0) {
    const flags = namespaces.reduce((sum, n) => sum | NAMESPACE_FLAG[n], 0);
    plan.because(`join the namespaces ${namespaces.join(", ")}`, pointer)
      .call("setns", [init, flags]);
  }
  plan.because("let go of init").call("close", [init]);
  if (namespaces.includes("user")) becomeRoot(plan, pointer);
  if (!hasMounts) {
    plan.because("change to the root directory", "/root/path")
      .call("fchdir", [reg(ROOT)])
      .call("chroot", ["."]);
  } else if (input.process.terminal?.from === "container") {
    plan.because("open the container's root directory", "/root/path")
      .call("openat", [AT_FDCWD, "/", O.PATH | O.DIRECTORY | O.CLOEXEC, 0], {
        to: ROOT,
      });
  }
}

/** Steps for all that the program inherits. */
function planSettings(plan: PlanBuilder, input: ExecInput): void {
  const { id, process, preserveFds } = input;
  const { terminal } = process;
  if (input.ownKeyring) ownKeyring(plan, id);
  if (terminal?.from === "container") {
    openTerminal(plan, { preserveFds, terminal });
  } else if (terminal !== undefined) {
    takeTerminal(plan, { preserveFds, terminal });
  }
  planExecutionDomain(plan, input);
  planProcess(plan, process);
  // With fs.suid_dumpable, a process that changes its user is traceable again.
  refuseTracing(plan);
}
