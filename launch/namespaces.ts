/**
 * Steps of the first process that join and make namespaces.
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import { AT_FDCWD, O } from "../ffi/fd.ts";
import { CLONE_NEW } from "../ffi/namespace.ts";
import { MAGIC, STATFS_SIZE } from "../ffi/statfs.ts";
import type { LaunchInput, NamespaceInput, NamespaceKind } from "./input.ts";
import { awaitAnswer, tell } from "./messages.ts";
import { type PlanBuilder, reg } from "./plan.ts";

/** clone(2)'s flag of each kind of namespace. */
export const NAMESPACE_FLAG: Readonly<Record<NamespaceKind, number>> = {
  pid: CLONE_NEW.PID,
  network: CLONE_NEW.NET,
  mount: CLONE_NEW.MOUNT,
  ipc: CLONE_NEW.IPC,
  uts: CLONE_NEW.UTS,
  user: CLONE_NEW.USER,
  cgroup: CLONE_NEW.CGROUP,
  time: CLONE_NEW.TIME,
};

/** Whether the container has a namespace of this kind, new or joined. */
export function hasNamespace(input: LaunchInput, kind: NamespaceKind): boolean {
  return input.namespaces.some((namespace) => namespace.kind === kind);
}

/** Whether a namespace of this kind is made for the container. */
export function makesNamespace(
  input: LaunchInput,
  kind: NamespaceKind,
): boolean {
  return input.namespaces.some((n) => n.kind === kind && n.path === undefined);
}

/** Whether a namespace of this kind is one that is there already. */
export function joinsNamespace(
  input: LaunchInput,
  kind: NamespaceKind,
): boolean {
  return hasNamespace(input, kind) && !makesNamespace(input, kind);
}

/** The pointer of the namespace of this kind. */
function pointerTo(input: LaunchInput, kind: NamespaceKind): string {
  return input.namespaces.find((n) => n.kind === kind)!.pointer;
}

/**
 * What clone(2) makes for init. Init makes its cgroup namespace itself, once
 * it is in its cgroup; the others are there when it is cloned.
 */
export function clonedKinds(input: LaunchInput): NamespaceKind[] {
  const { privileges = "host" } = input;
  const before: readonly NamespaceKind[] = privileges === "user"
    ? ["user", "cgroup", "time", "mount"]
    : ["user", "cgroup", "time"];
  return input.namespaces.filter(({ kind, path }) =>
    path === undefined && !before.includes(kind)
  ).map(({ kind }) => kind);
}

/** A FIFO in the place of a namespace must not be waited for. */
const NAMESPACE_OPEN = O.RDONLY | O.NONBLOCK | O.NOCTTY | O.CLOEXEC;

/** Namespaces to join, and the registers that hold them. */
function joined(input: LaunchInput): NamespaceInput[] {
  return input.namespaces.filter((n) => n.path !== undefined);
}

function register({ kind }: NamespaceInput): string {
  return `${kind} namespace`;
}

/** Steps that open the namespaces to join, with the caller's rights. */
export function openNamespaces(plan: PlanBuilder, input: LaunchInput): void {
  for (const namespace of joined(input)) {
    const { kind, path = "", pointer } = namespace;
    plan.because(`open the ${kind} namespace ${path}`, pointer)
      .call("openat", [AT_FDCWD, path, NAMESPACE_OPEN, 0], {
        to: register(namespace),
      });
  }
}

/** Steps that join all namespaces but that of users. */
export function joinNamespaces(plan: PlanBuilder, input: LaunchInput): void {
  for (const namespace of joined(input)) {
    if (namespace.kind !== "user") join(plan, namespace);
  }
}

function join(plan: PlanBuilder, namespace: NamespaceInput): void {
  const { kind, path = "", pointer } = namespace;
  plan.because(`join the ${kind} namespace ${path}`, pointer)
    .call("setns", [reg(register(namespace)), NAMESPACE_FLAG[kind]])
    .call("close", [reg(register(namespace))]);
}

/** Steps that enter the container's user namespace and become its root. */
export function enterUserNamespace(
  plan: PlanBuilder,
  input: LaunchInput,
  davit: number,
): void {
  if (!hasNamespace(input, "user")) return;
  const pointer = pointerTo(input, "user");
  if (makesNamespace(input, "user")) {
    plan.because("create the user namespace", pointer)
      .call("unshare", [CLONE_NEW.USER])
      .because("have the IDs of the user namespace mapped", pointer);
    tell(plan, davit, "maps");
    awaitAnswer(plan, davit);
  } else {
    dropGroups(plan, input, pointer);
    for (const namespace of joined(input)) {
      if (namespace.kind === "user") join(plan, namespace);
    }
  }
  becomeRoot(plan, pointer);
}

/**
 * Steps that take on the IDs 0 of the user namespace that this process is in;
 * where they are not mapped the process keeps those that it has.
 */
export function becomeRoot(plan: PlanBuilder, pointer: string): void {
  plan.because("become root of the user namespace", pointer);
  for (const call of ["setresgid", "setresuid"] as const) {
    const done = plan.fresh(call);
    plan.call(call, [0, 0, 0], {
      tolerate: [{ errno: E.EINVAL, goto: done }],
    }).label(done);
  }
}

/**
 * A user namespace that denies setgroups(2) would leave the caller's groups to
 * the container: they go before. An ordinary user cannot drop his own.
 */
export function dropGroups(
  plan: PlanBuilder,
  { privileges = "host" }: Pick<LaunchInput, "privileges">,
  pointer: string,
): void {
  if (privileges === "user") return;
  const denied = plan.fresh("keep the caller's groups");
  const tolerate = [{ errno: E.EPERM, goto: denied }];
  plan.because("drop the caller's groups", pointer).call(
    "setgroups",
    [0, 0],
    privileges === "namespace" ? { tolerate } : {},
  ).label(denied);
}

/** The register with the file that takes a time namespace's offsets. */
const OFFSETS = "clock offsets";
const OFFSETS_FILE = "/proc/self/timens_offsets";

/**
 * Steps that open the file for the offsets of a time namespace's clocks: it
 * is root's as soon as this process is not dumpable.
 */
export function openTimeOffsets(plan: PlanBuilder, input: LaunchInput): void {
  const [first] = input.timeOffsets ?? [];
  if (first === undefined) return;
  const genuine = plan.fresh("genuine procfs");
  plan.because(`open ${OFFSETS_FILE}`, first.pointer)
    .block("statfs", Array.from({ length: STATFS_SIZE / 8 }, () => [8, 0]))
    .call("openat", [AT_FDCWD, OFFSETS_FILE, O.WRONLY | O.CLOEXEC, 0], {
      to: OFFSETS,
    })
    .call("fstatfs", [reg(OFFSETS), { block: "statfs" }])
    .add({ load: "type", from: { block: "statfs" }, size: 8 })
    .jump(genuine, [reg("type"), "==", MAGIC.PROC])
    .add({ fail: E.EXDEV })
    .label(genuine);
}

/**
 * Steps that make a time namespace, which the next clone is born in, and set
 * its clocks while nobody is in it, time_namespaces(7).
 */
export function makeTimeNamespace(plan: PlanBuilder, input: LaunchInput): void {
  if (!makesNamespace(input, "time")) return;
  plan.because("create the time namespace", pointerTo(input, "time"))
    .call("unshare", [CLONE_NEW.TIME]);
  const { timeOffsets = [] } = input;
  for (const { clock, seconds, nanoseconds, pointer } of timeOffsets) {
    const line = `${clock} ${seconds} ${nanoseconds}\n`;
    plan.because(
      `set the offset of the ${clock} clock to ${seconds} s`,
      pointer,
    )
      .call("write", [reg(OFFSETS), line, line.length]);
  }
  if (timeOffsets.length > 0) plan.call("close", [reg(OFFSETS)]);
}

/**
 * A step that gives this process mounts of its own: copying mounts takes
 * rights over the mount namespace that they are in.
 */
export function ownMounts(plan: PlanBuilder, input: LaunchInput): void {
  plan.because("create the mount namespace", pointerTo(input, "mount"))
    .call("unshare", [CLONE_NEW.MOUNT]);
}
