/**
 * The process that `exec` adds to a container: what a file or the command line
 * says of it, and what its container's own process has.
 *
 * @module
 */

import { parseObject } from "./config.ts";
import { ConfigError, describeProblem, type Problem } from "./errors.ts";
import type { Logger } from "./logger.ts";
import { optionFileName, readOptionFile } from "./option_file.ts";
import type { Capabilities, Linux, Process, Spec } from "./spec.ts";
import { validateProcess } from "./validate.ts";

/** What `exec` is told of the process. */
export interface ExecProcessOptions {
  /** A file with a `process` section; "-" is stdin. */
  readonly processFile?: string;
  /** The program and its arguments; none: those of the file. */
  readonly args: readonly string[];
  /** Its working directory in the container. */
  readonly cwd?: string;
  /** `NAME=value` entries, added to the others. */
  readonly env: readonly string[];
  /** Who runs it. */
  readonly user?: { readonly uid: number; readonly gid?: number };
  /** Groups, added to the others. */
  readonly additionalGids: readonly number[];
  /** Whether it has a terminal; with a file, that one may say so as well. */
  readonly terminal: boolean;
  /** `CAP_...` names. */
  readonly capabilities: readonly string[];
  /** Whether set-user-ID files gain it nothing. */
  readonly noNewPrivileges?: boolean;
  /** Its AppArmor profile. */
  readonly apparmorProfile?: string;
  /** Its SELinux label. */
  readonly selinuxLabel?: string;
}

/** For a container without a process of its own. */
const BARE: Process = { args: [], cwd: "/" };

/**
 * The process, checked. What a file leaves out is as with the container's own
 * process, as is all that the command line leaves out without a file.
 *
 * @param spec the container's configuration
 * @throws {ConfigError}
 */
export function execProcess(
  { linux, process: own = BARE }: Spec,
  options: ExecProcessOptions,
  log: Logger,
): Process {
  const { processFile } = options;
  const from = processFile === undefined
    ? "the command line"
    : optionFileName(processFile);
  const base: Process = processFile === undefined
    ? { ...own, args: [], terminal: false }
    : withDefaults(readProcess(processFile, from), own);
  const process = withOptions(base, options);
  for (const warning of check(process, from, linux)) {
    log.warn(describeProblem(warning));
  }
  return process;
}

/** Reads the file and checks it alone: its problems are its own. */
function readProcess(path: string, from: string): Process {
  const process = parseObject(path, readOptionFile(path, "the process"));
  check(process, from);
  return process as unknown as Process;
}

function withDefaults(process: Process, own: Process): Process {
  const { rlimits = [], user = {} } = process;
  const umask = user.umask ?? own.user?.umask;
  const defaults = {
    capabilities: own.capabilities,
    noNewPrivileges: own.noNewPrivileges,
    oomScoreAdj: own.oomScoreAdj,
    scheduler: own.scheduler,
    ioPriority: own.ioPriority,
    execCPUAffinity: own.execCPUAffinity,
  };
  const known = Object.entries(defaults).filter(([, value]) =>
    value !== undefined
  );
  return {
    ...Object.fromEntries(known),
    ...process,
    ...rlimits.length === 0 && own.rlimits && { rlimits: own.rlimits },
    ...umask !== undefined && { user: { ...user, umask } },
    // Empty is as absent.
    apparmorProfile: process.apparmorProfile || own.apparmorProfile || "",
    selinuxLabel: process.selinuxLabel || own.selinuxLabel || "",
  };
}

function withOptions(base: Process, options: ExecProcessOptions): Process {
  const { args, cwd, env, user, additionalGids } = options;
  const { noNewPrivileges, apparmorProfile, selinuxLabel } = options;
  const groups = [...base.user?.additionalGids ?? [], ...additionalGids];
  return {
    ...base,
    ...args.length > 0 && { args },
    ...cwd !== undefined && { cwd },
    env: [...base.env ?? [], ...env],
    user: { ...base.user, ...user, additionalGids: groups },
    terminal: options.terminal || base.terminal === true,
    capabilities: addCapabilities(base.capabilities, options.capabilities),
    ...noNewPrivileges !== undefined && { noNewPrivileges },
    ...apparmorProfile !== undefined && { apparmorProfile },
    ...selinuxLabel !== undefined && { selinuxLabel },
  };
}

/**
 * As runc does, with ambient ones only where the process has inheritable ones:
 * without those the kernel raises none. Inheritable ones are never added, a
 * program could pass them on to files (CVE-2022-29162).
 */
function addCapabilities(
  sets: Capabilities = {},
  names: readonly string[],
): Capabilities {
  if (names.length === 0) return sets;
  const { bounding = [], effective = [], permitted = [], ambient = [] } = sets;
  return {
    ...sets,
    bounding: [...bounding, ...names],
    effective: [...effective, ...names],
    permitted: [...permitted, ...names],
    ...sets.inheritable !== undefined && { ambient: [...ambient, ...names] },
  };
}

/** Throws what is wrong, and gives what is odd. */
function check(
  process: unknown,
  from: string,
  linux?: Linux,
): readonly Problem[] {
  const { errors, warnings } = validateProcess(process, {}, linux);
  if (errors.length === 0) return warnings;
  const problems = errors.map(describeProblem).join("; ");
  throw new ConfigError(errors, {
    message: `Cannot use the process from ${from}: ${problems}`,
  });
}
