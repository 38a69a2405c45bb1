/**
 * Steps of a launcher that make cgroups, and remove them.
 *
 * @module
 */

import { E } from "../../ffi/errno.ts";
import { AT_FDCWD, O } from "../../ffi/fd.ts";
import { STATFS_SIZE } from "../../ffi/statfs.ts";
import { locking } from "../cgroup_lock.ts";
import { CGROUP_POINTER } from "../cgroups.ts";
import { awaitAnswer, tell } from "../messages.ts";
import { type Field, type PlanBuilder, reg } from "../plan.ts";
import type {
  LauncherCgroup,
  LauncherDevices,
  LauncherInput,
  LauncherLock,
  LauncherOwner,
  LauncherWrite,
} from "./input.ts";

const AT_REMOVEDIR = 0x200;
/** Where the supervisor talks with the launching process. */
const SOCKET = 3;
/** The block of flags: which cgroups were made. */
export const MADE = "made cgroups";
/** How often a cgroup is tried to be removed, and the pause, nanoseconds. */
const TRIES = 2000, PAUSE = 1_000_000;

// bpf(2), from linux/bpf.h; the buffer is larger than any kernel's.
const BPF_PROG_LOAD = 5, BPF_PROG_ATTACH = 8;
const BPF_PROG_TYPE_CGROUP_DEVICE = 15, BPF_CGROUP_DEVICE = 6;
const BPF_F_ALLOW_MULTI = 2, ATTR_SIZE = 256, BPF_INSTRUCTION = 8;

/** Steps that make the cgroups and set their limits. */
export function makeCgroups(plan: PlanBuilder, input: LauncherInput): void {
  for (const { name, path, type } of input.mounts) {
    const right = plan.fresh("as it should be");
    plan.because(`find ${name} at ${path}, as this launcher was built for`)
      .block("statfs", STATFS_SIZE)
      .call("statfs", [path, { block: "statfs" }])
      .add({ load: "type", from: { block: "statfs" }, size: 8 })
      .jump(right, [reg("type"), "==", type])
      .add({ fail: E.ENODEV })
      .label(right);
  }
  const { lock } = input;
  input.cgroups.forEach((cgroup, index) =>
    makeCgroup(plan, cgroup, index, lock?.index === index ? lock : undefined)
  );
  for (const write of input.writes) writeFile(plan, write);
  if (input.devices !== undefined) attachDevices(plan, input.devices);
  if (input.owner !== undefined) giveCgroup(plan, input.owner);
}

/** What every kernel lets a cgroup's user have; a launcher reads no lists. */
const GIVEN = ["cgroup.procs", "cgroup.subtree_control", "cgroup.threads"];
const SAME_GROUP = 0xffffffff;

function giveCgroup(plan: PlanBuilder, { path, uid }: LauncherOwner): void {
  plan.because(`give the cgroup ${path} to the user ${uid}`, "/process/user");
  for (const file of [path, ...GIVEN.map((name) => `${path}/${name}`)]) {
    plan.call("fchownat", [AT_FDCWD, file, uid, SAME_GROUP, 0]);
  }
}

function makeCgroup(
  plan: PlanBuilder,
  { path, leaf, cpuset }: LauncherCgroup,
  index: number,
  lock: LauncherLock | undefined,
): void {
  const there = plan.fresh("is there");
  const done = plan.fresh("have cgroup");
  plan.because(`make the cgroup ${path}`, CGROUP_POINTER)
    .call("mkdirat", [AT_FDCWD, path, 0o755], {
      tolerate: [{ errno: E.EEXIST, goto: there }],
    });
  const made = plan.fresh("made");
  plan.label(made);
  tell(plan, SOCKET, "made", index);
  // The supervisor, which is there to the end, locks it.
  if (lock !== undefined) awaitAnswer(plan, SOCKET);
  if (cpuset) inheritCpuset(plan, path);
  plan.jump(done).label(there);
  if (leaf) {
    // What was left over may go; one with processes is somebody's, and stays.
    plan.because(
      `take the cgroup ${path}, which another container may have`,
      CGROUP_POINTER,
    );
    // Who has the lock is about to use it.
    if (lock !== undefined) locking(plan, lock.file);
    plan.call("unlinkat", [AT_FDCWD, path, AT_REMOVEDIR])
      .call("mkdirat", [AT_FDCWD, path, 0o755])
      .jump(made);
  }
  plan.label(done);
}

/** A v1 cpuset cgroup begins empty: it gets what its parent has. */
function inheritCpuset(plan: PlanBuilder, path: string): void {
  const size = 4096;
  const parent = path.slice(0, path.lastIndexOf("/"));
  plan.block("cpuset", size);
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    const open = (place: string, flags: number) =>
      plan.call("openat", [
        AT_FDCWD,
        `${place}/${file}`,
        flags | O.CLOEXEC,
        0,
      ], { to: "file" });
    open(parent, O.RDONLY)
      .call("read", [reg("file"), { block: "cpuset" }, size], { to: "length" })
      .call("close", [reg("file")]);
    open(path, O.WRONLY)
      .call("write", [reg("file"), { block: "cpuset" }, reg("length")])
      .call("close", [reg("file")]);
  }
}

function writeFile(plan: PlanBuilder, write: LauncherWrite): void {
  const { path, value, why, pointer, optional } = write;
  const skip = plan.fresh("left out");
  const next = plan.fresh("written");
  const tolerate = optional
    ? { tolerate: [{ errno: "any" as const, goto: skip }] }
    : {};
  const { length } = new TextEncoder().encode(value);
  plan.because(`${why}: write "${value}" to ${path}`, pointer)
    .call("openat", [AT_FDCWD, path, O.WRONLY | O.CLOEXEC, 0], {
      to: "file",
      ...(optional && { tolerate: [{ errno: "any", goto: next }] }),
    })
    .call("write", [reg("file"), value, length], tolerate)
    .label(skip)
    .call("close", [reg("file")])
    .label(next);
}

function attachDevices(
  plan: PlanBuilder,
  { path, code }: LauncherDevices,
): void {
  const words = (fields: Field[], size: number): Field[] => {
    const used = fields.reduce((sum, [bytes]) => sum + bytes, 0);
    const rest = Array.from(
      { length: (size - used) / 8 },
      (): Field => [8, 0],
    );
    return [...fields, ...rest];
  };
  plan.because("limit devices", "/linux/resources/devices")
    .block(
      "bpf program",
      words([
        [4, BPF_PROG_TYPE_CGROUP_DEVICE],
        [4, code.length / BPF_INSTRUCTION],
        [8, { bytes: code }],
        [8, "Apache-2.0"],
      ], ATTR_SIZE),
    )
    .block(
      "bpf attachment",
      words([
        [4, 0],
        [4, 0],
        [4, BPF_CGROUP_DEVICE],
        [4, BPF_F_ALLOW_MULTI],
      ], ATTR_SIZE),
    )
    .call("openat", [AT_FDCWD, path, O.RDONLY | O.DIRECTORY | O.CLOEXEC, 0], {
      to: "file",
    })
    .call("bpf", [BPF_PROG_LOAD, { block: "bpf program" }, ATTR_SIZE], {
      to: "bpf",
    })
    .add({
      store: reg("file"),
      into: { block: "bpf attachment" },
      size: 4,
    })
    .add({
      store: reg("bpf"),
      into: { block: "bpf attachment", at: 4 },
      size: 4,
    })
    .call("bpf", [BPF_PROG_ATTACH, { block: "bpf attachment" }, ATTR_SIZE])
    .call("close", [reg("bpf")])
    .call("close", [reg("file")]);
}

/**
 * Steps of the supervisor that lock the container's cgroups, of which the first
 * was just made, and see that nobody was in it before the lock.
 * @param taken the label to go to where it is another container's
 */
export function lockCgroups(
  plan: PlanBuilder,
  { file }: LauncherLock,
  path: string,
  taken: string,
): void {
  const empty = plan.fresh("empty");
  const otherwise = { tolerate: [{ errno: "any" as const, goto: taken }] };
  plan.because(`lock the cgroup ${path}`, CGROUP_POINTER);
  locking(plan, file, taken);
  plan.block("occupant", 8)
    .call("openat", [
      ...[AT_FDCWD, `${path}/cgroup.procs`, O.RDONLY | O.CLOEXEC],
      0,
    ], { to: "processes", ...otherwise })
    .call("read", [reg("processes"), { block: "occupant" }, 8], {
      ifZero: empty,
      ...otherwise,
    })
    .jump(taken)
    .label(empty)
    .call("close", [reg("processes")], otherwise);
}

/** Steps that end what is left in the cgroups and remove those made. */
export function removeCgroups(plan: PlanBuilder, input: LauncherInput): void {
  const { cgroups, killFile } = input;
  if (cgroups.length === 0) return;
  plan.because("remove the cgroups")
    .block(MADE, cgroups.map((): Field => [8, 0]))
    .block("pause", [[8, 0], [8, PAUSE]]);
  if (killFile !== undefined) endAll(plan, killFile, cgroups);
  for (const [index, { path }] of [...cgroups.entries()].reverse()) {
    const done = plan.fresh("removed");
    const busy = plan.fresh("busy");
    const again = plan.fresh("remove");
    plan.add({
      load: "flag",
      from: { block: MADE, at: 8 * index },
      size: 8,
    })
      .jump(done, [reg("flag"), "==", 0])
      .add({ set: "tries", value: 0 })
      .label(again)
      .call("unlinkat", [AT_FDCWD, path, AT_REMOVEDIR], {
        tolerate: [
          { errno: E.EBUSY, goto: busy },
          { errno: "any", goto: done },
        ],
      })
      .jump(done)
      .label(busy)
      .add({ add: "tries", a: reg("tries"), b: 1 })
      .jump(done, [reg("tries"), "==", TRIES])
      .call("nanosleep", [{ block: "pause" }, 0], {
        tolerate: [{ errno: "any", goto: again }],
      })
      .jump(again)
      .label(done);
  }
}

/** Steps that end all processes of a cgroup, if it was made. */
function endAll(
  plan: PlanBuilder,
  killFile: string,
  cgroups: readonly LauncherCgroup[],
): void {
  const none = plan.fresh("none to kill");
  const killed = plan.fresh("killed");
  const folder = killFile.slice(0, killFile.lastIndexOf("/"));
  const index = cgroups.findIndex(({ path }) => path === folder);
  // Another launcher's container may be in one that was not made.
  plan.add({ load: "flag", from: { block: MADE, at: 8 * index }, size: 8 })
    .jump(none, [reg("flag"), "==", 0])
    .call("openat", [AT_FDCWD, killFile, O.WRONLY | O.CLOEXEC, 0], {
      to: "file",
      tolerate: [{ errno: "any", goto: none }],
    })
    .call("write", [reg("file"), "1", 1], {
      tolerate: [{ errno: "any", goto: killed }],
    })
    .label(killed).call("close", [reg("file")])
    .label(none);
}
