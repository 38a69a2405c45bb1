/** Time namespaces: new with offsets, and joined. */
import { assert, assertEquals } from "@std/assert";
import type { Config, Patch } from "./config.ts";
import {
  change,
  command,
  Container,
  containerTest,
  rootTest,
  script,
} from "./container.ts";
import { assertOneLine, assertSuccess } from "./davit.ts";

const DAY = 86_400;

function newTime(timeOffsets?: Record<string, unknown>): Patch {
  return (config: Config) => {
    config.linux.namespaces.push({ type: "time" });
    if (timeOffsets !== undefined) config.linux.timeOffsets = timeOffsets;
  };
}

/** Seconds since boot, as the host counts them. */
function uptime(): number {
  return Number(Deno.readTextFileSync("/proc/uptime").split(" ")[0]);
}

const LOOK =
  `readlink /proc/self/ns/time; readlink /proc/self/ns/time_for_children
cut -d ' ' -f 1 /proc/uptime; tr -s ' ' </proc/self/timens_offsets`;

containerTest(
  "time: a new namespace without offsets has the host's clocks",
  script(LOOK, newTime()),
  async (container) => {
    const before = uptime();
    const lines = assertSuccess(await container.run()).stdout.split("\n");
    const [own, children, up, ...offsets] = lines;
    assert(own !== Deno.readLinkSync("/proc/self/ns/time"));
    assertEquals(children, own);
    assert(Number(up) >= before && Number(up) <= uptime(), up);
    assertEquals(offsets, ["monotonic 0 0", "boottime 0 0", ""]);
  },
);

containerTest(
  "time: offsets of both clocks, forward and back",
  script(
    LOOK,
    newTime({
      boottime: { secs: 7 * DAY, nanosecs: 999_999_999 },
      monotonic: { secs: -5, nanosecs: 1 },
    }),
  ),
  async (container) => {
    const before = uptime() + 7 * DAY;
    const lines = assertSuccess(await container.run()).stdout.split("\n");
    const up = Number(lines[2]);
    assert(up >= before && up <= uptime() + 7 * DAY + 1, lines[2]);
    assertEquals(lines.slice(3), [
      "monotonic -5 1",
      `boottime ${7 * DAY} 999999999`,
      "",
    ]);
  },
);

containerTest(
  "time: an offset of one clock leaves the other",
  script(LOOK, newTime({ boottime: { secs: DAY } })),
  async (container) => {
    const lines = assertSuccess(await container.run()).stdout.split("\n");
    assertEquals(lines.slice(3), ["monotonic 0 0", `boottime ${DAY} 0`, ""]);
  },
);

containerTest(
  "time: in a user namespace as well",
  script(LOOK, (config) => {
    newTime({ boottime: { secs: DAY }, monotonic: { secs: DAY } })(config);
    const map = [{ containerID: 0, hostID: 100_000, size: 65536 }];
    config.linux.namespaces.push({ type: "user" });
    config.linux.uidMappings = map;
    config.linux.gidMappings = map;
  }),
  async (container) => {
    const lines = assertSuccess(await container.run()).stdout.split("\n");
    assertEquals(lines.slice(3), [
      `monotonic ${DAY} 0`,
      `boottime ${DAY} 0`,
      "",
    ]);
  },
);

for (
  const [what, secs, why] of [
    ["before the host's start", "-9000000000", "Numerical result out of range"],
    ["beyond the clock's end", "9223372036854775807", "out of range"],
  ] as const
) {
  containerTest(
    `time: an offset ${what} is an error that names the clock`,
    script("true", newTime({ monotonic: { secs: 0 } })),
    async (container) => {
      // More than a number of JavaScript's holds.
      const path = `${container.bundle}/config.json`;
      const text = Deno.readTextFileSync(path);
      const changed = text.replace('{"secs":0}', `{"secs":${secs}}`);
      assert(changed !== text);
      Deno.writeTextFileSync(path, changed);
      assertOneLine(
        await container.run(),
        new RegExp(
          `offset of the monotonic clock to ${secs} s .*timeOffsets\\.monotonic.*${why}`,
        ),
      );
      assertEquals(container.leftovers(), []);
    },
  );
}

rootTest("time: another container's namespace is joined", async () => {
  await using pod = new Container(
    command(["sleep", "100"], newTime({ boottime: { secs: DAY } })),
  );
  assertSuccess(await pod.create());
  assertSuccess(await pod.start());
  const { pid } = await pod.state();
  const path = `/proc/${pid}/ns/time`;
  await using container = new Container(script(LOOK));
  change(container, (config) => {
    config.linux.namespaces.push({ type: "time", path });
  });
  const lines = assertSuccess(await container.run()).stdout.split("\n");
  assertEquals(lines.slice(0, 2), Array(2).fill(Deno.readLinkSync(path)));
  assert(Number(lines[2]) >= DAY);
  // Its clocks run: they cannot be set again.
  change(container, (config) => {
    config.linux.timeOffsets = { boottime: { secs: 1 } };
  });
  assertOneLine(await container.run(), /timeOffsets: needs a new time/);
});

containerTest(
  "time: offsets without a time namespace are an error",
  script("true", (config) => {
    config.linux.timeOffsets = { boottime: { secs: 1 } };
  }),
  async (container) => {
    assertOneLine(await container.run(), /timeOffsets: needs a time namespace/);
  },
);
