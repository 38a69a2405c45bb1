/**
 * Everything that is wrong with a bundle, found without touching the host.
 *
 *     config.json as JSON -> the specification -> what it names on the host
 *
 * @module
 */

import { hostLayout } from "../cgroup/layout.ts";
import { errnoText } from "../ffi/errno.ts";
import { AT_FDCWD, Handle, O, openat2 } from "../ffi/fd.ts";
import { isDirectory, realPath, S, stat } from "../ffi/files.ts";
import { ARCH } from "../ffi/syscall.ts";
import { components } from "../launch/root_paths.ts";
import { readJsonFile } from "./config.ts";
import { ConfigError, type Problem, RuntimeError } from "./errors.ts";
import type { HookKind } from "./hook_record.ts";
import { rootfsPath } from "./lower.ts";
import { innerSource } from "./inner_paths.ts";
import { bindSource, isBind, mountPlace } from "./lower_mounts.ts";
import { withoutOwnNamespaces } from "./namespace_paths.ts";
import { osText } from "./os_error.ts";
import { programPlaces, programProblem } from "./program_check.ts";
import { describeValue, quote } from "./quote.ts";
import { resourceProblems } from "./resource_check.ts";
import { HOOKS } from "./schema_config.ts";
import type { Spec } from "./spec.ts";
import { validate, type ValidateOptions } from "./validate.ts";

/** What was found. */
export interface BundleReport {
  /** The bundle's path, without symbolic links. */
  readonly bundle: string;
  /** What keeps its container from being created or started. */
  readonly errors: readonly Problem[];
  /** What is odd, but understood. */
  readonly warnings: readonly Problem[];
}

/**
 * Checks a bundle as a whole: its `config.json` against the specification, and
 * what that names against the host's files.
 *
 * @throws {RuntimeError} config: `bundle` is no directory
 */
export function checkBundle(
  bundle: string,
  options: ValidateOptions = {},
): BundleReport {
  const folder = bundleFolder(bundle);
  let config: unknown;
  try {
    config = readJsonFile(`${folder}/config.json`, options.strict);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const problem = { pointer: "", found: "nothing", message: error.message };
    return { bundle: folder, errors: [problem], warnings: [] };
  }
  const { errors, warnings } = validate(config, options);
  const all = [...errors];
  // A configuration of other types cannot be asked for its files.
  if (errors.length === 0) all.push(...hostProblems(config as Spec, folder));
  return { bundle: folder, errors: all, warnings };
}

function bundleFolder(bundle: string): string {
  const invalid = (reason: string) =>
    new RuntimeError("config", `Invalid bundle path '${bundle}'${reason}`);
  let folder: string;
  try {
    folder = realPath(bundle);
  } catch (error) {
    throw invalid(`: ${osText(error)}`);
  }
  if (isDirectory(stat(folder))) return folder;
  throw invalid(", it should be a directory");
}

/** What a sound configuration names and the host has not. */
export function hostProblems(spec: Spec, bundle: string): Problem[] {
  return [
    ...rootProblems(spec, bundle),
    ...mountProblems(spec, bundle),
    ...namespaceProblems(spec),
    ...hookProblems(spec),
    ...resourceProblems(withoutScope(spec), hostLayout()),
  ];
}

/** A path of systemd's, `slice:prefix:name`, is checked by who makes it. */
function withoutScope(spec: Spec): Spec {
  const { linux } = spec;
  const { cgroupsPath, ...rest } = linux ?? {};
  return cgroupsPath?.split(":").length === 3 ? { ...spec, linux: rest } : spec;
}

function problem(
  pointer: string,
  value: unknown,
  message: string,
  mend: string,
): Problem {
  return { pointer, found: describeValue(value), message, mend };
}

/** The root file system, and the program in it. */
function rootProblems(spec: Spec, bundle: string): Problem[] {
  const rootfs = rootfsPath(spec, bundle);
  const status = stat(rootfs);
  if (!isDirectory(status)) {
    const why = typeof status === "number"
      ? errnoText(status)
      : "it is no directory";
    const message = `${quote(rootfs)} cannot be the root file system: ${why}`;
    const mend = "make it, with the files of the container in it";
    return [problem("/root/path", spec.root.path, message, mend)];
  }
  const name = spec.process?.args?.[0];
  return name === undefined ? [] : programProblems(spec, rootfs, name);
}

function programProblems(
  spec: Spec,
  rootfs: string,
  name: string,
): Problem[] {
  const places = programPlaces(spec.process ?? {});
  // What is mounted there is another file system's.
  if (places.some((place) => isCovered(spec, place))) return [];
  using root = new Handle(
    openat2(AT_FDCWD, rootfs, { flags: O.PATH | O.DIRECTORY }),
  );
  const found = places.map((place) => programProblem(root.fd, place, ARCH));
  if (found.length === 0 || found.includes(undefined)) return [];
  // The one that is there, if any, says more than that others are not.
  const best = found.find((p) => !p!.absent) ??
    found[0]!;
  const at = name.includes("/")
    ? best.message
    : best === found[0]
    ? `is in no folder of PATH (${places.length} were looked at)`
    : best.message;
  const message = `the program ${quote(name)} ${at}`;
  return [problem("/process/args/0", name, message, best.mend)];
}

/** Whether something is mounted over a path of the root file system. */
function isCovered({ mounts = [] }: Spec, path: string): boolean {
  const whole = `/${components(path).join("/")}`;
  return mounts.some(({ destination }) => {
    const mount = `/${components(destination).join("/")}`;
    return whole === mount || whole.startsWith(`${mount}/`) || mount === "/";
  });
}

/** Sources of bind mounts. */
function mountProblems(spec: Spec, bundle: string): Problem[] {
  const { mounts = [] } = spec;
  const rootfs = rootfsPath(spec, bundle);
  const places = mounts.map((mount) => mountPlace(mount.destination, rootfs));
  return mounts.flatMap((mount, i) => {
    if (!isBind(mount)) return [];
    const source = bindSource(mount, bundle);
    if (innerSource(source, rootfs, places.slice(0, i)) !== undefined) {
      return []; // it is not there before the container is
    }
    const status = stat(source);
    if (typeof status !== "number") return [];
    const message = `${quote(source)} cannot be bound: ${errnoText(status)}`;
    const pointer = `/mounts/${i}/source`;
    const mend = "make it, or name what is there";
    return [problem(pointer, mount.source, message, mend)];
  });
}

/** Namespaces by path. */
function namespaceProblems(spec: Spec): readonly Problem[] {
  try {
    withoutOwnNamespaces(spec);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

/** Programs of hooks that run among the host's files. */
function hookProblems({ hooks = {} }: Spec): Problem[] {
  return (HOOKS as readonly HookKind[]).flatMap((kind) =>
    // Init runs these when it has the container's root.
    kind === "startContainer" ? [] : (hooks[kind] ?? []).flatMap((hook, i) => {
      const status = stat(hook.path);
      const why = typeof status === "number"
        ? errnoText(status)
        : (status.mode & S.IFMT) !== S.IFREG
        ? "it is no file"
        : (status.mode & 0o111) === 0
        ? "it is not executable"
        : undefined;
      if (why === undefined) return [];
      const message = `the hook ${quote(hook.path)} cannot run: ${why}`;
      const mend = "install it, or name a program that is there";
      return [problem(`/hooks/${kind}/${i}/path`, hook.path, message, mend)];
    })
  );
}
