/**
 * Davit beside runc as podman's users feel it: `podman run --rm IMAGE true`, as
 * root and as an ordinary user, `podman exec`, and the most memory that a
 * container's start takes. Needs root, what tests/clients/podman_test.ts needs,
 * and dist/davit (deno task compile).
 *
 *     deno task bench:podman [--runs N]
 *
 * The two sides take turns. Prints medians; asserts nothing.
 */
import { parseArgs } from "@std/cli/parse-args";
import { Podman } from "../tests/clients/podman.ts";
import { assertSuccess, DAVIT } from "../tests/davit.ts";
import { report, type Times } from "./bench_sides.ts";

type Sides = Record<keyof Times, Podman>;

/** What is timed, and what comes before, once; `$n` is a container's name. */
interface Timed {
  what: string;
  before?: string;
  command: string;
}

const RUN: Timed = {
  what: "podman run --rm IMAGE true",
  command: "podman run --rm $image true",
};

const AS_ROOT: readonly Timed[] = [
  RUN,
  {
    what: "podman run --rm --network bridge IMAGE true",
    command: "podman run --rm --network bridge $image true",
  },
  {
    what: "podman exec CONTAINER true",
    before: "podman run -d --name $n $image sleep 100000",
    command: "podman exec $n true",
  },
];

/** Prints nanoseconds; where the script is entered is not timed. */
const timed = (command: string) => `
begin=$(date +%s%N)
${command} >/dev/null
echo $(($(date +%s%N) - begin))
`;

async function compare(sides: Sides, timing: Timed, runs: number) {
  const times: Times = { davit: [], runc: [] };
  const names = ["davit", "runc"] as const;
  for (const name of names) {
    assertSuccess(await sides[name].sh(timing.before ?? "", { n: "bench" }));
  }
  for (let i = 0; i <= runs; i++) {
    for (const name of names) {
      const script = timed(timing.command);
      const result = await sides[name].sh(script, { n: "bench" });
      times[name].push(Number(assertSuccess(result).stdout) / 1e6);
    }
  }
  report(timing.what, "ms", times);
}

/** The most that a fresh container's memory cgroup has counted, in bytes. */
const MEMORY = `
id=$(podman run -d $image sleep 1000)
sleep 0.5
cd /sys/fs/cgroup
cat memory/libpod_parent/libpod-$id/memory.max_usage_in_bytes 2>/dev/null ||
  cat libpod_parent/libpod-$id/memory.peak
podman rm -f -t 0 $id >/dev/null
`;

async function compareMemory(sides: Sides): Promise<void> {
  const peak: Times = { davit: [], runc: [] };
  for (let i = 0; i <= 5; i++) {
    for (const name of ["davit", "runc"] as const) {
      const { stdout } = assertSuccess(await sides[name].sh(MEMORY));
      peak[name].push(Number(stdout) / 1024);
    }
  }
  report("most memory of a container's cgroup during its start", "kB", peak);
}

const { runs } = parseArgs(Deno.args, { default: { runs: 40 } });
for (const user of [false, true]) {
  await using davit = await Podman.start(DAVIT, user);
  await using runc = await Podman.start("runc", user);
  const sides = { davit, runc };
  for (const timing of user ? [RUN] : AS_ROOT) {
    const what = `${timing.what}${user ? " as an ordinary user" : ""}`;
    await compare(sides, { ...timing, what }, runs);
  }
  if (!user) await compareMemory(sides);
}
