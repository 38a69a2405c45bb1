/**
 * A machine of its own for a daemon and its clients: mount, pid, ipc and
 * network namespaces, with an empty /run and a tmpfs for data. Whatever runs in
 * it, daemons, shims and containers, ends with it, also when the test fails or
 * is killed: its first process ends when the test's end of a pipe closes.
 */
import { assertEquals } from "@std/assert";
import { join } from "@std/path/posix";
import {
  assertSuccess,
  type Result,
  run,
  Running,
  type RunOptions,
  until,
} from "../davit.ts";
import { cgroupsOf } from "../leftovers.ts";

/** Programs that a machine needs, beside the client's own. */
export const PROGRAMS = ["unshare", "nsenter", "ip", "mountpoint"];

/**
 * The first process. It reaps what daemons leave to it, and awaits the end.
 * Beside the file systems of cgroup v1 there is nothing: engines take any
 * folder there for a controller, and make some themselves.
 */
const INIT = `set -eu
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs "$1"
mkdir /run/lock
if test "$(stat -f -c %T /sys/fs/cgroup)" = tmpfs; then
  mkdir "$1/cgroup"
  mount --rbind /sys/fs/cgroup "$1/cgroup"
  mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
  for path in "$1"/cgroup/*; do
    at=/sys/fs/cgroup/\${path##*/}
    if test -L "$path"; then cp -P "$path" "$at"
    elif mountpoint -q "$path"; then mkdir "$at"; mount --bind "$path" "$at"; fi
  done
  umount -R "$1/cgroup"
  rmdir "$1/cgroup"
fi
ip link set lo up
exec 3<&0
cat <&3 >/dev/null &
>"$1/up"
wait $!
`;

/** Changes into a folder of the machine, which nsenter cannot. */
const ENTER = 'cd "$1"; shift; exec "$@"';

/** Namespaces in which nothing of the host's is met but files and cgroups. */
export class Machine implements AsyncDisposable {
  /** Names everything of the machine that the host sees: cgroups. */
  readonly id = `davit-${crypto.randomUUID().slice(0, 8)}`;
  /** For data; a tmpfs inside the machine, an empty folder outside. */
  readonly folder = Deno.makeTempDirSync({ prefix: "davit-machine." });
  readonly #init: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter;
  /** Of its first process, as the host counts. */
  #pid = 0;

  private constructor() {
    this.#init = new Deno.Command("unshare", {
      args: [
        ..."--mount --net --pid --ipc --fork --kill-child --mount-proc"
          .split(" "),
        ...["--propagation", "private", "sh", "-c", INIT, "sh", this.folder],
      ],
      stdin: "piped",
      stdout: "null",
      stderr: "inherit",
    }).spawn();
    this.#input = this.#init.stdin.getWriter();
  }

  /** Starts a machine. */
  static async start(): Promise<Machine> {
    const machine = new Machine();
    try {
      const { pid } = machine.#init;
      await until("a machine", () => {
        const children = Deno.readTextFileSync(
          `/proc/${pid}/task/${pid}/children`,
        );
        machine.#pid = Number(children.trim());
        return machine.#pid > 0 && isThere(machine.outside("up"));
      });
      return machine;
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A path of the data folder, for programs inside. */
  path(name: string): string {
    return join(this.folder, name);
  }

  /** The same file, for the test itself. */
  outside(name: string): string {
    return `/proc/${this.#pid}/root${this.path(name)}`;
  }

  /**
   * Makes a runtime what daemons inside find as `runc`, when the folder bin
   * is first on their PATH.
   */
  async linkRuntime(runtime: string): Promise<void> {
    const find = ["sh", "-c", 'command -v "$1"', "sh", runtime];
    const { stdout } = assertSuccess(await this.run(find));
    Deno.mkdirSync(this.outside("bin"));
    Deno.symlinkSync(stdout.trim(), this.outside("bin/runc"));
  }

  /** A command line that runs a command inside. */
  words(...command: string[]): string[] {
    return [
      ...`nsenter --target ${this.#pid} --mount --net --pid --ipc`.split(" "),
      ...["sh", "-c", ENTER, "sh", this.folder, ...command],
    ];
  }

  /** Runs a command inside to its end. */
  run(command: readonly string[], options?: RunOptions): Promise<Result> {
    return run(this.words(...command), options);
  }

  /** Starts a command inside. */
  spawn(command: readonly string[], options?: RunOptions): Running {
    return new Running(this.words(...command), options);
  }

  /** Ends everything in it, and removes what the host saw of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close().catch(() => {}); // it has ended before
    await this.#init.status;
    Deno.removeSync(this.folder, { recursive: true });
    for (const path of cgroupsOf({ id: this.id, folder: "", root: "" })) {
      await until(`no process in ${path}`, () => removed(path));
    }
  }
}

/** A program that runs inside until its end is asked for. */
export class Daemon implements AsyncDisposable {
  readonly #machine: Machine;
  readonly #name: string;
  readonly #command: readonly string[];
  readonly #env: Record<string, string>;
  #running: Running | undefined;

  /** @param name of its files: what it logs goes to NAME.log */
  constructor(
    machine: Machine,
    name: string,
    command: readonly string[],
    env: Record<string, string> = {},
  ) {
    this.#env = env;
    this.#machine = machine;
    this.#name = name;
    this.#command = command;
  }

  /** Starts it, and waits until `ready` succeeds inside. */
  async start(ready: readonly string[]): Promise<void> {
    const file = this.#machine.path(this.#name);
    Deno.writeTextFileSync(
      this.#machine.outside(`${this.#name}.args`),
      this.#command.join(" "),
    );
    const script = `exec >>"$1.log" 2>&1; echo $$ >"$1.pid"; shift; exec "$@"`;
    this.#running = this.#machine.spawn(
      ["sh", "-c", script, "sh", file, ...this.#command],
      { timeout: 3600, env: this.#env },
    );
    try {
      await until(
        `${this.#name} answers`,
        async () => (await this.#machine.run(ready)).code === 0,
        30,
      );
    } catch (error) {
      throw new Error(`${this.#name} did not start:\n${this.log()}`, {
        cause: error,
      });
    }
  }

  /** Sends it a signal, and waits for its end. */
  async stop(signal: "TERM" | "KILL"): Promise<void> {
    const pid = Deno.readTextFileSync(
      this.#machine.outside(`${this.#name}.pid`),
    );
    await this.#machine.run(["kill", `-${signal}`, pid.trim()]);
    await this.#running?.end();
    this.#running?.[Symbol.dispose]();
    this.#running = undefined;
  }

  /** The last lines of what it has logged. */
  log(): string {
    const path = this.#machine.outside(`${this.#name}.log`);
    return Deno.readTextFileSync(path).split("\n").slice(-20).join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#running !== undefined) await this.stop("KILL");
  }
}

/** Fails where cgroups carry a name that should be gone. */
export function assertNoCgroups(id: string): void {
  assertEquals(cgroupsOf({ id, folder: "", root: "" }), [], "cgroups are left");
}

/** Whether there is a file. */
export function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Removes a cgroup; false while processes are in it. */
export function removed(path: string): boolean {
  try {
    Deno.removeSync(path);
    return true;
  } catch (error) {
    return error instanceof Deno.errors.NotFound;
  }
}
