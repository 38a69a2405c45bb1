/**
 * Why a launch failed, where the kernel's answer alone does not tell: looked
 * for after a failure, on the host as it is then.
 *
 * Compiled, this is a file of its own with all that it needs.
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import { AT_FDCWD, Handle, O, openat2 } from "../ffi/fd.ts";
import { readBytes, readText } from "../ffi/files.ts";
import { ARCH } from "../ffi/syscall.ts";
import type { CauseContext, Failure } from "./cause_tools.ts";
import { programPlaces, programProblem } from "./program_check.ts";
import { quote } from "./quote.ts";
import type { NamespaceType, Spec } from "./spec.ts";

/** A rule answers a cause with its mend, or that it knows nothing. */
type Rule = (failure: Failure, context: CauseContext) => string | undefined;

/** The first cause that a rule finds; undefined when none does. */
export function findCause(
  failure: Failure,
  context: CauseContext,
): string | undefined {
  const spec = context.spec ?? savedSpec(context);
  const whole = spec === undefined ? context : { ...context, spec };
  for (const rule of RULES) {
    try {
      const found = rule(failure, whole);
      if (found !== undefined) return found;
    } catch {
      // What cannot be looked at tells nothing; the error itself is told.
    }
  }
  return undefined;
}

function savedSpec({ config }: CauseContext): Spec | undefined {
  if (config === undefined) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(readBytes(config)));
  } catch {
    return undefined;
  }
}

const RULES: readonly Rule[] = [
  programCause,
  privilegeCause,
  procfsCause,
  namespaceCause,
  lockedCause,
  keptCause,
  typeCause,
  readonlyCause,
  cgroupCause,
  endedCause,
  schedulerCause,
  profileCause,
];

/** What is wrong with the program's file, or with what runs it. */
function programCause(
  { pointer, errno }: Failure,
  { rootfs, process, spec }: CauseContext,
): string | undefined {
  const wanted = process ?? spec?.process;
  if (!pointer.startsWith("/process/args") || wanted === undefined) return;
  const told: readonly number[] = [E.ENOENT, E.EACCES, E.ENOEXEC, E.ELOOP];
  if (rootfs === undefined || !told.includes(errno)) return;
  using root = new Handle(
    openat2(AT_FDCWD, rootfs, { flags: O.PATH | O.DIRECTORY }),
  );
  for (const place of programPlaces(wanted)) {
    const problem = programProblem(root.fd, place, ARCH);
    if (problem === undefined) return undefined; // mounted over, or mended
    // That it is nowhere, the error says.
    if (problem.absent) continue;
    return `${quote(place)} ${problem.message}: ${problem.mend}`;
  }
  return undefined;
}

/** A deadline is admitted for all processors or for none. */
function schedulerCause({ errno, pointer }: Failure, { spec }: CauseContext) {
  if (errno !== E.EPERM || pointer !== "/process/scheduler") return undefined;
  if (!spec?.linux?.resources?.cpu?.cpus) return undefined;
  // The first words are runc's.
  return "process scheduler can't be used together with AllowedCPUs: leave " +
    "linux.resources.cpu.cpus out, SCHED_DEADLINE takes every processor";
}

/** A profile of AppArmor is loaded before it is used. */
function profileCause({ errno, pointer }: Failure): string | undefined {
  if (errno !== E.ENOENT || pointer !== "/process/apparmorProfile") return;
  return "the kernel has no such profile: load its file with " +
    "apparmor_parser -r, /sys/kernel/security/apparmor/profiles lists them";
}

const CAP_SYS_ADMIN = 21n;

/** Most of a launch takes CAP_SYS_ADMIN. */
function privilegeCause({ errno, pointer }: Failure): string | undefined {
  if (errno !== E.EPERM || pointer.startsWith("/process")) return undefined;
  const set = /^CapEff:\t([0-9a-f]+)$/m.exec(readText("/proc/self/status"));
  if (set === null || BigInt(`0x${set[1]}`) >> CAP_SYS_ADMIN & 1n) return;
  if (Deno.uid() !== 0) return undefined;
  return "Davit has no CAP_SYS_ADMIN: run it as root, or give it to the " +
    "container that Davit runs in";
}

/** A procfs with covered parts must not be uncovered by a user. */
function procfsCause(failure: Failure, { spec }: CauseContext) {
  const { errno, why } = failure;
  if (errno !== E.EPERM || !why.startsWith("mount proc on ")) return undefined;
  if (!hasNamespace(spec, "pid")) {
    return "a user namespace may mount a procfs only for a pid namespace of " +
      'its own: add {"type": "pid"} to linux.namespaces, or bind /proc';
  }
  const covered = mountPoints().filter((path) => path.startsWith("/proc/"));
  if (covered.length === 0) return undefined;
  return `parts of this /proc are covered (${covered.slice(0, 3).join(", ")}` +
    `${covered.length > 3 ? ", ..." : ""}), and the kernel lets no user ` +
    "namespace mount a whole one then: run Davit where /proc is whole";
}

/** File systems that show a namespace, and which one. */
const SHOWS: Readonly<Record<string, NamespaceType>> = {
  sysfs: "network",
  mqueue: "ipc",
  cgroup: "cgroup",
  cgroup2: "cgroup",
};

/** A user namespace mounts what belongs to it. */
function namespaceCause({ errno, why }: Failure, { spec }: CauseContext) {
  const type = /^mount (\w+) on /.exec(why)?.[1];
  if (errno !== E.EPERM || type === undefined) return undefined;
  const kind = SHOWS[type];
  if (kind === undefined) {
    return hasNamespace(spec, "user")
      ? `a user namespace may not mount the file system ${type}: mount it on ` +
        "the host, and bind it"
      : undefined;
  }
  const made = spec?.linux?.namespaces?.some((n) => n.type === kind && !n.path);
  if (made) return undefined;
  return `a user namespace may mount ${type} only with a ${kind} namespace ` +
    `that it owns: add {"type": "${kind}"} to linux.namespaces, or bind it`;
}

/** Below a mount that came from a more privileged namespace. */
function lockedCause({ errno, why }: Failure, { spec }: CauseContext) {
  const source = /^open the (?:mount source|root file system) (.*)$/.exec(why);
  if (errno !== E.EINVAL || source === null) return undefined;
  const inUsers = hasNamespace(spec, "user") || Deno.uid() !== 0 ||
    !readText("/proc/self/uid_map").includes("4294967295");
  if (!inUsers) return undefined;
  const path = source[1]!;
  const below = mountPoints().filter((mount) => mount.startsWith(`${path}/`));
  if (below.length === 0) return undefined;
  return `there are mounts below it (${below[0]}), which must not be ` +
    'uncovered in a user namespace: bind it with "rbind"';
}

/** A bind mount that asks for less than the host's mount has. */
function keptCause({ errno, why }: Failure, { spec }: CauseContext) {
  const source = /^bind (.*) to /.exec(why)?.[1];
  if (errno !== E.EPERM || source === undefined) return undefined;
  if (!hasNamespace(spec, "user")) return undefined;
  const [, , , , point = "", options] = mountOf(source);
  return `in a user namespace what the host's mount on ${point} has stays ` +
    `(${options}): leave out options that take of that`;
}

/** The fields of the line of mountinfo that `path` is in. */
function mountOf(path: string): string[] {
  const isAbove = ([, , , , point = ""]: string[]) =>
    `${path}/`.startsWith(point === "/" ? point : `${point}/`);
  return readText("/proc/self/mountinfo").trim().split("\n")
    .map((line) => line.split(" ")).filter(isAbove)
    // Of several at one place the last is on top.
    .reduce((best, mount) =>
      mount[4]!.length >= best[4]!.length ? mount : best
    );
}

/** A file system that the kernel has not. */
function typeCause({ errno, why }: Failure) {
  const type = /^mount (\S+) on /.exec(why)?.[1];
  if (errno !== E.ENODEV || type === undefined) return undefined;
  return `this kernel has no file system ${quote(type)}: check the type, or ` +
    `modprobe ${type}`;
}

/** A mount point that is missing where nothing can be made. */
function readonlyCause({ errno, why }: Failure, { rootfs }: CauseContext) {
  if (errno !== E.EROFS || rootfs === undefined) return undefined;
  const place = / (?:on|to|directory) (\/.*)$/.exec(why)?.[1];
  if (place === undefined) return undefined;
  return `${quote(place)} is missing in the root file system, which is ` +
    "mounted read-only on the host: make it there, or mount it writable";
}

/** Limits and states of cgroups. */
function cgroupCause({ errno, path = "" }: Failure) {
  const isCgroup = mountPoints(/ - cgroup2? /).some((mount) =>
    path === mount || path.startsWith(`${mount}/`)
  );
  if (!isCgroup) return undefined;
  if (errno === E.EROFS) {
    return "the cgroup file system is mounted read-only: mount -o remount,rw";
  }
  const parent = path.slice(0, path.lastIndexOf("/"));
  if (errno === E.EAGAIN || errno === E.ENOSPC) {
    const limits = ["cgroup.max.descendants", "cgroup.max.depth"].filter(
      (file) => !["", "max"].includes(contents(`${parent}/${file}`)),
    );
    if (limits.length > 0) {
      return `${quote(parent)} may have no more cgroups below it: raise ` +
        limits.join(" or ");
    }
  }
  return undefined;
}

/** A container that ended while it was joined. */
function endedCause(
  { errno, why }: Failure,
  { initPid }: CauseContext,
): string | undefined {
  const gone: readonly number[] = [E.ESRCH, E.EINVAL, E.ENOENT, E.EPERM];
  if (initPid === undefined || !gone.includes(errno)) return undefined;
  if (!/join|namespace|cgroup/.test(why)) return undefined;
  const state = /^State:\t(\S)/m.exec(contents(`/proc/${initPid}/status`));
  if (state !== null && state[1] !== "Z" && state[1] !== "X") return undefined;
  return "the container has ended meanwhile";
}

function hasNamespace(spec: Spec | undefined, kind: NamespaceType): boolean {
  return spec?.linux?.namespaces?.some(({ type }) => type === kind) ?? false;
}

/** Mount points of this mount namespace, of the lines that fit. */
function mountPoints(fits = /^/): string[] {
  return readText("/proc/self/mountinfo").split("\n")
    .filter((line) => fits.test(line))
    .map((line) => line.split(" ")[4] ?? "");
}

/** What a small file holds; empty when it cannot be read. */
function contents(path: string): string {
  try {
    return readText(path).trim();
  } catch {
    return "";
  }
}
