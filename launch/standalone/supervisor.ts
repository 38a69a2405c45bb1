/**
 * The plan of a standalone launcher: what Davit does for a container in the
 * foreground, as system calls.
 *
 *     supervisor ── clones ─► launching process ── clones ─► init
 *       hears of it, passes signals on, reaps it, removes cgroups, ends with
 *       its status
 *
 * @module
 */

import { E } from "../../ffi/errno.ts";
import { AT_FDCWD, O } from "../../ffi/fd.ts";
import { SIGNALS } from "../../ffi/signals.ts";
import { planFirstProcess } from "../first_process.ts";
import { planInit } from "../init.ts";
import { MESSAGE_SIZE, TAG } from "../messages.ts";
import { type Field, type Plan, PlanBuilder, reg, REPORT } from "../plan.ts";
import { lockCgroups, MADE, makeCgroups, removeCgroups } from "./cgroups.ts";
import type { LauncherInput } from "./input.ts";
import { fillSteps, type StepTable, tellFailure, tellLine } from "./words.ts";

const AF_UNIX = 1, SOCK_SEQPACKET = 5, CLOEXEC = 0o2000000;
const SIGCHLD = 17, SIGKILL = 9, SIG_BLOCK = 0, SIG_SETMASK = 2;
/** The kernel's sigset_t, in bytes. */
const SET_SIZE = 8;
const PR_SET_CHILD_SUBREAPER = 36;
const P_ALL = 0, WNOHANG = 1, WEXITED = 4, CLD_EXITED = 1;
/** Places in siginfo_t: of a child that ended, and its status. */
const SI_CODE = 8, SI_PID = 16, SI_STATUS = 24, SIGINFO_SIZE = 128;
/** Signals that are not passed on: they are the supervisor's own, or nobody's. */
const OWN = [
  "CHLD",
  "KILL",
  "STOP",
  "SEGV",
  "BUS",
  "ILL",
  "FPE",
  "SYS",
  "TRAP",
];
/** The descriptor of the launching process's end of the socket. */
const SOCKET = 3;
const LAUNCH = "launching process";
const PREFIX = "davit";

/** The bit of a signal in a sigset_t. */
function bit(signal: number): bigint {
  return 1n << BigInt(signal - 1);
}

/** The plan of a launcher. */
export function planLauncher(input: LauncherInput): Plan {
  const table: StepTable = [];
  const plan = new PlanBuilder();
  start(plan);
  hear(plan, input);
  attend(plan);
  finish(plan, input, table);
  launchContainer(plan, input);
  const whole = plan.build();
  fillSteps(table, whole);
  return whole;
}

/** Steps that clone the launching process. */
function start(plan: PlanBuilder): void {
  const passedOn = [...new Set(Object.entries(SIGNALS))]
    .filter(([name]) => !OWN.includes(name))
    .reduce((set, [, number]) => set | bit(number), bit(SIGCHLD));
  const set = { struct: [[8, passedOn]] as const };
  const cannot = { tolerate: [{ errno: "any" as const, goto: "cannot" }] };
  plan.because("start the launch")
    .add({ set: "init", value: 0 })
    .block("pair", [[4, 0], [4, 0]])
    .block("signal", SIGINFO_SIZE)
    .call("rt_sigprocmask", [SIG_BLOCK, set, 0, SET_SIZE], cannot)
    // What a container without a pid namespace orphans is reaped as well.
    .call("prctl", [PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0], cannot)
    .call("signalfd4", [-1, set, SET_SIZE, CLOEXEC], {
      to: "signals",
      ...cannot,
    })
    .call("socketpair", [AF_UNIX, SOCK_SEQPACKET | CLOEXEC, 0, {
      block: "pair",
    }], cannot)
    .add({ load: "ours", from: { block: "pair" }, size: 4 })
    .add({ load: "theirs", from: { block: "pair", at: 4 }, size: 4 })
    .call("clone", [SIGCHLD, 0, 0, 0, 0], {
      to: "first",
      ifZero: LAUNCH,
      ...cannot,
    })
    .call("close", [reg("theirs")], cannot);
}

/** Steps that hear of the launch until its end of the socket is closed. */
function hear(plan: PlanBuilder, input: LauncherInput): void {
  const answer = plan.fresh("answer");
  const pid = plan.fresh("pid"), made = plan.fresh("made");
  const maps = plan.fresh("maps");
  plan.because("hear of the launch")
    .add({ set: "ready", value: 0 })
    .block("heard", [[4, 0], [4, 0], [8, 0]])
    .label("hear")
    .call("read", [reg("ours"), { block: "heard" }, MESSAGE_SIZE], {
      to: "got",
      tolerate: [
        { errno: E.EINTR, goto: "hear" },
        { errno: "any", goto: "attend" },
      ],
      ifZero: "attend",
    })
    .add({ load: "tag", from: { block: "heard" }, size: 4 })
    .add({ load: "errno heard", from: { block: "heard", at: 4 }, size: 4 })
    .add({ load: "value", from: { block: "heard", at: 8 }, size: 8 })
    .jump(pid, [reg("tag"), "==", TAG.pid])
    .jump(made, [reg("tag"), "==", TAG.made])
    .jump(maps, [reg("tag"), "==", TAG.maps])
    .jump("failed", [reg("tag"), "!=", TAG.ready])
    .add({ set: "ready", value: 1 })
    .label(answer)
    .call("write", [reg("ours"), "", 1], {
      tolerate: [{ errno: "any", goto: "hear" }],
    })
    .jump("hear")
    .label(pid)
    .add({ set: "init", value: reg("value") })
    .jump("hear")
    .label(made);
  const { cgroups, lock } = input;
  const own = plan.fresh("own"), others = plan.fresh("others");
  plan.add({ set: "locked", value: 0 });
  if (lock !== undefined) {
    plan.jump(own, [reg("value"), "!=", lock.index]);
    lockCgroups(plan, lock, cgroups[lock.index]!.path, "taken");
    plan.add({ set: "locked", value: 1 }).label(own);
  }
  // The flag's place: there is no multiplication.
  if (cgroups.length > 0) {
    for (let bit = 0; bit < 3; bit++) {
      plan.add({ add: "value", a: reg("value"), b: reg("value") });
    }
    plan.add({ add: "value", a: reg("value"), b: { block: MADE } })
      .add({ store: 1, into: reg("value"), size: 8 });
  }
  plan.jump(others, [reg("locked"), "==", 0])
    .jump(answer)
    .label(others)
    .jump("hear").label(maps);
  writeMaps(plan, input);
  plan.jump(answer);
}

const POWERS = [6, 5, 4, 3, 2, 1, 0].map((power) => 10 ** power);

/** Steps that write the maps of the launching process's user namespace. */
function writeMaps(plan: PlanBuilder, { idMaps }: LauncherInput): void {
  if (idMaps === undefined) return;
  const cannot = { tolerate: [{ errno: "any" as const, goto: "no maps" }] };
  plan.because("write the maps of the user namespace", "/linux/uidMappings")
    .block("pid", 32)
    .add({ set: "left", value: reg("first") })
    .add({ set: "end", value: { block: "pid" } });
  // The pid in digits, without zeros in front.
  for (const power of POWERS) {
    const next = plan.fresh("digit"), more = plan.fresh("count");
    const zero = plan.fresh("zero"), put = plan.fresh("put");
    plan.add({ set: "digit", value: "0".charCodeAt(0) })
      .label(more)
      .jump(zero, [reg("left"), "<", power])
      .add({ add: "left", a: reg("left"), b: -power })
      .add({ add: "digit", a: reg("digit"), b: 1 })
      .jump(more)
      .label(zero)
      .jump(put, [reg("digit"), "!=", "0".charCodeAt(0)])
      .jump(next, [reg("end"), "==", { block: "pid" }])
      .label(put)
      .add({ store: reg("digit"), into: reg("end"), size: 4 })
      .add({ add: "end", a: reg("end"), b: 1 })
      .label(next);
  }
  const flags = O.PATH | O.DIRECTORY | O.CLOEXEC;
  plan.call("openat", [AT_FDCWD, "/proc", flags, 0], { to: "proc", ...cannot })
    .call("openat", [reg("proc"), { block: "pid" }, flags, 0], {
      to: "folder",
      ...cannot,
    });
  for (
    const [file, map] of [["uid_map", idMaps.uid], ["gid_map", idMaps.gid]]
  ) {
    const { length } = new TextEncoder().encode(map);
    plan.call("openat", [reg("folder"), file!, O.WRONLY | O.CLOEXEC, 0], {
      to: "file",
      ...cannot,
    })
      .call("write", [reg("file"), map!, length], cannot)
      .call("close", [reg("file")], cannot);
  }
  plan.call("close", [reg("folder")], cannot)
    .call("close", [reg("proc")], cannot);
}

/** Steps that pass signals on, until init has ended. */
function attend(plan: PlanBuilder): void {
  const reap = plan.fresh("reap"), passed = plan.fresh("passed");
  plan.because("pass signals on").label("attend")
    .jump("silent", [reg("init"), "==", 0])
    .jump(reap)
    .label(passed)
    .call("read", [reg("signals"), { block: "signal" }, SIGINFO_SIZE], {
      tolerate: [{ errno: "any", goto: passed }],
    })
    .add({ load: "number", from: { block: "signal" }, size: 4 })
    .jump(reap, [reg("number"), "==", SIGCHLD])
    .call("kill", [reg("init"), reg("number")], {
      tolerate: [{ errno: "any", goto: passed }],
    })
    .jump(passed);
  plan.because("wait for the container").label(reap)
    .add({ store: 0, into: { block: "signal", at: SI_PID }, size: 4 })
    .call("waitid", [P_ALL, 0, { block: "signal" }, WNOHANG | WEXITED, 0], {
      tolerate: [{ errno: "any", goto: passed }],
    })
    .add({ load: "ended", from: { block: "signal", at: SI_PID }, size: 4 })
    .jump(passed, [reg("ended"), "==", 0])
    .jump(reap, [reg("ended"), "!=", reg("init")])
    .add({
      load: "status",
      from: { block: "signal", at: SI_STATUS },
      size: 4,
    })
    .add({ load: "code", from: { block: "signal", at: SI_CODE }, size: 4 })
    .add({ set: "told", value: 0 })
    .jump("counted", [reg("code"), "==", CLD_EXITED])
    .add({ add: "status", a: reg("status"), b: 128 })
    .label("counted")
    .jump("end", [reg("ready"), "==", 1])
    .label("silent")
    .add({ set: "status", value: 1 })
    .add({ set: "told", value: SILENT })
    .jump("stop");
}

/** What is told at the end: nothing, a failed step, or one of these. */
const STEP = 1, SILENT = 2, NO_MAPS = 3, CANNOT = 4, TAKEN = 5;

/** Steps that clean up, tell what went wrong and end. */
function finish(
  plan: PlanBuilder,
  input: LauncherInput,
  table: StepTable,
): void {
  const gone = plan.fresh("gone"), wait = plan.fresh("wait for all");
  plan.because("clean up").label("no maps")
    .add({ set: "told", value: NO_MAPS }).jump("stop")
    .label("cannot").add({ set: "told", value: CANNOT }).jump("stop")
    .label("taken").add({ set: "told", value: TAKEN }).jump("stop")
    .label("failed").add({ set: "told", value: STEP })
    .label("stop")
    .add({ set: "status", value: 1 })
    .jump(wait, [reg("init"), "==", 0])
    .call("kill", [reg("init"), SIGKILL], {
      tolerate: [{ errno: "any", goto: wait }],
    })
    .label(wait)
    // The launching process ends when nobody answers it.
    .call("close", [reg("ours")], { tolerate: [{ errno: "any", goto: gone }] })
    .label(gone)
    .call("waitid", [P_ALL, 0, { block: "signal" }, WEXITED, 0], {
      tolerate: [{ errno: E.EINTR, goto: gone }, { errno: "any", goto: "end" }],
    })
    .jump(gone)
    .label("end");
  removeCgroups(plan, input);
  const quiet = plan.fresh("quiet"), silent = plan.fresh("silent");
  const maps = plan.fresh("no maps"), cannot = plan.fresh("cannot");
  const taken = plan.fresh("taken");
  plan.because("end")
    .jump(quiet, [reg("told"), "==", 0])
    .jump(silent, [reg("told"), "==", SILENT])
    .jump(maps, [reg("told"), "==", NO_MAPS])
    .jump(cannot, [reg("told"), "==", CANNOT])
    .jump(taken, [reg("told"), "==", TAKEN]);
  tellFailure(plan, PREFIX, table, "tag", "errno heard");
  plan.jump(quiet).label(silent);
  tellLine(
    plan,
    "silent words",
    `${PREFIX}: Cannot set up the container: its init was killed; did it run ` +
      "out of the memory that its cgroup allows?",
  );
  plan.jump(quiet).label(maps);
  tellLine(
    plan,
    "maps words",
    `${PREFIX}: Cannot write the maps of the user namespace ` +
      "(linux.uidMappings)",
  );
  plan.jump(quiet).label(cannot);
  tellLine(
    plan,
    "cannot words",
    `${PREFIX}: Cannot start the launch: the host has no processes, files or ` +
      "memory left",
  );
  plan.jump(quiet).label(taken);
  tellLine(
    plan,
    "taken words",
    `${PREFIX}: container's cgroup is not empty: another container is just ` +
      "being made in it (linux.cgroupsPath)",
  );
  plan.label(quiet).call("exit_group", [reg("status")]);
}

/** Steps of the launching process: cgroups, then the launch as Davit's. */
function launchContainer(plan: PlanBuilder, input: LauncherInput): void {
  const there = plan.fresh("socket in place"), next = plan.fresh("signal");
  const reset = plan.fresh("signals reset");
  const byDefault: Field[] = Array.from({ length: 4 }, () => [8, 0]);
  plan.because("forget the caller's signals").label(LAUNCH)
    // Or it would never hear that nobody answers.
    .call("close", [reg("ours")])
    .jump(there, [reg("theirs"), "==", SOCKET])
    .call("dup3", [reg("theirs"), SOCKET, 0])
    .label(there)
    .add({ set: REPORT, value: SOCKET })
    .add({ set: "number", value: 1 })
    .label(next)
    .call("rt_sigaction", [reg("number"), { struct: byDefault }, 0, SET_SIZE], {
      tolerate: [{ errno: "any", goto: reset }],
    })
    .label(reset)
    .add({ add: "number", a: reg("number"), b: 1 })
    .jump(next, [reg("number"), "<", 65])
    .call("rt_sigprocmask", [
      SIG_SETMASK,
      { struct: [[8, 0]] },
      0,
      SET_SIZE,
    ]);
  makeCgroups(plan, input);
  planFirstProcess(plan, input.launch);
  planInit(plan, input.launch);
}
