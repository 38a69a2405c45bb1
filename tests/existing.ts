/**
 * Tests of this folder that are run under other kernels as well: what is done
 * with the cgroups of containers that exist.
 */
import { assertEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { REPO, type Result } from "./davit.ts";

/** Names of tests, by their files. */
export type Tests = Readonly<Record<string, readonly string[]>>;

const V1: Tests = {
  device_kernel: [
    "devices: cgroup v1 allows what the rules say, also after a change",
  ],
  delete: ["delete --force takes what the container itself has frozen"],
  kill: ["kill KILL ends what an init without a pid namespace left behind"],
  oom: ["state tells that a container was killed for memory"],
  pause: [
    "pause: a paused container makes no progress, resume lets it go on",
    "a paused container ends by kill KILL",
  ],
};

const V2: Tests = {
  device_kernel: [
    "devices: cgroup v2 allows what the rules say, new ones at once",
  ],
  delete: [
    ...V1["delete"]!,
    "delete --force takes sub-cgroups with processes, without a pid namespace",
    "delete --force takes a subtree of threads",
  ],
  events: [
    "events: statistics have runc's keys and settings",
    "events: memory that runs out is told as runc tells it",
  ],
  kill: V1["kill"]!,
  limits_bite: [
    "limits: 1 MiB of memory is enough for a program that needs little",
    "limits: a fork bomb stops at pids.limit",
  ],
  oom: [...V1["oom"]!, "run tells that an init was killed for memory"],
  pause: [
    ...V1["pause"]!,
    "pause: processes that go on making others, and those of sub-cgroups",
    "a paused container is deleted only with --force",
  ],
  update: [
    "update: devices are those of the new rules, and stay without any",
    "update: what cannot be done is undone, on the host and on record",
  ],
};

/** The tests of each layout. */
export const EXISTING = { v1: V1, v2: V2 } as const;

/** The command that runs tests of this folder. */
export function testCommand(tests: Tests): string[] {
  return [
    "env",
    "NO_COLOR=1",
    // Where the packages are that the tests import.
    ...["DENO_DIR"].flatMap((name) => {
      const value = Deno.env.get(name);
      return value === undefined ? [] : [`${name}=${value}`];
    }),
    Deno.execPath(),
    "test",
    `--config=${join(REPO, "deno.json")}`,
    "--allow-all",
    "--no-check",
    // What lacks something is skipped, and says so behind its name.
    `--filter=/^(${Object.values(tests).flat().join("|")})( \\[skipped.*)?$/`,
    ...Object.keys(tests).map((name) => join(REPO, `tests/${name}_test.ts`)),
  ];
}

/** Checks that all of them were run, and none failed. */
export function checkTests(
  { code, stderr, stdout }: Result,
  tests: Tests,
): void {
  const count = (word: string) =>
    Number(new RegExp(`(\\d+) ${word}`).exec(stdout)?.[1] ?? 0);
  const done = count("passed") + count("ignored");
  assertEquals(
    { code, done },
    { code: 0, done: Object.values(tests).flat().length },
    `${stdout}\n${stderr}`,
  );
}
