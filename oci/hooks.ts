/**
 * Running hooks, config.md ("POSIX-platform Hooks").
 *
 * A hook gets the container's state on stdin, from a file in memory that it
 * need not read. What it prints never reaches the container's stdio: its last
 * lines are told when it fails. Davit waits for the hook itself and not for
 * what it leaves behind.
 *
 * @module
 */

import type { Fd } from "../ffi/fd.ts";
import type { InitHook } from "../launch/launch.ts";
import type { HookKind, RecordedHook, RecordedHooks } from "./hook_record.ts";
import type { HookState } from "./hook_state.ts";
import type { HookTools } from "./hook_tools.ts";
import { HookOutput, lastLines } from "./hook_output.ts";
import type { Logger } from "./logger.ts";

/** Which hook it is. */
interface Place {
  readonly kind: HookKind;
  readonly index: number;
  readonly hook: RecordedHook;
}

/** How a hook ended. */
interface Ended {
  readonly status: number;
  /** The signal that ended it, 0 for none. */
  readonly signal: number;
}

const SIGKILL = 9, CLD_EXITED = 1;
const CLOSE_RANGE_CLOEXEC = 4;
/** How long a killed hook may take to end, in milliseconds. */
const PATIENCE = 10_000;

/** Runs hooks, and attends those that init runs. */
export class HookRunner {
  readonly #tools: HookTools;
  readonly #log: Logger;

  /** @param tools what is loaded already */
  constructor(tools: HookTools, log: Logger) {
    this.#tools = tools;
    this.#log = log;
  }

  /**
   * Runs the hooks of a kind, one after the other, in Davit's namespaces.
   * @throws {HookError} one failed; those after it do not run
   */
  run(kind: HookKind, hooks: RecordedHooks, state: HookState): void {
    hooks[kind]?.forEach((hook, index) =>
      this.#runHere({ kind, index, hook }, state)
    );
  }

  /** Runs the poststop hooks; one that fails is told as a warning. */
  runPoststop(hooks: RecordedHooks, state: HookState): void {
    const kind = "poststop";
    hooks.poststop?.forEach((hook, index) => {
      try {
        this.#runHere({ kind, index, hook }, state);
      } catch (error) {
        this.#log.warn((error as Error).message);
      }
    });
  }

  /**
   * Attends a hook that init runs in the container's namespaces.
   * @throws {HookError} it failed
   */
  attend(
    kind: HookKind,
    hooks: RecordedHooks,
    state: HookState,
    init: InitHook,
  ): void {
    const { close, MESSAGE_SIZE, parseMessage, receive } = this.#tools;
    const { pidfd, socket, index } = init;
    const place = { kind, index, hook: hooks[kind]![index]! };
    try {
      using stdio = this.#stdio({ ...state, pid: this.#innerPid(state.pid) });
      this.#tools.sendDescriptors(socket, new Uint8Array(1), stdio.theirs);
      stdio.handOver();
      const late = this.#await(socket, stdio, place.hook, () => {
        this.#killGroup(this.#pidOf(pidfd));
        this.#tools.pidfdSendSignal(pidfd, SIGKILL);
      });
      if (late) throw this.#late(place, stdio);
      const bytes = new Uint8Array(MESSAGE_SIZE);
      if (receive(socket, bytes).length === 0) {
        throw this.#error(place, "init was killed while it ran", stdio);
      }
      const { tag, errno, value } = parseMessage(bytes);
      if (tag !== this.#tools.hookEnded) {
        throw this.#error(place, this.#tools.errnoText(errno));
      }
      const signal = errno === CLD_EXITED ? 0 : value;
      this.#judge(place, { status: value, signal }, stdio);
    } finally {
      close(pidfd);
    }
  }

  #runHere(place: Place, state: HookState): void {
    const { hook } = place;
    const { close, pidfdOpen, pidfdSendSignal, spawn, waitChild } = this.#tools;
    using stdio = this.#stdio(state);
    // Nothing that Davit was given by its caller is the hook's.
    this.#tools.syscall("close_range", 3, 0xffffffff, CLOSE_RANGE_CLOEXEC);
    const { isDirectory, stat, SyscallError } = this.#tools;
    const directory = isDirectory(stat(state.bundle)) ? state.bundle : "/";
    let pid: number;
    try {
      pid = spawn({
        path: hook.path,
        args: hook.args,
        env: hook.env,
        descriptors: stdio.theirs.map((fd, target) => [target, fd] as const),
        directory,
        leadsGroup: true,
      });
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      throw this.#error(place, error.text);
    }
    stdio.handOver();
    const pidfd = pidfdOpen(pid)!;
    try {
      const late = this.#await(pidfd, stdio, hook, () => {
        this.#killGroup(pid);
        pidfdSendSignal(pidfd, SIGKILL);
      });
      if (late) {
        this.#tools.reapChild(pid);
        throw this.#late(place, stdio);
      }
      const { status, signal } = waitChild(pid)!;
      this.#judge(place, { status, signal }, stdio);
    } finally {
      close(pidfd);
    }
  }

  #stdio(state: HookState): Stdio {
    const { annotations, ...rest } = state;
    const some = Object.keys(annotations).length > 0;
    const text = JSON.stringify(some ? { ...rest, annotations } : rest);
    return new Stdio(this.#tools, text);
  }

  /**
   * Waits until `end` is readable, and takes what the hook prints meanwhile.
   * @returns whether it took too long and was killed
   */
  #await(
    end: Fd,
    { outputs }: Stdio,
    { timeout }: RecordedHook,
    kill: () => void,
  ): boolean {
    const { poll, POLLIN } = this.#tools;
    const start = performance.now();
    let until = timeout === undefined ? Infinity : start + 1000 * timeout;
    let late = false;
    for (;;) {
      const left = until - performance.now();
      if (left <= 0) {
        if (late) return true;
        late = true;
        until += PATIENCE;
        kill();
        continue;
      }
      const [ended, ...printed] = poll([
        { fd: end, events: POLLIN },
        ...outputs.map(({ fd }) => ({ fd, events: POLLIN })),
      ], Math.min(left, 1e9));
      outputs.forEach((output, i) => printed[i] && output.take());
      if (!ended) continue;
      for (const output of outputs) output.drain();
      return late;
    }
  }

  /** The hook's own group, with what it has started. */
  #killGroup(pid: number): void {
    if (pid > 1) this.#tools.syscall("kill", -pid, SIGKILL);
  }

  /** The pid of a pidfd's process here; 0 where it is not seen. */
  #pidOf(pidfd: Fd): number {
    const text = this.#tools.readText(`/proc/self/fdinfo/${pidfd}`);
    return Number(/^Pid:\s*(\d+)$/m.exec(text)?.[1] ?? 0);
  }

  /** Init's pid as it sees itself: the innermost of its namespaces'. */
  #innerPid(pid: number): number {
    const text = this.#tools.readText(`/proc/${pid}/status`);
    return Number(/^NSpid:.*\t(\d+)$/m.exec(text)?.[1] ?? pid);
  }

  /** @throws {HookError} unless it ended with status 0 */
  #judge(place: Place, { status, signal }: Ended, stdio: Stdio): void {
    if (signal !== 0) {
      const name = this.#tools.signalName(signal);
      const text = name === "SIGSYS" ? `${name} (bad system call)` : name;
      throw this.#error(place, `killed by ${text}`, stdio);
    }
    if (status !== 0) throw this.#error(place, `exit status ${status}`, stdio);
    this.#log.debug(`ran ${place.kind} hook #${place.index}`, {
      path: place.hook.path,
    });
  }

  #late(place: Place, stdio: Stdio): Error {
    const { timeout } = place.hook;
    const text = `killed after its timeout of ${timeout} s`;
    return this.#error(place, text, stdio);
  }

  #error({ kind, index, hook }: Place, how: string, stdio?: Stdio): Error {
    const [stdout, stderr] = stdio?.outputs ?? [];
    const said = stderr?.length ? stderr : stdout;
    const name = said === stderr ? "stderr" : "stdout";
    const tail = said?.length ? `, ${name}: ${lastLines(said.bytes)}` : "";
    const path = JSON.stringify(hook.path);
    // Those who look for it know the words of runc 1.5, or those up to 1.1.
    return new this.#tools.HookError(
      `error running ${kind} hook #${index}: error running hook ${path} ` +
        `(hooks.${kind}[${index}]): ${how}${tail}`,
    );
  }
}

/** A hook's stdin, stdout and stderr. */
class Stdio implements Disposable {
  /** The hook's ends. */
  readonly theirs: Fd[] = [];
  /** What comes out of stdout and stderr. */
  readonly outputs: HookOutput[] = [];
  readonly #tools: HookTools;

  constructor(tools: HookTools, state: string) {
    this.#tools = tools;
    const bytes = new TextEncoder().encode(state);
    this.theirs.push(tools.readOnlyMemfd("state", bytes));
    for (let i = 0; i < 2; i++) {
      const [ours, theirs] = tools.pipe();
      this.theirs.push(theirs);
      this.outputs.push(new HookOutput(tools, ours));
    }
  }

  /** Closes the hook's ends here. */
  handOver(): void {
    for (const fd of this.theirs.splice(0)) this.#tools.close(fd);
  }

  [Symbol.dispose](): void {
    this.handOver();
    for (const output of this.outputs) output.close();
  }
}
