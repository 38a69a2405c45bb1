/**
 * Containers of different state roots that ask for one cgroup at one time: one
 * gets it, and commands of the others touch nothing of it.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Patch } from "./config.ts";
import { change, command, Container, rootTest } from "./container.ts";
import {
  assertOneLine,
  assertSuccess,
  readIfThere,
  Running,
  until,
} from "./davit.ts";
import { cgroupsOf } from "./leftovers.ts";

/** A container with a state root of its own that asks for a first one's cgroup. */
function rival(first: Container, args: readonly string[], patch?: Patch) {
  const second = new Container(command(args, patch));
  change(second, (config) => config.linux.cgroupsPath = `/${first.id}`);
  return second;
}

/** Its cgroup is in the test's own, which has its ID for clean-up. */
const SLEEP = ["sleep", "1000"];

/** The processes stay in the host's pid namespace. */
const inHosts: Patch = ({ linux }) => {
  linux.namespaces = linux.namespaces.filter(({ type }) => type !== "pid");
};

/** A `create` that stands still once it has cgroups, with no process in them. */
class Held implements AsyncDisposable {
  readonly #running: Running;
  readonly #trace: string;

  constructor({ bundle, folder, id, words, root }: Container) {
    this.#trace = `${folder}/trace`;
    this.#running = new Running([
      "strace",
      ...["-qq", "-o", this.#trace, "-e", "trace=memfd_create"],
      ...["-e", "inject=memfd_create:signal=STOP:when=1"],
      ...words.call({ root } as Container, "create", "--bundle", bundle, id),
    ]);
  }

  /** Waits until it stands still. */
  async stopped(): Promise<void> {
    const isStopped = () =>
      readIfThere(this.#trace).includes("stopped by SIGSTOP");
    await until("it stands still", isStopped);
  }

  /** Sends it a signal and waits for its end. */
  async end(signal: "SIGCONT" | "SIGKILL") {
    const { pid } = this.#running;
    for (
      const child of readIfThere(`/proc/${pid}/task/${pid}/children`)
        .split(" ").filter(Boolean)
    ) Deno.kill(Number(child), signal);
    return await this.#running.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end("SIGKILL");
    this.#running[Symbol.dispose]();
  }
}

async function runToItsEnd(container: Container): Promise<void> {
  assertSuccess(await container.create());
  const { pid } = await container.state();
  assertSuccess(await container.start());
  await until("it is reaped", () => readIfThere(`/proc/${pid}/stat`) === "");
}

rootTest(
  "one cgroup: what is about to be used is neither taken nor removed",
  async () => {
    await using first = new Container(command(SLEEP));
    await using old = rival(first, ["true"]);
    await using forced = rival(first, ["true"]);
    await using second = rival(first, SLEEP);
    await runToItsEnd(old);
    await runToItsEnd(forced);
    await using held = new Held(first);
    await held.stopped();
    for (const [one, flags] of [[old, []], [forced, ["--force"]]] as const) {
      const { stderr } = assertSuccess(
        await one.davit(["delete", ...flags, one.id]),
      );
      assertMatch(stderr, /cgroups are left to whoever uses them/);
    }
    assertOneLine(await second.create(), /container's cgroup is not empty/);
    assertSuccess(await held.end("SIGCONT"));
    assertSuccess(await second.davit(["delete", "--force", second.id]));
    assertSuccess(await first.start());
    assertEquals((await first.state()).status, "running");
    assertSuccess(await first.davit(["delete", "--force", first.id]));
    assertEquals(first.leftovers(), []);
  },
  { programs: ["strace"] },
);

rootTest(
  "one cgroup: a create that is killed does not keep it from others",
  async () => {
    await using first = new Container(command(SLEEP));
    await using second = rival(first, SLEEP, inHosts);
    await using held = new Held(first);
    await held.stopped();
    await held.end("SIGKILL");
    assertSuccess(await second.create());
    assertSuccess(await second.start());
    const { stderr } = assertSuccess(
      await first.davit(["delete", "--force", first.id]),
    );
    assertMatch(stderr, /cgroups are left to whoever uses them/);
    assertEquals((await second.state()).status, "running");
  },
  { programs: ["strace"] },
);

rootTest(
  "one cgroup: what was a container's spares who is there, without a pid namespace",
  async () => {
    await using first = new Container(command(["true"], inHosts));
    await using damaged = rival(first, ["true"], inHosts);
    await using second = rival(first, SLEEP, inHosts);
    await runToItsEnd(damaged);
    await runToItsEnd(first);
    Deno.writeTextFileSync(`${damaged.root}/${damaged.id}/state.json`, "{");
    assertSuccess(await second.create());
    assertSuccess(await second.start());
    assertOneLine(
      await first.davit(["kill", first.id, "KILL"]),
      /container not running/,
    );
    assertSuccess(await first.davit(["kill", "--all", first.id, "TERM"]));
    for (const one of [first, damaged]) {
      const { stderr } = assertSuccess(
        await one.davit(["delete", "--force", one.id]),
      );
      assertMatch(stderr, /cgroups are left to whoever uses them/);
    }
    const { pid, status } = await second.state();
    assertEquals(status, "running");
    const cgroups = readIfThere(`/proc/${pid}/cgroup`);
    assert(cgroups.includes(`/${first.id}\n`), cgroups);
    assertSuccess(await second.davit(["delete", "--force", second.id]));
    assertEquals(cgroupsOf(first), []);
  },
);

rootTest(
  "one cgroup: of creates at one time one wins, undisturbed",
  async () => {
    await using first = new Container(command(SLEEP));
    change(first, (config) => config.linux.cgroupsPath = `/${first.id}`);
    const limited = (limit: number): Patch => ({ linux }) => {
      linux.resources = { pids: { limit } };
    };
    change(first, limited(40));
    await using second = rival(first, SLEEP, limited(41));
    await using third = rival(first, SLEEP, limited(42));
    const rivals = [first, second, third];
    for (let round = 0; round < 8; round++) {
      const results = await Promise.all(rivals.map((one) => one.create()));
      const winner = results.findIndex(({ code }) => code === 0);
      results.forEach((result, i) => {
        if (i !== winner) assertOneLine(result, /cgroup is not empty/);
      });
      assertEquals(results.filter(({ code }) => code === 0).length, 1);
      await Promise.all(rivals.map(async (one, i) => {
        if (i === winner) return;
        assertSuccess(await one.davit(["delete", "--force", one.id]));
      }));
      const { pid, status } = await rivals[winner]!.state();
      assertEquals(status, "created");
      const limits = cgroupsOf(first).map((path) => `${path}/pids.max`)
        .map(readIfThere).filter((text) => /^[0-9]/.test(text));
      assertEquals(limits, [`${40 + winner}\n`]);
      // Deletes race with creates as well.
      const [deleted] = await Promise.all([
        rivals[winner]!.davit(["delete", "--force", rivals[winner]!.id]),
        rivals[(winner + 1) % rivals.length]!.create(),
      ]);
      assertSuccess(deleted);
      await until(
        "it is reaped",
        () => !readIfThere(`/proc/${pid}/stat`).includes("davit-init"),
      );
      for (const one of rivals) {
        assertSuccess(await one.davit(["delete", "--force", one.id]));
      }
      assertEquals(cgroupsOf(first), [], `round ${round}`);
    }
  },
);

rootTest(
  "one cgroup: launchers leave alone what is about to be used, and each other",
  async () => {
    await using first = new Container(command(SLEEP));
    await using second = rival(first, SLEEP);
    change(second, ({ linux }) => linux.resources = {});
    const path = `${first.folder}/${first.id}`;
    assertSuccess(
      await second.davit(["build", second.bundle, "-o", path]),
    );
    const launch = () => new Running([path]);
    await using held = new Held(first);
    await held.stopped();
    using refused = launch();
    const { code, stderr } = await refused.end();
    assertEquals(code, 1, stderr);
    assertMatch(stderr, /^davit: [^\n]+\n$/);
    assertSuccess(await held.end("SIGCONT"));
    assertSuccess(await first.start());
    assertEquals((await first.state()).status, "running");
    assertSuccess(await first.davit(["delete", "--force", first.id]));
    for (let round = 0; round < 8; round++) {
      using one = launch();
      using two = launch();
      using three = launch();
      const all = [one, two, three];
      // One of them stays, undisturbed by the others' ends.
      const ended: Running[] = [];
      all.map((each) => each.end().then(() => ended.push(each)));
      await until("the others end", () => ended.length >= 2);
      const [last] = all.filter((each) => !ended.includes(each));
      for (const { stderr } of ended) assertMatch(stderr, /^davit: [^\n]+\n$/);
      assert(last !== undefined, ended.map(({ stderr }) => stderr).join(""));
      assert(cgroupsOf(first).length > 0);
      last!.kill("SIGKILL");
      await until("it ends", () => ended.length === 3);
      await until(
        "its cgroups are empty",
        () =>
          cgroupsOf(first).every((cgroup) =>
            readIfThere(`${cgroup}/cgroup.procs`) === ""
          ),
      );
    }
    for (const cgroup of cgroupsOf(first)) Deno.removeSync(cgroup);
    assertEquals(first.leftovers(), []);
  },
  { programs: ["strace"] },
);
