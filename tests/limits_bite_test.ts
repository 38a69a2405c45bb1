/** Limits that are met. A memory hog: oom_test.ts. */
import { assert, assertEquals } from "@std/assert";
import type { Patch } from "./config.ts";
import {
  command,
  type Container,
  containerTest,
  idOf,
  script,
} from "./container.ts";
import { assertSuccess, readIfThere, until } from "./davit.ts";
import { cgroupsOf } from "./leftovers.ts";

/** Gives a container limits, in a cgroup that the test finds. */
function limited(resources: Record<string, unknown>): Patch {
  return (config) => {
    config.linux.cgroupsPath = `/${idOf(config)}`;
    config.linux.resources = resources;
  };
}

/** The text of a file in all of the container's cgroups that have it. */
function file(container: Container, name: string): string {
  return cgroupsOf(container)
    .filter((folder) => folder.endsWith(container.id))
    .map((folder) => readIfThere(`${folder}/${name}`)).join("");
}

/** A number of a file with a word before each. */
function count(text: string, word: string): number {
  return Number(new RegExp(`^${word} ([0-9]+)$`, "m").exec(text)?.[1] ?? 0);
}

async function start(container: Container): Promise<void> {
  assertSuccess(await container.create());
  assertSuccess(await container.start());
}

containerTest(
  "limits: 1 MiB of memory is enough for a program that needs little",
  command(["true"], limited({ memory: { limit: 1 << 20 } })),
  async (container) => {
    // Next to nothing of the runtime's own is counted.
    const { code, stderr } = await container.run();
    assertEquals([code, stderr], [0, ""]);
  },
);

const PIDS = 20;

containerTest(
  "limits: a fork bomb stops at pids.limit",
  script(
    "bomb() { bomb & bomb & wait; }; bomb 2>/dev/null",
    limited({ pids: { limit: PIDS } }),
  ),
  async (container) => {
    await start(container);
    await until(
      "it is stopped",
      () => count(file(container, "pids.events"), "max") > 0,
    );
    const most = file(container, "pids.peak") ||
      file(container, "pids.current");
    assert(Number(most) <= PIDS, most);
  },
);

const PERIOD = 100_000;

/** Periods, those in which all time was used, and that time, in microseconds. */
function usage(container: Container) {
  const stat = file(container, "cpu.stat");
  const periods = count(stat, "nr_periods");
  const throttled = count(stat, "nr_throttled");
  const nanoseconds = Number(file(container, "cpuacct.usage"));
  const used = nanoseconds / 1000 || count(stat, "usage_usec");
  return { periods, throttled, used };
}

/** Which part of the time of its periods a container uses. */
async function share(container: Container): Promise<number> {
  const before = usage(container);
  const after = await until("it is throttled", () => {
    const now = usage(container);
    return now.throttled >= before.throttled + 8 ? now : undefined;
  }, 60);
  return (after.used - before.used) /
    ((after.periods - before.periods) * PERIOD);
}

containerTest(
  "limits: half the quota is half the processor time",
  script(
    "while :; do :; done",
    limited({ cpu: { quota: 20_000, period: PERIOD } }),
  ),
  async (container) => {
    await start(container);
    const whole = await share(container);
    assertSuccess(
      await container.davit(["update", "--cpu-quota", "10000", container.id]),
    );
    const half = await share(container);
    // The kernel counts in slices; what others use of the host is less here.
    assert(whole > 0.1 && whole < 0.26, `${whole} of 0.2`);
    assert(half > 0.05 && half < 0.13, `${half} of 0.1`);
    const ratio = half / whole;
    assert(ratio > 0.3 && ratio < 0.7, `${half} / ${whole} = ${ratio}`);
  },
);
