import { assertEquals, assertMatch } from "@std/assert";
import { existing, withRoot } from "../cgroup/fake_cgroups.ts";
import type { Ended } from "../ffi/process.ts";
import { LaunchEnded } from "../launch/error.ts";
import { RuntimeError } from "./errors.ts";
import { silent } from "./logger.ts";
import { killsAbove, tellOom, wasOomKilled, withOom } from "./oom_report.ts";
import type { ContainerRecord } from "./store.ts";

const KILLED: Ended = { status: 137, signal: 9 };
const SHELL: Ended = { status: 137, signal: 0 };
const FAILED: Ended = { status: 3, signal: 0 };

function record(directory: string, systemd = false): ContainerRecord {
  const slice = "test.slice";
  return {
    id: "c1",
    cgroupsMade: true,
    cgroups: {
      kind: "v2",
      directories: [directory],
      created: [],
      ...systemd && { systemd: { unit: "c1.scope", slice, user: false } },
    },
  } as unknown as ContainerRecord;
}

const files = (max: number, kills: number) => ({
  "memory.events": `max ${max}\noom ${kills}\noom_kill ${kills}\n`,
  "memory.max": "65536\n",
});

/** What is told of a container's end. */
function told(record: ContainerRecord, ended: Ended, before?: number): string {
  const lines: string[] = [];
  const log = {
    ...silent,
    error: (message: string) => lines.push(`error: ${message}`),
    warn: (message: string) => lines.push(`warn: ${message}`),
  };
  tellOom(log, record, ended, before);
  return lines.join("\n");
}

Deno.test(
  "tellOom() tells a kill of the container from others",
  withRoot((root) => {
    const one = record(root);
    existing(root, files(4, 1));
    assertEquals(wasOomKilled(one), true);
    for (const ended of [KILLED, SHELL]) {
      assertMatch(
        told(one, ended),
        /^error: Container "c1" was killed for memory: it needs more than its limit of 65536 bytes/,
      );
    }
    assertMatch(told(one, FAILED), /^warn: processes of container "c1" were k/);
    existing(root, files(0, 1));
    assertMatch(told(one, KILLED), /: its own limit was not met, but one abov/);
    existing(root, files(4, 0));
    assertEquals(wasOomKilled(one), false);
    assertEquals(told(one, KILLED), "");
  }),
);

Deno.test(
  "tellOom() looks at the slice when systemd has removed the cgroup",
  withRoot((root) => {
    const one = record(`${root}/c1.scope`, true);
    existing(root, files(4, 7));
    assertEquals(killsAbove(one), 7);
    assertMatch(
      told(one, KILLED, 6),
      /^error: Container "c1" was killed, probably for memory: that has happened in test\.slice meanwhile$/,
    );
    assertEquals(told(one, KILLED, 7), "");
    assertEquals(told(one, FAILED, 6), "");
    assertEquals(told(one, KILLED), "");
    // It is there, and knows of nothing.
    existing(`${root}/c1.scope`, files(4, 0));
    assertEquals(told(one, KILLED, 6), "");
    assertEquals(killsAbove(record(`${root}/c1.scope`)), undefined);
  }),
);

Deno.test(
  "withOom() explains an init that was killed while it was set up",
  withRoot((root) => {
    existing(root, files(4, 1));
    const error = new LaunchEnded("set up the container: its init", KILLED);
    const explained = withOom(error, [root]) as Error;
    assertEquals(explained instanceof RuntimeError, true);
    assertEquals(
      explained.message,
      "Cannot set up the container: its init ended with SIGKILL: container " +
        "init was OOM-killed (memory limit too low?): it needs more than its " +
        "limit of 65536 bytes (linux.resources.memory), raise it",
    );
    assertEquals(withOom(error, [`${root}/gone`]), error);
    const other = new Error("another");
    assertEquals(withOom(other, [root]), other);
  }),
);
