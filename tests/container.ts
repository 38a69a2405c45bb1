/** Tests that need root, and the container that each of them gets. */
import { assertEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { busybox, makeBundle, readConfig, writeConfig } from "./bundle.ts";
import type { Config, Patch } from "./config.ts";
import {
  assertSuccess,
  DAVIT,
  type Result,
  run,
  Running,
  type RunOptions,
} from "./davit.ts";
import { cleanUp, leftovers, type Traces } from "./leftovers.ts";

/** A bundle, an ID and a state root that only one test uses. */
export class Container implements Traces {
  readonly id: string;
  readonly folder: string;
  readonly bundle: string;
  readonly root: string;

  /** @param root the state root; none: one of its own */
  constructor(patch?: Patch, runtime?: string, root?: string) {
    this.id = `t-${crypto.randomUUID().slice(0, 13)}`;
    this.folder = Deno.makeTempDirSync({ prefix: "davit-test." });
    Deno.chmodSync(this.folder, 0o755); // a user namespace passes through it
    this.bundle = join(this.folder, "bundle");
    this.root = root ?? join(this.folder, "root");
    Deno.mkdirSync(this.bundle);
    try {
      makeBundle(this.bundle, `DAVIT_TEST=${this.id}`, patch, runtime);
    } catch (error) {
      cleanUp(this);
      throw error;
    }
  }

  get rootfs(): string {
    return join(this.bundle, "rootfs");
  }

  /** A command line of Davit with this container's state root. */
  words(...args: string[]): string[] {
    return [DAVIT, "--root", this.root, ...args];
  }

  /** Runs Davit to its end. */
  davit(args: readonly string[], options?: RunOptions): Promise<Result> {
    return run(this.words(...args), options);
  }

  /** Starts Davit. */
  spawn(args: readonly string[], options?: RunOptions): Running {
    return new Running(this.words(...args), options);
  }

  /** `davit run`, with flags. */
  run(flags: readonly string[] = [], options?: RunOptions): Promise<Result> {
    return this.davit(
      ["run", "--bundle", this.bundle, ...flags, this.id],
      options,
    );
  }

  /** `davit create`, with flags. */
  create(
    flags: readonly string[] = [],
    options?: RunOptions,
  ): Promise<Result> {
    return this.davit(
      ["create", "--bundle", this.bundle, ...flags, this.id],
      options,
    );
  }

  async start(): Promise<Result> {
    return await this.davit(["start", this.id]);
  }

  /** What `davit state` says. */
  async state(): Promise<State> {
    return JSON.parse(
      assertSuccess(await this.davit(["state", this.id])).stdout,
    );
  }

  leftovers(): string[] {
    return leftovers(this);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.davit(["delete", "--force", this.id]);
    cleanUp(this);
  }
}

export interface State {
  ociVersion: string;
  id: string;
  status: string;
  pid: number;
  bundle: string;
  annotations?: Record<string, string>;
  sandbox?: string;
  oomKilled?: boolean;
}

export interface Needs {
  /** Programs that have to be on PATH. */
  programs?: readonly string[];
  /** Anything else that is missing, in words. */
  missing?: string | undefined;
}

/** Why a test cannot run here. */
function missing({ programs = [], missing }: Needs): string | undefined {
  if (Deno.uid() !== 0) return "root";
  if (busybox() === undefined) return "busybox (Debian: busybox-static)";
  return programs.find((program) => !onPath(program)) ?? missing;
}

/** Whether a program is on PATH. */
export function onPath(program: string): boolean {
  return (Deno.env.get("PATH") ?? "").split(":").some((folder) => {
    try {
      return Deno.statSync(join(folder, program)).isFile;
    } catch {
      return false;
    }
  });
}

/** A test that needs root; where something is missing its name says what. */
export function rootTest(
  name: string,
  test: (t: Deno.TestContext) => Promise<void>,
  needs: Needs = {},
): void {
  const lack = missing(needs);
  Deno.test({
    name: lack === undefined ? name : `${name} [skipped: needs ${lack}]`,
    ignore: lack !== undefined,
    fn: test,
  });
}

/**
 * A test with a container of its own. At the end the container is deleted and
 * nothing of it may be left on the host.
 */
export function containerTest(
  name: string,
  patch: Patch,
  test: (container: Container) => Promise<void>,
  needs: Needs = {},
): void {
  rootTest(name, async () => {
    await using container = new Container(patch);
    await test(container);
    assertSuccess(
      await container.davit(["delete", "--force", container.id]),
    );
    assertEquals(container.leftovers(), [], "nothing is left");
  }, needs);
}

/** Changes the configuration of a container's bundle. */
export function change(container: Container, patch: Patch): void {
  const config = readConfig(container.bundle);
  patch(config);
  writeConfig(container.bundle, config);
}

/** The ID of the container that a config is for, known to patches too. */
export function idOf(config: Config): string {
  const marker = config.process.env.find((entry) =>
    entry.startsWith("DAVIT_TEST=")
  );
  return marker!.slice("DAVIT_TEST=".length);
}

/** A patch that sets the command, and perhaps more. */
export function command(args: readonly string[], more?: Patch): Patch {
  return (config) => {
    config.process.args = [...args];
    more?.(config);
  };
}

/** A patch that sets a shell script as the command, and perhaps more. */
export function script(text: string, more?: Patch): Patch {
  return command(["/bin/sh", "-c", text], more);
}
