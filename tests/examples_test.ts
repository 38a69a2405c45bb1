/** The examples do what they say. */
import { assertEquals, assertMatch } from "@std/assert";
import { command, type Container, containerTest, script } from "./container.ts";
import { assertSuccess, REPO, type Result, run } from "./davit.ts";

/** Runs an example on a container's bundle. */
function example(
  name: string,
  { bundle, root }: Container,
  ...args: string[]
): Promise<Result> {
  const file = `${REPO}/examples/${name}.ts`;
  return run([
    Deno.execPath(),
    "run",
    "--allow-all",
    "--no-check",
    `--config=${REPO}/deno.json`,
    file,
    bundle,
    ...args,
  ], { env: { XDG_RUNTIME_DIR: root }, timeout: 120 });
}

containerTest(
  "the job runner runs 100 jobs and collects what they print",
  command(["true"]),
  async (container) => {
    const { stdout } = assertSuccess(await example("jobs", container, "100"));
    const lines = stdout.trimEnd().split("\n");
    assertEquals(lines.length, 101);
    assertEquals(lines[57], "job 57 has pid 1");
    assertEquals(lines[100], "100 jobs, 0 failed");
  },
);

containerTest(
  "the supervisor starts a container again until it ends well",
  script("echo x >>/count; test $(wc -l </count) -ge 3", (config) => {
    config.root.readonly = false;
  }),
  async (container) => {
    const { stdout } = assertSuccess(await example("supervisor", container));
    assertEquals(stdout, "ended with 1\nended with 1\ndone after 2 restarts\n");
  },
);

containerTest(
  "the plans of two configurations are compared",
  command(["true"]),
  async (container) => {
    const { stdout } = assertSuccess(await example("plan_diff", container));
    assertMatch(stdout, /^- kernel: host name: davit$/m);
    assertMatch(stdout, /^\+ kernel: host name: hardened$/m);
    assertMatch(stdout, /^\+ mounts: \/tmp: tmpfs .*nosuid/m);
  },
);
