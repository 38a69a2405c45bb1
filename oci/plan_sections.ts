/**
 * The sections of a bundle's plan.
 *
 * @module
 */

import type { CgroupManager } from "../cgroup/types.ts";
import type {
  LaunchInput,
  NamespaceKind,
  ProcessInput,
} from "../launch/input.ts";
import { NAMESPACE_FLAG } from "../launch/namespaces.ts";
import type { PlanEntry, PlanSection } from "./bundle_plan.ts";
import type { HookKind, RecordedHooks } from "./hook_record.ts";
import { CAPABILITIES } from "./names.ts";
import { cgroupEntries } from "./plan_cgroups.ts";
import { mountEntries } from "./plan_mounts.ts";
import type { Spec } from "./spec.ts";

/** What the sections are made of. */
export interface SectionInput {
  /** The configuration, checked. */
  readonly spec: Spec;
  /** What the launch is made from. */
  readonly input: LaunchInput;
  readonly manager: CgroupManager;
  readonly hooks: RecordedHooks | undefined;
}

/** The sections that have something in them, in the order of a launch. */
export function planSections(from: SectionInput): PlanSection[] {
  const { spec, input } = from;
  const sections: PlanSection[] = [
    { name: "processes", entries: processEntries(from) },
    { name: "namespaces", entries: namespaceEntries(spec, input) },
    { name: "cgroups", entries: cgroupEntries(spec, from.manager) },
    { name: "root", entries: rootEntries(input) },
    { name: "mounts", entries: mountEntries(input) },
    { name: "devices", entries: deviceEntries(input) },
    { name: "kernel", entries: kernelEntries(input) },
    { name: "paths", entries: pathEntries(input) },
    { name: "process", entries: userEntries(input.process) },
    { name: "limits", entries: limitEntries(input.process) },
    { name: "seccomp", entries: seccompEntries(spec, input) },
    { name: "hooks", entries: hookEntries(from.hooks) },
  ];
  return sections.filter(({ entries }) => entries.length > 0);
}

/** One entry. */
export function entry(
  subject: string,
  detail: string,
  pointer = "",
  reason = "",
): PlanEntry {
  return { subject, detail, reason, pointer };
}

function processEntries({ input }: SectionInput): PlanEntry[] {
  const { process, hooks } = input;
  const name = process?.args.map(word).join(" ");
  return [
    entry("davit", "makes cgroups, starts the first process, keeps the record"),
    entry(
      "first process",
      "opens what needs the host's rights, makes namespaces, ends",
    ),
    entry(
      "init",
      "sets the container up, waits for start" +
        (hooks?.startContainer.length ? ", runs hooks" : ""),
    ),
    process === undefined
      ? entry("program", "none: start fails", "/process")
      : entry("program", `${name}`, "/process/args", "init becomes it"),
  ];
}

/** An argument as a shell would take it. */
function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text)
    ? text
    : `'${text.replaceAll("'", `'\\''`)}'`;
}

function namespaceEntries(spec: Spec, input: LaunchInput): PlanEntry[] {
  const { linux = {} } = spec;
  const kinds = Object.keys(NAMESPACE_FLAG) as NamespaceKind[];
  const entries = input.namespaces.map(({ kind, path, pointer }) =>
    entry(kind, path === undefined ? "new" : `join ${path}`, pointer)
  );
  const has = new Set(input.namespaces.map(({ kind }) => kind));
  for (const kind of kinds.filter((kind) => !has.has(kind))) {
    entries.push(entry(kind, "the host's", "", "not asked for"));
  }
  for (const side of ["uid", "gid"] as const) {
    linux[`${side}Mappings`]?.forEach(({ containerID, hostID, size }, i) =>
      entries.push(entry(
        `${side}s ${containerID} to ${containerID + size - 1}`,
        `the host's ${hostID} to ${hostID + size - 1}`,
        `/linux/${side}Mappings/${i}`,
      ))
    );
  }
  for (const offset of input.timeOffsets ?? []) {
    const { clock, seconds, nanoseconds, pointer } = offset;
    const detail = `${seconds} s, ${nanoseconds} ns from the host's`;
    entries.push(entry(`${clock} clock`, detail, pointer));
  }
  return entries;
}

function rootEntries({ root }: LaunchInput): PlanEntry[] {
  const { path, readonly, noPivot, propagation } = root;
  const entries = [
    entry("/", path, "/root/path", noPivot ? "by chroot" : "by pivot_root"),
  ];
  if (readonly) entries.push(entry("/", "read-only", "/root/readonly"));
  if (propagation !== undefined) {
    const detail = `propagation ${propagation.recursive ? "recursive" : "own"}`;
    entries.push(entry("/", detail, "/linux/rootfsPropagation"));
  }
  return entries;
}

function deviceEntries(input: LaunchInput): PlanEntry[] {
  const always = "every container has it";
  return [
    ...input.devices.map(({ name, major, minor }) =>
      entry(`/dev/${name}`, `character ${major}:${minor}`, "", always)
    ),
    ...input.deviceNodes.map(({ path, type, major, minor, ...node }) => {
      const kind = { c: "character", b: "block", p: "FIFO" }[type];
      const { mode, uid, gid } = node;
      const owner = uid === undefined && gid === undefined
        ? ""
        : `, owner ${uid ?? 0}:${gid ?? 0}`;
      const bits = mode === undefined ? "" : `, mode ${octal(mode)}`;
      const numbers = type === "p" ? "" : ` ${major}:${minor}`;
      return entry(path, kind + numbers + bits + owner, node.pointer);
    }),
    ...input.deviceLinks.map(({ path, text }) =>
      entry(`/dev/${path}`, `link to ${text}`, "", always)
    ),
  ];
}

/** What the kernel is told about the container's namespaces. */
function kernelEntries(input: LaunchInput): PlanEntry[] {
  const { hostname, domainname, memoryPolicy, personality, sysctls } = input;
  const entries: PlanEntry[] = [];
  const add = (name: string, value: string | undefined, pointer: string) =>
    value !== undefined && entries.push(entry(name, value, pointer));
  add("host name", hostname, "/hostname");
  add("domain name", domainname, "/domainname");
  for (const { name, value, pointer } of sysctls) add(name, value, pointer);
  add("personality", personality?.toString(), "/linux/personality");
  add("memory policy", memoryPolicy?.name, "/linux/memoryPolicy");
  return entries;
}

function pathEntries(input: LaunchInput): PlanEntry[] {
  const of = (
    paths: readonly string[],
    detail: string,
    pointer: string,
  ) => paths.map((path, i) => entry(path, detail, `${pointer}/${i}`));
  return [
    ...of(input.maskedPaths, "masked", "/linux/maskedPaths"),
    ...of(input.readonlyPaths, "read-only", "/linux/readonlyPaths"),
  ];
}

function userEntries(process: ProcessInput | undefined): PlanEntry[] {
  if (process === undefined) return [];
  const { uid, gid, groups, umask, cwd, env, terminal } = process;
  const entries = [
    entry("user", `${uid}`, "/process/user/uid"),
    entry("group", `${gid}`, "/process/user/gid"),
    entry(
      "other groups",
      groups.join(", ") || "none",
      "/process/user/additionalGids",
    ),
    entry("umask", octal(umask), "/process/user/umask"),
    entry("working folder", cwd, "/process/cwd"),
    ...env.map((text) => {
      const at = text.indexOf("=");
      const name = at < 0 ? text : text.slice(0, at);
      return entry(
        `environment ${name}`,
        at < 0 ? "" : text.slice(at + 1),
        "/process/env",
      );
    }),
    ...capabilityEntries(process),
    entry(
      "new privileges",
      process.noNewPrivileges ? "forbidden" : "allowed, by set-user-ID files",
      "/process/noNewPrivileges",
    ),
  ];
  const add = (
    name: string,
    value: string | number | undefined,
    pointer: string,
  ) => value !== undefined && entries.push(entry(name, `${value}`, pointer));
  add(
    "terminal",
    terminal &&
      (terminal.from === "container"
        ? "of the container's devpts"
        : "of the host"),
    "/process/terminal",
  );
  add("OOM score", process.oomScoreAdj, "/process/oomScoreAdj");
  add("scheduler", process.scheduler?.name, "/process/scheduler");
  add("I/O priority", process.ioPriority, "/process/ioPriority");
  add("AppArmor profile", process.apparmorProfile, "/process/apparmorProfile");
  add("SELinux label", process.selinuxLabel, "/process/selinuxLabel");
  return entries;
}

function capabilityEntries({ capabilities }: ProcessInput): PlanEntry[] {
  const sets = [
    "bounding",
    "permitted",
    "effective",
    "inheritable",
    "ambient",
  ] as const;
  return sets.map((set) => {
    const names = CAPABILITIES.filter((_, i) =>
      capabilities[set] >> BigInt(i) & 1n
    );
    const all = names.length === CAPABILITIES.length;
    const text = all ? "all" : names.join(" ") || "none";
    return entry(`${set} set`, text, `/process/capabilities/${set}`);
  });
}

function limitEntries(process: ProcessInput | undefined): PlanEntry[] {
  return (process?.rlimits ?? []).map(({ name, soft, hard, pointer }) =>
    entry(name, `${soft}, at most ${hard}`, pointer)
  );
}

/** Bytes of a struct sock_filter. */
const FILTER_SIZE = 8;

function seccompEntries(spec: Spec, { process }: LaunchInput): PlanEntry[] {
  const profile = spec.linux?.seccomp;
  const filter = process?.seccomp;
  if (profile === undefined || filter === undefined) return [];
  const at = (name: string) => `/linux/seccomp/${name}`;
  const { syscalls = [], architectures = [] } = profile;
  const byAction = new Map<string, number>();
  for (const { action, names } of syscalls) {
    byAction.set(action, (byAction.get(action) ?? 0) + names.length);
  }
  return [
    entry("any other call", profile.defaultAction, at("defaultAction")),
    ...[...byAction].map(([action, count]) =>
      entry(`${count} names of calls`, action, at("syscalls"))
    ),
    ...(architectures.length > 0
      ? [entry("besides", architectures.join(" "), at("architectures"))]
      : []),
    entry(
      "filter",
      `${filter.filter.length / FILTER_SIZE} instructions` +
        (filter.notifies ? ", with a listener" : ""),
      "/linux/seccomp",
    ),
    ...(profile.listenerPath
      ? [entry("listener", profile.listenerPath, at("listenerPath"))]
      : []),
  ];
}

/** When the hooks of each kind run, and where. */
const MOMENTS: readonly (readonly [HookKind, string])[] = [
  ["prestart", "in create, in the host's namespaces"],
  ["createRuntime", "in create, in the host's namespaces"],
  ["createContainer", "in create, in the container's, before its root"],
  ["startContainer", "in start, in the container's, before the program"],
  ["poststart", "in start, in the host's, when the program runs"],
  ["poststop", "in delete, in the host's namespaces"],
];

function hookEntries(hooks: RecordedHooks = {}): PlanEntry[] {
  return MOMENTS.flatMap(([kind, moment]) =>
    (hooks[kind] ?? []).map(({ path, args, timeout }, i) => {
      const limit = timeout === undefined ? "" : `, at most ${timeout} s`;
      const line = [path, ...args.slice(1)].map(word).join(" ");
      return entry(kind, line + limit, `/hooks/${kind}/${i}`, moment);
    })
  );
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
