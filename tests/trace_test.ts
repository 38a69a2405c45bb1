/** `--trace`: where the time of a command goes. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { command, type Container, containerTest, script } from "./container.ts";
import { assertOneLine, assertSuccess } from "./davit.ts";

interface Event {
  name: string;
  cat?: string;
  ph: string;
  ts: number;
  dur: number;
  pid: number;
  tid: number;
  args: { pointer?: string; name?: string };
}

/** The events that a command's trace file holds. */
function events(container: Container): Event[] {
  const text = Deno.readTextFileSync(`${container.folder}/trace.json`);
  const { traceEvents } = JSON.parse(text);
  return traceEvents;
}

function flags({ folder }: Container): string[] {
  return ["--trace", `${folder}/trace.json`];
}

/** The names of what one of the processes did, in order. */
function names(list: readonly Event[], who: string): string[] {
  return list.filter(({ cat }) => cat === who).map(({ name }) => name);
}

containerTest(
  "a trace of run has Davit's phases and the launch program's steps",
  script("sleep 0.05; exit 3"),
  async (container) => {
    assertEquals((await container.run(flags(container))).code, 3);
    const list = events(container);
    for (const { ph, dur, ts } of list) {
      assert(ph === "M" || ph === "X" && dur >= 0 && ts > 1e15);
    }
    const threads = list.filter(({ ph }) => ph === "M");
    assertEquals(threads.map(({ args }) => args.name), [
      "davit",
      "first process",
      "init",
    ]);
    const own = names(list, "davit");
    assertEquals(own.slice(-3), [
      "wait for the program",
      "remove cgroups",
      "remove the record",
    ]);
    assert(own.includes("make cgroups") && own.includes("launch"));
    const init = names(list, "init");
    assert(init.includes("mount proc on /proc"), init.join("\n"));
    assertEquals(init.at(-1), "exec /bin/sh");
    const mount = list.find(({ name }) => name === "mount proc on /proc");
    assertEquals(mount?.args.pointer, "/mounts/0");
    const wait = list.find(({ name }) => name === "wait for the program")!;
    assert(wait.dur > 40_000, `it waits for the program: ${wait.dur} us`);
    // Steps of a process follow each other.
    const times = list.filter(({ cat }) => cat === "init");
    times.slice(1).forEach(({ ts }, i) => {
      assert(Math.abs(ts - times[i]!.ts - times[i]!.dur) < 1000);
    });
  },
);

containerTest(
  "traces of create, start, exec and delete tell their parts",
  command(["sleep", "1000"]),
  async (container) => {
    const { id } = container;
    assertSuccess(await container.create(flags(container)));
    const created = names(events(container), "init");
    assert(created.includes("mount proc on /proc"));
    assert(!created.includes("exec sleep"), "that is for start");
    assertSuccess(await container.davit(["start", ...flags(container), id]));
    const started = names(events(container), "init");
    assertEquals(started.at(-1), "exec sleep");
    assert(!started.includes("mount proc on /proc"), "that was create");
    assertSuccess(
      await container.davit(["exec", ...flags(container), id, "true"]),
    );
    assertEquals(names(events(container), "init").at(-1), "exec true");
    assertSuccess(
      await container.davit(["delete", "--force", ...flags(container), id]),
    );
    const own = names(events(container), "davit");
    assertEquals(own.slice(-2), [
      "end processes and remove cgroups",
      "remove the record",
    ]);
  },
);

containerTest(
  "a trace is written of what fails, too, and an error names the real step",
  command(["true"], (config) => {
    config.mounts.push({
      destination: "/x",
      source: "/no/such/source",
      options: ["bind"],
    });
  }),
  async (container) => {
    const result = await container.run(flags(container));
    assertOneLine(result, /mount source \/no\/such\/source \(mounts\[\d+\]\)/);
    const own = names(events(container), "davit");
    assertEquals(own.at(-1), "launch");
  },
);

containerTest(
  'the trace "-" is a summary on stderr',
  script("echo out"),
  async (container) => {
    const { stdout, stderr } = assertSuccess(
      await container.run(["--trace", "-"]),
    );
    assertEquals(stdout, "out\n");
    const lines = stderr.trimEnd().split("\n");
    assertEquals(lines.length, 11);
    for (const line of lines) assertMatch(line, /^ *\d+\.\d\d ms {2}/);
    assertMatch(lines.at(-1)!, /in all, \d+ steps$/);
  },
);

containerTest(
  "a trace works with a filter that forbids clocks, and with a terminal's host",
  command(["true"], (config) => {
    config.linux["seccomp"] = {
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [{ names: ["clock_gettime"], action: "SCMP_ACT_KILL" }],
    };
    config.linux.namespaces.push({ type: "time" });
    config.linux["timeOffsets"] = { monotonic: { secs: 100000 } };
  }),
  async (container) => {
    assertSuccess(await container.run(flags(container)));
    const init = names(events(container), "init");
    assert(init.includes("load the seccomp filter"), init.join("\n"));
  },
);

containerTest(
  "a trace that cannot be written is told",
  command(["true"]),
  async (container) => {
    assertOneLine(
      await container.run(["--trace", "/no/such/folder/trace"]),
      /^Cannot write the trace: .*No such file or directory/,
    );
  },
);
