/** One more process in a container: what it is told, and how it ends. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { close } from "../ffi/fd.ts";
import { readConfig, writeConfig } from "./bundle.ts";
import { command, containerTest } from "./container.ts";
import { assertSuccess, readIfThere, run, until } from "./davit.ts";
import { assertFailed, exec, execTest, shell } from "./exec.ts";
import { ConsoleSocket } from "./terminal.ts";

execTest(
  "stdin, stdout, stderr and the exit status are the program's",
  () => {},
  async (container) => {
    const result = await exec(
      container,
      [],
      ["sh", "-c", "cat; echo error >&2; exit 7"],
      { stdin: "input\n" },
    );
    assertEquals(result, { code: 7, stdout: "input\n", stderr: "error\n" });
    assertEquals((await exec(container, [], ["true"])).code, 0);
    const killed = await exec(container, [], ["sh", "-c", "kill -9 $$"]);
    assertEquals(killed.code, 137);
  },
);

execTest("flags end at the ID", () => {}, async (container) => {
  const words = ["echo", "-t", "--env", "--", "-d"];
  const { stdout } = assertSuccess(await exec(container, [], words));
  assertEquals(stdout, "-t --env -- -d\n");
});

execTest("signals are handed on", () => {}, async (container) => {
  using running = container.spawn([
    "exec",
    container.id,
    "sh",
    "-c",
    "trap 'echo got it; exit 5' TERM; echo ready; while :; do sleep 0.05; done",
  ]);
  await until("it is ready", () => running.stdout.includes("ready"));
  running.kill("SIGTERM");
  const { code, stdout } = await running.end();
  assertEquals({ code, stdout }, { code: 5, stdout: "ready\ngot it\n" });
});

execTest(
  "--detach returns, and --pid-file names the process",
  () => {},
  async (container) => {
    const file = `${container.folder}/pid`;
    const script = "echo $$ >/dev/null; exec sleep 500";
    const flags = ["--detach", "--pid-file", file];
    assertEquals(await exec(container, flags, ["sh", "-c", script]), {
      code: 0,
      stdout: "",
      stderr: "",
    });
    const pid = Number(Deno.readTextFileSync(file));
    assertMatch(Deno.readTextFileSync(file), /^\d+$/);
    await until(
      "it is sleep",
      () => readIfThere(`/proc/${pid}/cmdline`) === "sleep\x00500\0",
    );
    const { pid: init } = await container.state();
    for (const kind of ["pid", "mnt", "net", "uts", "ipc", "cgroup", "user"]) {
      const [one, other] = [pid, init].map((pid) =>
        Deno.readLinkSync(`/proc/${pid}/ns/${kind}`)
      );
      assertEquals(one, other, kind);
    }
    assertEquals(
      readIfThere(`/proc/${pid}/cgroup`),
      readIfThere(`/proc/${init}/cgroup`),
    );
    assertEquals(
      Deno.readLinkSync(`/proc/${pid}/root`),
      Deno.readLinkSync(`/proc/${init}/root`),
    );
    Deno.kill(pid, "SIGKILL");
  },
);

execTest(
  "the pid file is there before the program runs",
  () => {},
  async (container) => {
    const file = `${container.folder}/pid`;
    const flags = ["--pid-file", file];
    const { stdout } = assertSuccess(
      await exec(container, flags, ["cat", "/proc/self/stat"]),
    );
    assert(stdout !== "");
    assertMatch(readIfThere(file), /^\d+$/);
    Deno.removeSync(file);
    assertFailed(
      container,
      await exec(container, flags, ["missing"]),
      /executable file not found/,
    );
    assertEquals(readIfThere(file), "", "it is taken back");
    assertFailed(
      container,
      await exec(container, ["--pid-file", "/no/such/file"], ["true"]),
      /Cannot write the pid file "\/no\/such\/file": No such file/,
    );
  },
);

execTest(
  "--preserve-fds hands descriptors on, and nothing else is open",
  () => {},
  async (container) => {
    const list = "ls /proc/self/fd | tr '\\n' ' '";
    assertEquals(await shell(container, list), "0 1 2 3"); // 3 is ls's own
    const line = container.words("exec", "--preserve-fds", "2", container.id);
    const opening = [
      "bash",
      "-c",
      'exec 3<<<three 4<<<four 9<<<nine; "$@"',
      "-",
    ];
    const script = `cat <&3; cat <&4; ${list}`;
    const { stdout } = assertSuccess(
      await run([...opening, ...line, "sh", "-c", script]),
    );
    assertEquals(stdout, "three\nfour\n0 1 2 3 4 5 ");
    assertFailed(
      container,
      await exec(container, ["--preserve-fds", "2"], ["true"]),
      /Cannot preserve 2 descriptors: descriptor 3 is not open/,
    );
  },
);

execTest("--pidfd-socket sends a pidfd", () => {}, async (container) => {
  using socket = new ConsoleSocket(`${container.folder}/pidfd.sock`);
  using running = container.spawn([
    "exec",
    "--pidfd-socket",
    socket.path,
    container.id,
    "cat",
    "/proc/self/stat",
  ]);
  const { fd } = socket.receiveDescriptor();
  try {
    assertSuccess(await running.end());
    assertMatch(readIfThere(`/proc/self/fdinfo/${fd}`), /^Pid:\t-1$/m);
  } finally {
    close(fd);
  }
  assertFailed(
    container,
    await exec(container, ["--pidfd-socket", "/no/such"], ["true"]),
    /--pidfd-socket "\/no\/such": No such file/,
  );
});

execTest(
  "a program that cannot run has the words that engines know",
  (config) => {
    config.root.readonly = false;
  },
  async (container) => {
    const cases: [string[], RegExp][] = [
      [
        ["missing"],
        /^exec: "missing": executable file not found in \$PATH(;|$)/,
      ],
      [["/missing"], /^exec: "\/missing": no such file or directory(;|$)/],
      [["/etc/passwd"], /^exec: "\/etc\/passwd": permission denied(;|$)/],
      [["/tmp"], /^exec: "\/tmp": permission denied(;|$)/],
      [["/empty"], /^exec \/empty: exec format error(;|$)/],
      [["/script"], /^exec \/script: no such file or directory(;|$)/],
      [[], /process\.args: expected an array of at least one string/],
    ];
    const add = (name: string, text: string) =>
      Deno.writeTextFileSync(`${container.rootfs}/${name}`, text, {
        mode: 0o755,
      });
    add("empty", "");
    add("script", "#!/no/interpreter\n");
    for (const [args, cause] of cases) {
      assertFailed(container, await exec(container, [], args), cause);
    }
  },
);

execTest("the configuration that was there at create counts", (config) => {
  config.process.env.push("OF=create");
}, async (container) => {
  const config = readConfig(container.bundle);
  config.process.env = ["OF=later"];
  config.process.user = { uid: 9, gid: 9 };
  writeConfig(container.bundle, config);
  assertEquals(await shell(container, "echo $OF; id -u"), "create\n0");
  Deno.removeSync(`${container.bundle}/config.json`);
  assertEquals(await shell(container, "echo $OF; id -u"), "create\n0");
});

containerTest(
  "exec: a created container has no program yet, and takes others",
  command(["sleep", "1000"]),
  async (container) => {
    assertSuccess(await container.create());
    assertEquals(await shell(container, "cat /proc/1/comm"), "davit/init");
    assertSuccess(await container.start());
    assertEquals(await shell(container, "cat /proc/1/comm"), "sleep");
  },
);

execTest(
  "a stopped container takes none, and an unknown one neither",
  () => {},
  async (container) => {
    const { pid } = await container.state();
    Deno.kill(pid, "SIGKILL");
    await until(
      "it is stopped",
      async () => (await container.state()).status === "stopped",
    );
    assertFailed(
      container,
      await exec(container, [], ["true"]),
      /cannot exec in a stopped container/,
    );
    const unknown = await container.davit(["exec", "none", "true"]);
    assertFailed(container, unknown, /Container ID \(none\) does not exist/);
  },
);

execTest(
  "a paused container takes none, but what waits",
  () => {},
  async (container) => {
    assertSuccess(await container.davit(["pause", container.id]));
    assertFailed(
      container,
      await exec(container, [], ["true"]),
      /cannot exec in a paused container/,
    );
    using waiting = container.spawn([
      "exec",
      "--ignore-paused",
      container.id,
      "echo",
      "awake",
    ]);
    using given = container.spawn([
      "exec",
      "--ignore-paused",
      container.id,
      "echo",
      "never",
    ]);
    // Both are in the container's cgroup when its processes are more than one.
    await until("they wait", async () => {
      const list = await container.davit([
        "ps",
        "--format",
        "json",
        container.id,
      ]);
      return JSON.parse(assertSuccess(list).stdout).length === 3;
    });
    given.kill("SIGTERM");
    assertEquals((await given.end()).code, 143);
    assertSuccess(await container.davit(["resume", container.id]));
    assertEquals(await waiting.end(), {
      code: 0,
      stdout: "awake\n",
      stderr: "",
    });
    assertEquals(given.stdout, "");
  },
);
