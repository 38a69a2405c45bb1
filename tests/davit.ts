/** Running Davit, and other programs, from the tests. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";

/** The repository. */
export const REPO = dirname(dirname(fromFileUrl(import.meta.url)));

/** The Davit under test: DAVIT_BIN, else the compiled one, else the sources. */
export const DAVIT = Deno.env.get("DAVIT_BIN") ??
  [join(REPO, "dist/davit"), join(REPO, "scripts/davit")].find(isFile)!;

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

export interface Result {
  /** Exit status; 128+n after signal n, as a shell counts. */
  code: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** The whole environment, where nothing is to be inherited. */
  bare?: Record<string, string>;
  /** What the program reads; none: /dev/null. */
  stdin?: string;
  /** Seconds until it is killed and the test fails; 60. */
  timeout?: number;
}

/** A program that runs; its output goes to files, so no pipe stays open. */
export class Running {
  readonly #child: Deno.ChildProcess;
  readonly #folder: string;
  readonly #words: string;
  readonly #timeout: number;

  constructor(command: readonly string[], options: RunOptions = {}) {
    this.#folder = Deno.makeTempDirSync({ prefix: "davit-out." });
    this.#words = command.join(" ");
    this.#timeout = (options.timeout ?? 60) * 1000;
    const { stdin } = options;
    if (stdin !== undefined) {
      Deno.writeTextFileSync(`${this.#folder}/in`, stdin);
    }
    const input = stdin === undefined ? "/dev/null" : `${this.#folder}/in`;
    this.#child = new Deno.Command("sh", {
      args: [
        "-c",
        'd=$1 i=$2; shift 2; exec "$@" <"$i" >"$d/out" 2>"$d/err"',
        "sh",
        this.#folder,
        input,
        ...command,
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      clearEnv: options.bare !== undefined,
      env: options.bare ?? { NO_COLOR: "1", ...options.env },
    }).spawn();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** What is in the output so far. */
  get stdout(): string {
    return readIfThere(`${this.#folder}/out`);
  }

  get stderr(): string {
    return readIfThere(`${this.#folder}/err`);
  }

  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Waits for its end; fails when it takes too long. */
  async end(): Promise<Result> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#child.kill("SIGKILL");
    }, this.#timeout);
    const status = await this.#child.status;
    clearTimeout(timer);
    const result = {
      code: status.code,
      stdout: this.stdout,
      stderr: this.stderr,
    };
    assert(
      !late,
      `took over ${
        this.#timeout / 1000
      } s: ${this.#words}\n${result.stdout}${result.stderr}`,
    );
    return result;
  }

  /** What the program, or a container that has its output, wrote by now. */
  [Symbol.dispose](): void {
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

/** Runs a program to its end. */
export async function run(
  command: readonly string[],
  options: RunOptions = {},
): Promise<Result> {
  using running = new Running(command, options);
  return await running.end();
}

/** Runs Davit to its end. */
export function davit(
  args: readonly string[],
  options: RunOptions = {},
): Promise<Result> {
  return run([DAVIT, ...args], options);
}

/** Text of a file; "" when there is none. */
export function readIfThere(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}

/** Fails unless the program succeeded; gives its result. */
export function assertSuccess(result: Result): Result {
  assertEquals(result.code, 0, `${result.stdout}\n${result.stderr}`);
  return result;
}

/**
 * Fails unless the program failed with exactly one line on stderr that matches
 * `cause`, with nothing of a stack trace in it.
 */
export function assertOneLine(result: Result, cause: RegExp): void {
  assert(result.code !== 0, `status is 0: ${result.stdout}${result.stderr}`);
  const lines = result.stderr.split("\n").filter((line) => line.trim() !== "");
  assertEquals(lines.length, 1, `one line on stderr:\n${result.stderr}`);
  assert(
    !/ at file:|file:\/\/|Uncaught|\.ts:\d|\.js:\d/.test(lines[0]!),
    `a stack trace: ${lines[0]}`,
  );
  assertMatch(lines[0]!, cause);
}

/** Waits until `what` gives something true; fails after `seconds`. */
export async function until<T>(
  name: string,
  what: () => T | Promise<T>,
  seconds = 10,
): Promise<NonNullable<T>> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await what();
    if (found) return found;
    assert(Date.now() < end, `not within ${seconds} s: ${name}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
