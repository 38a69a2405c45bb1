import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { RuntimeError } from "../oci/errors.ts";
import { capture, type Captured } from "./captured_output.ts";
import {
  type Call,
  type Command,
  type CommandTable,
  NONE,
  ONE_ID,
} from "./command.ts";
import { dispatch } from "./dispatch.ts";

const calls: Call[] = [];

function fake(parts: Partial<Command>): CommandTable[string] {
  const command: Command = {
    summary: "a command",
    about: "About it.",
    arguments: ONE_ID,
    options: [{ name: "all", short: "a", help: "all of it" }],
    run(call) {
      calls.push(call);
      return 0;
    },
    ...parts,
  };
  return () => Promise.resolve({ command });
}

const TABLE: CommandTable = {
  one: fake({}),
  many: fake({ arguments: { ...NONE, max: Infinity, trailing: true } }),
  status: fake({ arguments: NONE, run: () => Promise.resolve(137) }),
  fails: fake({
    run(call) {
      call.runtime.log.debug("on the way");
      throw new RuntimeError("state", "container not running");
    },
  }),
  bug: fake({
    arguments: NONE,
    run() {
      throw new TypeError("x is not a function");
    },
  }),
};

function davit(...args: string[]): Promise<Captured<number>> {
  calls.length = 0;
  return capture(() => dispatch(args, TABLE));
}

function refusal(...args: string[]): Promise<string> {
  return failure(1, ...args);
}

async function failure(status: number, ...args: string[]): Promise<string> {
  const { result, stdout, stderr } = await davit(...args);
  assertEquals(result, status);
  assertEquals(stdout, "");
  assertEquals(stderr.split("\n").length, 2, stderr);
  assertEquals(calls, []);
  return stderr.trimEnd();
}

Deno.test("dispatch() calls the command with what was given", async () => {
  const { result, stdout, stderr } = await davit(
    "--root",
    "/r",
    "--cgroup-manager=disabled",
    "one",
    "-a",
    "id",
  );
  assertEquals([result, stdout, stderr], [0, "", ""]);
  const [call] = calls;
  assertEquals(call?.runtime.root, "/r");
  assertEquals(call?.cgroupManager, "disabled");
  assertEquals(call?.options, { all: true });
  assertEquals(call?.args, ["id"]);
});

Deno.test("dispatch() takes systemd for who makes cgroups", async () => {
  const ways = [
    ["--systemd-cgroup"],
    ["--cgroup-manager=systemd"],
    ["--systemd-cgroup", "--cgroup-manager", "systemd"],
  ];
  for (const options of ways) {
    await davit(...options, "one", "id");
    assertEquals(calls[0]?.cgroupManager, "systemd");
  }
  await davit("one", "id");
  assertEquals(calls[0]?.cgroupManager, "cgroupfs");
});

Deno.test("dispatch() takes options after an ID", async () => {
  await davit("one", "id", "--all");
  assertEquals(calls[0]?.options, { all: true });
});

Deno.test("dispatch() leaves somebody else's options alone", async () => {
  await davit("many", "ls", "-a", "--help");
  assertEquals(calls[0]?.options, {});
  assertEquals(calls[0]?.args, ["ls", "-a", "--help"]);
});

Deno.test("dispatch() ignores the options that runc ignores", async () => {
  const { result } = await davit("--criu", "x", "--rootless=auto", "one", "id");
  assertEquals(result, 0);
});

Deno.test("dispatch() has a root for everybody", async () => {
  await davit("one", "id");
  const own = Deno.env.get("XDG_RUNTIME_DIR");
  const expected = Deno.uid() === 0 || !own ? "/run/davit" : `${own}/davit`;
  assertEquals(calls[0]?.runtime.root, expected);
  await davit("--root=relative", "one", "id");
  assertEquals(calls[0]?.runtime.root, `${Deno.cwd()}/relative`);
  assertStringIncludes(
    await refusal("--root=", "one", "id"),
    'flag "--root": found "", expected a directory',
  );
});

Deno.test("dispatch() gives the command's status", async () => {
  assertEquals((await davit("status")).result, 137);
});

Deno.test("dispatch() refuses a wrong number of arguments", async () => {
  assertEquals(
    await refusal("one"),
    "davit one: expected exactly one container ID, found none; see davit one --help",
  );
  assertEquals(
    await refusal("one", "a", "b"),
    "davit one: expected exactly one container ID, found 2; see davit one --help",
  );
  assertStringIncludes(await refusal("status", "a"), "expected no arguments");
});

Deno.test("dispatch() refuses what it does not know", async () => {
  const unknown = "No help topic for 'foo'; see davit --help";
  assertEquals(await failure(3, "foo"), unknown);
  assertEquals(await failure(3, "foo", "-h"), unknown);
  assertEquals(await failure(3, "help", "foo"), unknown);
  assertEquals(
    await failure(3, "constructor"),
    "No help topic for 'constructor'; see davit --help",
  );
  assertEquals(
    await refusal("--foo", "one"),
    'davit: flag provided but not defined: "--foo"; see davit --help',
  );
  assertEquals(
    await refusal("one", "--foo", "id"),
    'davit one: flag provided but not defined: "--foo"; see davit one --help',
  );
});

Deno.test("dispatch() refuses what it does not have", async () => {
  assertStringIncludes(
    await refusal("--systemd-cgroup", "--cgroup-manager=cgroupfs", "one", "id"),
    "--systemd-cgroup and --cgroup-manager cgroupfs exclude each other",
  );
  assertStringIncludes(
    await refusal("--cgroup-manager", "foo", "one", "id"),
    'invalid cgroup-manager: "foo": expected cgroupfs, systemd or disabled',
  );
  assertStringIncludes(
    await refusal("--log-format", "foo", "one", "id"),
    'invalid log-format: "foo": expected text or json',
  );
  assertStringIncludes(
    await refusal("--log", "/dev/null/log", "one", "id"),
    'Cannot open the log file "/dev/null/log"',
  );
});

Deno.test("dispatch() shows help", async () => {
  const general = await davit();
  assertEquals(general.result, 0);
  assertMatch(
    general.stdout,
    /^NAME:\n {3}davit - Open Container Initiative runtime\n/,
  );
  for (const args of [["-h"], ["--help"], ["help"], ["h"], ["-h", "one"]]) {
    assertEquals(await davit(...args), general);
  }
  const one = await davit("one", "--help");
  assertEquals(one.result, 0);
  assertMatch(one.stdout, /^NAME:\n {3}davit one - a command\n/);
  assertEquals(await davit("help", "one"), one);
  assertEquals(await davit("one", "a", "b", "-h"), one);
});

Deno.test("dispatch() shows the version", async () => {
  const { result, stdout } = await davit("-v", "one");
  assertEquals(result, 0);
  assertMatch(stdout, /^davit version /);
  assertEquals((await davit("--version")).stdout, stdout);
});

Deno.test("dispatch() reports errors on stderr and in the log", async () => {
  const log = Deno.makeTempFileSync();
  try {
    const options = ["--log", log, "--log-format=json"];
    const failure = await davit(...options, "fails", "id");
    assertEquals(failure.result, 1);
    assertEquals(failure.stderr, "container not running\n");
    await davit(...options, "one");
    await davit(...options, "foo");
    await davit(...options, "--cgroup-manager=x", "one", "id");
    const messages = Deno.readTextFileSync(log).trimEnd().split("\n").map(
      (line) => {
        const { level, msg, time, class: kind, ...rest } = JSON.parse(line);
        assertEquals([level, typeof time, rest], ["error", "string", {}]);
        assertEquals(kind, /not running/.test(msg) ? "state" : "usage");
        return msg;
      },
    );
    assertEquals(messages.length, 4);
    assertEquals(messages[0], "container not running");
    assertMatch(messages[1], /^davit one: expected/);
    assertMatch(messages[2], /^No help topic/);
    assertMatch(messages[3], /cgroup-manager/);
  } finally {
    Deno.removeSync(log);
  }
});

Deno.test("dispatch() logs Kata's fields with --debug", async () => {
  const log = Deno.makeTempFileSync();
  try {
    await davit("--debug", "--log", log, "--log-format=json", "fails", "id");
    const [first = ""] = Deno.readTextFileSync(log).split("\n");
    const { time: _, ...rest } = JSON.parse(first);
    assertEquals(rest, {
      level: "debug",
      msg: "on the way",
      name: "davit",
      pid: Deno.pid,
      source: "runtime",
      command: "fails",
      container: "id",
    });
  } finally {
    Deno.removeSync(log);
  }
});

Deno.test("dispatch() logs from a level upwards", async () => {
  const warns = fake({
    arguments: NONE,
    run({ runtime: { log } }) {
      log.debug("of the fault");
      log.warn("of the odd");
      return 0;
    },
  });
  const stderr = async (...args: string[]) =>
    (await capture(() => dispatch([...args, "warns"], { warns }))).stderr;
  const count = (text: string) => text.split("\n").length - 1;
  assertEquals(count(await stderr("--log-level=debug")), 2);
  assertEquals(count(await stderr("--log-level=warning")), 1);
  assertEquals(count(await stderr()), 1);
  assertEquals(await stderr("--log-level", "error"), "");
  assertEquals(count(await stderr("--log-level=error", "--debug")), 2);
  assertStringIncludes(
    await refusal("--log-level=trace", "one", "id"),
    'invalid log-level: "trace": expected debug, warning or error',
  );
});

Deno.test("dispatch() owns up to a bug", async () => {
  assertEquals(
    (await davit("bug")).stderr,
    "internal error: x is not a function (run with --debug for the trace)\n",
  );
  assertMatch(
    (await davit("--debug", "bug")).stderr,
    /^internal error: x is not a function\nTypeError: x is not a function\n +at /,
  );
});

Deno.test("dispatch() treats an empty --log as none", async () => {
  assertEquals((await davit("--log=", "one", "id")).result, 0);
});
