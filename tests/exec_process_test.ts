/** The settings of a process that is added to a container. */
import { assertEquals, assertMatch } from "@std/assert";
import { command, type Container, containerTest } from "./container.ts";
import { assertSuccess, readIfThere, run } from "./davit.ts";
import { assertFailed, exec, execTest, shell } from "./exec.ts";

execTest("it is as the container's own process by default", (config) => {
  config.process.env.push("OF=config", "TWICE=1", "TWICE=2");
  config.process.cwd = "/tmp";
  config.process.user = {
    uid: 1000,
    gid: 1001,
    umask: 0o27,
    additionalGids: [5, 6],
  };
  config.process.rlimits = [{ type: "RLIMIT_NOFILE", soft: 77, hard: 99 }];
  config.process.oomScoreAdj = 321;
}, async (container) => {
  const text = await shell(
    container,
    `pwd; id -u; id -g; id -G; umask; ulimit -n; ulimit -Hn
      cat /proc/self/oom_score_adj; echo $OF $TWICE; echo $HOME
      grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status`,
  );
  assertEquals(text.split("\n").slice(0, 10), [
    "/tmp",
    "1000",
    "1001",
    "1001 5 6",
    "0027",
    "77",
    "99",
    "321",
    "config 2",
    "/home/user",
  ]);
  const { pid } = await container.state();
  const of = (status: string) =>
    status.split("\n").filter((line) =>
      /^(Cap|NoNewPrivs|Seccomp:)/.test(line)
    );
  assertEquals(of(text), of(readIfThere(`/proc/${pid}/status`)));
});

execTest("flags change it", () => {}, async (container) => {
  const text = await shell(
    container,
    "pwd; id -u; id -g; id -G; echo $A $PATH; echo $HOME",
    [
      ...["--cwd", "/home", "-e", "A=b c", "--env=PATH=/bin:/x"],
      ...["--user", "1000:7", "-g", "8", "--additional-gids=9"],
    ],
  );
  assertEquals(text.split("\n"), [
    "/home",
    "1000",
    "7",
    "7 8 9",
    "b c /bin:/x",
    "/home/user",
  ]);
  assertEquals(await shell(container, "id -u; id -g", ["-u", "3"]), "3\n0");
  for (const user of ["", "-1", "4294967295", "1x", " 1", "0x0", "root"]) {
    const result = await exec(container, [`--user=${user}`], ["id"]);
    assertFailed(container, result, /invalid --user: "/);
  }
});

execTest("a missing working directory is told, and not made", (config) => {
  config.root.readonly = false;
}, async (container) => {
  assertFailed(
    container,
    await exec(container, ["--cwd", "/missing"], ["true"]),
    /working directory \/missing \(process\.cwd\): No such file or directory/,
  );
  assertEquals(await shell(container, "ls -d /missing 2>/dev/null; true"), "");
});

execTest(
  "--process says all; what it leaves out is as configured",
  (config) => {
    config.process.rlimits = [{ type: "RLIMIT_NOFILE", soft: 77, hard: 99 }];
    config.process.user = { uid: 3, gid: 4, umask: 0o27, additionalGids: [5] };
    config.process.env.push("OF=config");
  },
  async (container) => {
    const path = `${container.folder}/process.json`;
    const process = {
      args: ["sh", "-c", "pwd; id; umask; ulimit -n; echo $OF.$X; exit 9"],
      cwd: "/tmp",
      env: ["X=1", "PATH=/bin"],
      user: { uid: 1000, gid: 1001, additionalGids: [8] },
    };
    Deno.writeTextFileSync(path, JSON.stringify(process));
    const expected = {
      code: 9,
      stdout: "/tmp\nuid=1000(user) gid=1001 groups=8\n0027\n77\n.1\n",
      stderr: "",
    };
    assertEquals(await exec(container, ["--process", path]), expected);
    assertEquals(await exec(container, ["-p", path]), expected);
    const stdin = JSON.stringify(process);
    assertEquals(await exec(container, ["-p", "-"], [], { stdin }), expected);
    // A pipe, as shells make one of <(...).
    const line = container.words("exec", "-p", "/dev/stdin", container.id);
    const piped = ["sh", "-c", 'f=$1; shift; cat "$f" | "$@"', "sh", path];
    assertEquals(await run([...piped, ...line]), expected);
    assertFailed(
      container,
      await exec(container, ["-p", "-"], [], { stdin: '{"cwd": 1}' }),
      /process from stdin: process\.args: .*process\.cwd: /,
    );
    assertFailed(
      container,
      await exec(container, ["-p", `${container.folder}/none`]),
      /Cannot read the process from ".*none": No such file or directory/,
    );
  },
);

execTest(
  "--cap adds capabilities, never inheritable ones (CVE-2022-29162)",
  (config) => {
    config.process.capabilities = {} as typeof config.process.capabilities;
  },
  async (container) => {
    const look = "grep ^Cap /proc/self/status";
    const sets = (inh: string, prm: string, amb: string) =>
      ["Inh", "Prm", "Eff", "Bnd", "Amb"].map((name) => {
        const mask = name === "Inh" ? inh : name === "Amb" ? amb : prm;
        return `Cap${name}:\t${mask.padStart(16, "0")}`;
      }).join("\n");
    assertEquals(await shell(container, look), sets("0", "0", "0"));
    assertEquals(
      await shell(container, look, [
        "--cap",
        "CAP_KILL",
        "-c",
        "CAP_AUDIT_WRITE",
      ]),
      sets("0", "20000020", "0"),
    );
    const { stdout, stderr } = assertSuccess(
      await exec(container, ["--cap", "CAP_NONE"], ["sh", "-c", look]),
    );
    assertEquals(stdout.trimEnd(), sets("0", "0", "0"));
    assertMatch(stderr, /unknown capability .*CAP_NONE/);
  },
);

execTest("--cap raises ambient ones where that is possible", (config) => {
  config.process.user = { uid: 1000, gid: 1000 };
  config.process.capabilities = {
    bounding: ["CAP_KILL", "CAP_CHOWN"],
    permitted: ["CAP_KILL"],
    effective: ["CAP_KILL"],
    inheritable: ["CAP_KILL", "CAP_CHOWN"],
    ambient: [],
  };
}, async (container) => {
  const look = ["sh", "-c", "grep -E '^Cap(Inh|Amb)' /proc/self/status"];
  const { stdout } = assertSuccess(
    await exec(container, ["--cap", "CAP_CHOWN"], look),
  );
  assertEquals(
    stdout,
    "CapInh:\t0000000000000021\nCapAmb:\t0000000000000001\n",
  );
  const other = assertSuccess(
    await exec(container, ["--cap", "CAP_SYS_ADMIN"], look),
  );
  assertMatch(other.stderr, /can't raise ambient capability CAP_SYS_ADMIN: /);
  assertMatch(other.stdout, /^CapAmb:\t0{16}$/m);
});

execTest("--no-new-privs is set, or as configured", (config) => {
  config.process.noNewPrivileges = false;
}, async (container) => {
  const look = "grep NoNewPrivs /proc/self/status";
  assertEquals(await shell(container, look), "NoNewPrivs:\t0");
  assertEquals(
    await shell(container, look, ["--no-new-privs"]),
    "NoNewPrivs:\t1",
  );
});

execTest(
  "labels of modules that the kernel lacks are left out",
  () => {},
  async (container) => {
    const { stdout, stderr } = assertSuccess(
      await exec(container, ["--apparmor", "p", "--process-label", "l"], [
        "echo",
        "runs",
      ]),
    );
    assertEquals(stdout, "runs\n");
    assertMatch(stderr, /without AppArmor, profile .*p.* is left out/);
    assertMatch(stderr, /without SELinux, label .*l.* is left out/);
  },
  {
    missing: readIfThere("/sys/module/apparmor/parameters/enabled") === "Y\n"
      ? "a kernel without AppArmor"
      : undefined,
  },
);

/** Runs a process file of a program with more properties. */
async function withProcess(
  container: Container,
  script: string,
  more: Record<string, unknown>,
): Promise<string> {
  const process = {
    args: ["sh", "-c", script],
    cwd: "/",
    env: ["PATH=/bin"],
    ...more,
  };
  const stdin = JSON.stringify(process);
  return assertSuccess(await exec(container, ["-p", "-"], [], { stdin }))
    .stdout.trimEnd();
}

const CPUS = "grep Cpus_allowed_list /proc/self/status | cut -f2";

execTest(
  "processors: those after the join count, or those before",
  () => {},
  async (container) => {
    const cases: [Record<string, string>, string][] = [
      [{ initial: "0" }, "0"],
      [{ final: "1" }, "1"],
      [{ initial: "0", final: "1" }, "1"],
      [{ initial: "1", final: "0-1" }, "0-1"],
    ];
    for (const [execCPUAffinity, seen] of cases) {
      const found = await withProcess(container, CPUS, { execCPUAffinity });
      assertEquals(found, seen, JSON.stringify(execCPUAffinity));
    }
    const stdin = JSON.stringify({
      args: ["true"],
      cwd: "/",
      execCPUAffinity: { final: "8000" },
    });
    assertFailed(
      container,
      await exec(container, ["-p", "-"], [], { stdin }),
      /set the final processors \(process\.execCPUAffinity\.final\): Invalid/,
    );
  },
  { missing: navigator.hardwareConcurrency < 2 ? "two processors" : undefined },
);

execTest(
  "the container's own settings hold: processors, priorities, kernel",
  (config) => {
    config.process.execCPUAffinity = { initial: "0" };
    config.process.scheduler = { policy: "SCHED_BATCH", nice: 7 };
    config.process.ioPriority = { class: "IOPRIO_CLASS_BE", priority: 6 };
    config.linux.personality = { domain: "LINUX32" };
  },
  async (container) => {
    const look = `${CPUS}; cut -d' ' -f19,41 /proc/self/stat; uname -m
    busybox ionice -p $$`;
    assertEquals(
      (await shell(container, look)).split("\n"),
      ["0", "7 3", "i686", "best-effort: prio 6"],
    );
  },
);

containerTest(
  "exec: scheduling that no process hands down is set as well",
  command(["sleep", "1000"]),
  async (container) => {
    const words = ["--cgroup-manager", "disabled", "run", "--detach"];
    assertSuccess(
      await container.davit([...words, "-b", container.bundle, container.id]),
    );
    const look = "read -r line < /proc/self/stat; set -- $line; " +
      "echo ${40} ${41}; cut -d' ' -f40,41 /proc/self/stat; true";
    const fifo = {
      policy: "SCHED_FIFO",
      priority: 10,
      flags: ["SCHED_FLAG_RESET_ON_FORK"],
    };
    assertEquals(
      await withProcess(container, look, { scheduler: fifo }),
      "10 1\n0 0",
    );
    const process = {
      args: ["sleep", "100"],
      cwd: "/",
      user: { uid: 1000, gid: 1000 },
      scheduler: {
        policy: "SCHED_DEADLINE",
        runtime: 10_000_000,
        deadline: 50_000_000,
        period: 100_000_000,
      },
    };
    const file = `${container.folder}/pid`;
    const flags = ["-d", "--pid-file", file, "-p", "-"];
    const stdin = JSON.stringify(process);
    assertSuccess(await exec(container, flags, [], { stdin }));
    const pid = readIfThere(file);
    const { stdout } = assertSuccess(await run(["chrt", "-p", pid]));
    Deno.kill(Number(pid), "SIGKILL");
    assertMatch(stdout, /policy: SCHED_DEADLINE/);
  },
  { programs: ["chrt"] },
);

for (const own of [true, false]) {
  containerTest(
    `exec: the session keyring is ${own ? "the container's" : "the caller's"}`,
    command(["sleep", "1000"], (config) => {
      config.linux.maskedPaths = [];
    }),
    async (container) => {
      const flags = own ? [] : ["--no-new-keyring"];
      assertSuccess(await container.run(["--detach", ...flags]));
      const keys = await shell(container, "cat /proc/keys");
      assertEquals(keys.includes(` _ses.${container.id}`), own, keys);
    },
  );
}
