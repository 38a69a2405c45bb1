/** `davit events`: statistics and memory that runs out. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Patch } from "./config.ts";
import {
  command,
  Container,
  containerTest,
  idOf,
  rootTest,
  script,
} from "./container.ts";
import {
  assertOneLine,
  assertSuccess,
  type Result,
  run,
  until,
} from "./davit.ts";

const MIB = 1 << 20;

/** Little memory, and no swap beside it. */
function memory(bytes: number): Patch {
  return (config) => {
    config.linux.cgroupsPath = `/${idOf(config)}`;
    config.linux.resources = {
      memory: { limit: bytes, swap: bytes },
      pids: { limit: 50 },
    };
  };
}

const sleeping = command(["sleep", "1000"], memory(64 * MIB));

/** Fields that runc leaves out when they are zero: they come and go. */
const FLEETING = [
  /^cpu\.(usage\.(total|percpu.*)|throttling\.\w+)$/,
  /^cpuset\.(cpus|mems)$/,
  /^memory\.(cache|\w+\.(usage|max))$/,
  /^blkio\.io/,
  /^hugetlb\.\w+\.(usage|max)$/,
];
/** Fields that only newer runcs have, or none; or not from a hybrid host's v2. */
const ADDED =
  /^(cpu|memory|blkio)\.psi\.(some|full)\.(avg\d+|total)$|^memory\.events\.|^hugetlb\./;

/** The paths of all values, those in arrays as one. */
function leaves(value: unknown, path = ""): string[] {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    return [path];
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return [`${path}{}`];
  return entries.flatMap(([key, value]) =>
    leaves(value, path === "" ? key : `${path}.${key}`)
  );
}

function lasting(data: unknown): string[] {
  return leaves(data).filter((path) =>
    !FLEETING.some((pattern) => pattern.test(path)) && !path.endsWith("{}")
  );
}

// deno-lint-ignore no-explicit-any -- JSON of which the test looks at parts
function statsOf({ stdout }: Result): any {
  const lines = stdout.split("\n");
  assertEquals(lines.length, 2, stdout);
  return JSON.parse(lines[0]!);
}

rootTest("events: statistics have runc's keys and settings", async () => {
  await using own = new Container(sleeping);
  await using peer = new Container(sleeping, "runc");
  const runc = ["runc", "--root", `${peer.folder}/runc`];
  assertSuccess(await own.create());
  assertSuccess(await own.start());
  try {
    assertSuccess(
      await run([...runc, "run", "-d", "--bundle", peer.bundle, peer.id]),
    );
    const mine = statsOf(
      assertSuccess(await own.davit(["events", "--stats", own.id])),
    );
    const theirs = statsOf(
      assertSuccess(await run([...runc, "events", "--stats", peer.id])),
    );
    assertEquals(
      lasting(mine.data).filter((path) => !ADDED.test(path)),
      lasting(theirs.data).filter((path) => !ADDED.test(path)),
    );
    assertEquals([mine.type, mine.id], ["stats", own.id]);
    assertEquals(Object.keys(mine), Object.keys(theirs));
    assertEquals(Object.keys(mine.data), Object.keys(theirs.data));
    assertEquals(mine.data.cpuset, theirs.data.cpuset);
    assertEquals(mine.data.pids, { current: 1, limit: 50 });
    // runc's init may not yet be rid of its threads.
    assertEquals(mine.data.pids.limit, theirs.data.pids.limit);
    assertEquals(mine.data.memory.usage.limit, 64 * MIB);
    for (const name of ["usage", "swap", "kernel", "kernelTCP"]) {
      const { limit } = theirs.data.memory[name];
      assertEquals(mine.data.memory[name].limit, limit, name);
    }
  } finally {
    await run([...runc, "delete", "--force", peer.id]);
  }
}, { programs: ["runc"] });

containerTest(
  "events: counters have all their digits",
  command(["sleep", "1000"], (config) => {
    config.linux.cgroupsPath = `/${idOf(config)}`;
  }),
  async (container) => {
    assertSuccess(await container.create());
    const { stdout } = assertSuccess(
      await container.davit(["events", "--stats", container.id]),
    );
    // No limit: of v1, and of v2.
    assertMatch(
      stdout,
      /"usage":\{"limit":(9223372036854771712|18446744073709551615),/,
    );
  },
);

containerTest(
  "events: statistics tell what a container has used",
  script(
    "i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; echo; sleep 1000 & wait",
    memory(64 * MIB),
  ),
  async (container) => {
    const creation = container.spawn([
      "create",
      "--bundle",
      container.bundle,
      container.id,
    ]);
    assertSuccess(await creation.end());
    assertSuccess(await container.start());
    using _output = creation;
    const ps = ["ps", "--format", "json", container.id];
    await until(
      "it has worked",
      async () =>
        JSON.parse((await container.davit(ps)).stdout).length === 2 &&
        creation.stdout !== "",
    );
    const { data } = statsOf(
      assertSuccess(await container.davit(["events", "--stats", container.id])),
    );
    assertEquals(data.pids, { current: 2, limit: 50 });
    assert(data.cpu.usage.total > 1_000_000, `${data.cpu.usage.total} ns`);
    assert(data.memory.usage.usage >= 4096);
    // memory.peak of v2 is there from Linux 5.19 on.
    assert(data.memory.usage.max >= data.memory.usage.usage);
    assertEquals(data.memory.events.kill, 0);
  },
);

containerTest(
  "events: statistics come each interval until the container ends",
  sleeping,
  async (container) => {
    const { id } = container;
    assertSuccess(await container.create());
    using events = container.spawn(["events", "--interval", "20ms", id]);
    await until("there are three", () => events.stdout.split("\n").length > 3);
    assertSuccess(await container.davit(["kill", id, "KILL"]));
    assertSuccess(await events.end());
    const lines = events.stdout.trimEnd().split("\n");
    for (const line of lines) {
      assert(line.startsWith(`{"type":"stats","id":`));
      // Some look for no more than that word to know of the other type.
      assert(!line.includes("oom"));
    }
  },
);

containerTest(
  "events: memory that runs out is told as runc tells it",
  script(
    // busybox's dd takes a buffer of that size in one.
    `dd if=/dev/zero of=/dev/null bs=64M count=1 2>/dev/null
    echo $?; sleep 1000`,
    memory(8 * MIB),
  ),
  async (container) => {
    const { bundle, id } = container;
    const creation = container.spawn(["create", "--bundle", bundle, id]);
    assertSuccess(await creation.end());
    using _output = creation;
    using events = container.spawn(["events", "--interval", "20ms", id]);
    await until("it watches", () => events.stdout !== "");
    assertSuccess(await container.start());
    const line = `{"type":"oom","id":"${id}"}\n`;
    await until("it is told", () => events.stdout.includes(line));
    await until("dd is gone", () => creation.stdout.includes("137"));
    const { data } = statsOf(
      assertSuccess(await container.davit(["events", "--stats", id])),
    );
    assertEquals(data.memory.events.kill, 1);
    assertEquals((await container.state()).status, "running");
    assertSuccess(await container.davit(["delete", "--force", id]));
    assertSuccess(await events.end());
    assertEquals(events.stdout.split(line).length, 2, "told once");
  },
);

containerTest(
  "events: an init that memory has run out of is told before the end",
  script("exec dd if=/dev/zero of=/dev/null bs=64M count=1", memory(8 * MIB)),
  async (container) => {
    const { id } = container;
    assertSuccess(await container.create());
    using events = container.spawn(["events", "--interval", "20ms", id]);
    await until("it watches", () => events.stdout !== "");
    assertSuccess(await container.start());
    const { stdout } = assertSuccess(await events.end());
    const line = `{"type":"oom","id":"${id}"}\n`;
    assertEquals(stdout.split(line).length, 2, "told once");
  },
);

containerTest(
  "events: ends with its reader",
  sleeping,
  async (container) => {
    assertSuccess(await container.create());
    const { stdout } = assertSuccess(
      await run([
        "sh",
        "-c",
        '"$@" | head -n 1',
        "sh",
        ...container.words("events", "--interval", "20ms", container.id),
      ]),
    );
    assertMatch(stdout, /^\{"type":"stats"/);
  },
);

containerTest(
  "events: refuses what has stopped, and times that are none",
  command(["true"], memory(64 * MIB)),
  async (container) => {
    const { id } = container;
    assertSuccess(await container.create());
    for (const time of ["0", "-1s", "5", "soon"]) {
      assertOneLine(
        await container.davit(["events", `--interval=${time}`, id]),
        /duration interval must be greater than 0/,
      );
    }
    assertSuccess(await container.davit(["kill", id, "KILL"]));
    await until(
      "it ends",
      async () => (await container.state()).status === "stopped",
    );
    for (const flags of [[], ["--stats"]]) {
      assertOneLine(
        await container.davit(["events", ...flags, id]),
        new RegExp(`container with id ${id} is not running`),
      );
    }
    assertOneLine(
      await container.davit(["events", "nobody"]),
      /Container ID \(nobody\) does not exist/,
    );
  },
);
