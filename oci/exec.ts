/**
 * Running one more process in a container.
 *
 *     container -> process -> plan -> launch -> wait
 *
 * @module
 */

import { E, errnoText } from "../ffi/errno.ts";
import { closesOnExec } from "../ffi/fd.ts";
import { readBytes } from "../ffi/files.ts";
import { LaunchError } from "../launch/error.ts";
import { CGROUP_POINTER } from "../launch/cgroups.ts";
import { type CauseContext, withCause } from "./cause_tools.ts";
import { parseObject } from "./config.ts";
import { checkScreen } from "./creation_checks.ts";
import { getExistingContainerInfo } from "./container_info.ts";
import { describeProblem, RuntimeError } from "./errors.ts";
import { execProcess } from "./exec_process.ts";
import { type ExecOptions, type ExecOrder, Execution } from "./execution.ts";
import { explain } from "./explain.ts";
import { statusOf } from "./init_process.ts";
import { withoutForeignLabels } from "./labels.ts";
import { isPlacedBySystemd } from "./lower_exec.ts";
import { checkPreserved, unraisableAmbient } from "./lower_process.ts";
import { quote } from "./quote.ts";
import type { Runtime, Status } from "./runtime.ts";
import { Signals } from "./signals.ts";
import type { Process, Spec } from "./spec.ts";
import { savedConfig } from "./store.ts";
import { loadSystemd } from "./systemd_tools.ts";

/**
 * Runs a process in a container and answers the exit status of its program, or
 * 128 and the number of the signal that ended it; detached, 0.
 *
 * @throws {RuntimeError | SyscallError} and nothing of the process is left
 */
export async function exec(
  runtime: Runtime,
  options: ExecOptions,
): Promise<number> {
  let context: CauseContext = {};
  try {
    runtime.trace?.phase("find the container, check the process");
    const order = await prepare(runtime, options);
    const { process, record, spec } = order;
    const initPid = record.init?.pid;
    context = {
      spec,
      process,
      rootfs: record.rootfs,
      ...initPid !== undefined && { initPid },
    };
    using signals = new Signals(options.last ?? false);
    using execution = new Execution(order);
    execution.start(signals);
    runtime.trace?.phase("wait for the program");
    return options.detach ? 0 : await execution.end(signals);
  } catch (error) {
    const doing = `exec in container ${quote(options.id)}`;
    throw await withCause(explain(doing, told(error)), context);
  }
}

/** What is to be run, checked. */
async function prepare(
  runtime: Runtime,
  options: ExecOptions,
): Promise<ExecOrder> {
  const { id, preserveFds } = options;
  const { record } = getExistingContainerInfo(runtime, id);
  const status = statusOf(runtime.root, record);
  checkStatus(id, status, options.ignorePaused);
  checkPreserved(preserveFds, closesOnExec);
  const path = savedConfig(runtime.root, id);
  const spec = parseObject(path, readBytes(path)) as unknown as Spec;
  const process = labelled(runtime, execProcess(spec, options, runtime.log));
  checkConsole(process, options);
  const unraisable = unraisableAmbient(process.capabilities);
  for (const name of unraisable) {
    runtime.log.warn(
      `can't raise ambient capability ${name}: it has to be permitted and ` +
        "inheritable as well",
    );
  }
  const seccomp = spec.linux?.seccomp && await import("./seccomp_part.ts");
  const parts = {
    ...seccomp !== undefined && { seccomp },
    ...isPlacedBySystemd(record) && { systemd: await loadSystemd() },
  };
  return { runtime, options, record, spec, process, parts };
}

/** The engines know these words. */
function checkStatus(id: string, status: Status, ignorePaused: boolean): void {
  const allowed = status === "running" || status === "created" ||
    status === "paused" && ignorePaused;
  if (allowed) return;
  const mend = status === "paused" ? '; "davit resume" lets it go on' : "";
  throw new RuntimeError(
    "state",
    `Cannot exec in container ${quote(id)}: cannot exec in a ${status} ` +
      `container${mend}`,
  );
}

/** A terminal has to go somewhere, and a socket wants one to come. */
function checkConsole(process: Process, options: ExecOptions): void {
  const { consoleSocket, detach } = options;
  const terminal = process.terminal === true;
  if (terminal && detach && consoleSocket === undefined) {
    throw new RuntimeError(
      "usage",
      "Cannot exec with a terminal and --detach: nobody takes the terminal, " +
        "give --console-socket",
    );
  }
  if (terminal && consoleSocket === undefined) checkScreen();
  if (!terminal && consoleSocket !== undefined) {
    throw new RuntimeError(
      "usage",
      "Cannot use --console-socket: the process has no terminal, give --tty",
    );
  }
}

/** The process without labels that this kernel cannot give. */
function labelled({ log }: Runtime, process: Process): Process {
  const whole = { ociVersion: "", root: { path: "" }, process };
  const { spec, missing } = withoutForeignLabels(whole);
  for (const problem of missing) log.warn(describeProblem(problem));
  return spec.process!;
}

/** A failure of joining cgroups in runc's words, which engines look for. */
function told(error: unknown): unknown {
  if (!(error instanceof LaunchError)) return error;
  const { reason: { why, pointer }, errno } = error;
  if (pointer !== CGROUP_POINTER) return error;
  // Whichever way it is joined: this is the file that is known to users.
  const what = errno === E.ENOENT
    ? why.replace(/^\w+ (.*?)(\/tasks)?$/, "$1/cgroup.procs")
    : why;
  return new RuntimeError(
    "system",
    `Cannot exec: error adding pid of the process to cgroups: ${what}: ${
      errnoText(errno).toLowerCase()
    }`,
    { cause: error },
  );
}
