/** Containers of an ordinary user. */
import type { Config } from "./config.ts";
import { Container, type Needs } from "./container.ts";
import { assertSuccess, DAVIT, type Result, run } from "./davit.ts";

/** The user. */
export const UID = 1234;
/** Runs what follows as the user. */
export const AS_USER: readonly string[] = [
  "setpriv",
  ...[`--reuid=${UID}`, `--regid=${UID}`, "--clear-groups"],
];
/** What tests with such containers need. */
export const needs = (...programs: string[]): Needs => ({
  programs: ["setpriv", ...programs],
  missing: DAVIT.endsWith("scripts/davit") ? "the compiled binary" : undefined,
});

/** A bundle that belongs to the user, and a Davit that he may run. */
export class UserContainer extends Container {
  readonly #davit: string;

  constructor() {
    super();
    this.#davit = `${this.folder}/davit`;
    Deno.copyFileSync(DAVIT, this.#davit);
    Deno.mkdirSync(`${this.folder}/home`);
    for (const path of [this.bundle, `${this.folder}/home`]) {
      Deno.chownSync(path, UID, UID);
    }
  }

  /** Runs Davit as the user; state is below his XDG_RUNTIME_DIR. */
  asUser(
    args: string[],
    before: string[] = [],
    after: string[] = [],
  ): Promise<Result> {
    return run([...before, ...AS_USER, ...after, this.#davit, ...args], {
      cwd: this.bundle,
      env: {
        XDG_RUNTIME_DIR: `${this.folder}/home`,
        PATH: Deno.env.get("PATH") ?? "",
      },
    });
  }

  /** `spec --rootless` as the user, then changed. */
  async rootlessConfig(change: (config: Config) => void): Promise<Config> {
    const path = `${this.bundle}/config.json`;
    const marked: Config = JSON.parse(Deno.readTextFileSync(path));
    Deno.removeSync(path);
    assertSuccess(await this.asUser(["spec", "--rootless"]));
    const config: Config = JSON.parse(Deno.readTextFileSync(path));
    config.process.terminal = false;
    config.process.env = marked.process.env;
    change(config);
    Deno.writeTextFileSync(path, JSON.stringify(config));
    return config;
  }
}

/**
 * Gives the user ranges of IDs, in a mount namespace of the command's own.
 * What is missing below the host's /etc to mount on is there meanwhile.
 */
export async function withRanges(
  folder: string,
  test: (before: string[]) => Promise<void>,
): Promise<void> {
  const made: string[] = [];
  for (const path of ["/etc/subuid", "/etc/subgid"]) {
    try {
      Deno.writeTextFileSync(path, "", { createNew: true });
      made.push(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
  const passwd = Deno.readTextFileSync("/etc/passwd");
  const user = `davit-test:x:${UID}:${UID}::/:/bin/sh\n`;
  Deno.writeTextFileSync(`${folder}/passwd`, passwd + user);
  Deno.writeTextFileSync(`${folder}/ranges`, "davit-test:200000:1000\n");
  const script = `set -e
mount --bind ${folder}/passwd /etc/passwd
mount --bind ${folder}/ranges /etc/subuid
mount --bind ${folder}/ranges /etc/subgid
exec "$@"`;
  try {
    await test(["unshare", "--mount", "sh", "-c", script, "sh"]);
  } finally {
    for (const path of made) Deno.removeSync(path);
  }
}
