/** What the program inherits, and what it does not. */
import { assertEquals, assertMatch } from "@std/assert";
import {
  change,
  command,
  type Container,
  containerTest,
  script,
} from "./container.ts";
import { assertOneLine, assertSuccess, readIfThere, run } from "./davit.ts";

/** Runs Davit from a shell that has made something of it before. */
function shell(
  container: Container,
  before: string,
  flags: string[] = [],
  options?: Parameters<typeof run>[1],
) {
  const words = container.words(
    "run",
    "--bundle",
    container.bundle,
    ...flags,
    container.id,
  );
  return run(
    ["bash", "-c", `${before}; exec "$@"`, "bash", ...words],
    options,
  );
}

containerTest(
  "inherits: descriptors 0 to 2 and no other of the caller's",
  command(["ls", "/proc/self/fd"]),
  async (container) => {
    const { stdout } = assertSuccess(
      await shell(
        container,
        "exec 3</etc/passwd 4</dev/null 9</etc 50</dev/null 200</etc",
      ),
    );
    assertEquals(stdout, "0\n1\n2\n3\n"); // 3 is ls's own
  },
);

for (const count of [1, 2, 5, 20]) {
  containerTest(
    `inherits: --preserve-fds ${count} hands over exactly those`,
    script(
      `ls /proc/self/fd | wc -l; cat <&${2 + count}; cat /proc/self/fd/3`,
    ),
    async (container) => {
      const file = `${container.folder}/data`;
      Deno.writeTextFileSync(file, "data\n");
      const opens = Array.from(
        { length: count + 3 },
        (_, i) => `exec ${3 + i}<${file}`,
      ).join("; ");
      const { stdout } = assertSuccess(
        await shell(container, opens, ["--preserve-fds", `${count}`]),
      );
      const text = count === 1 ? "data\n" : "data\ndata\n";
      assertMatch(stdout, new RegExp(`^${3 + count + 1}\n${text}`));
    },
  );
}

containerTest(
  "inherits: --preserve-fds with a gap is an error that names it",
  script("true"),
  async (container) => {
    const result = await shell(container, "exec 3</dev/null 5</dev/null", [
      "--preserve-fds",
      "3",
    ]);
    assertOneLine(result, /descriptor 4 is not open/);
    assertEquals(container.leftovers(), []);
  },
);

for (const value of ["-1", "x", "1.5", "99999999999"]) {
  containerTest(
    `inherits: --preserve-fds ${value} is refused`,
    script("true"),
    async (container) => {
      assertOneLine(
        await container.run([`--preserve-fds=${value}`]),
        /preserve/,
      );
    },
  );
}

containerTest(
  "inherits: --preserve-fds with a terminal of the host's",
  script("cat <&3; test -t 0 || echo no terminal"),
  async (container) => {
    const file = `${container.folder}/data`;
    Deno.writeTextFileSync(file, "data\n");
    const { stdout } = assertSuccess(
      await shell(container, `exec 3<${file}`, ["--preserve-fds", "1"]),
    );
    assertEquals(stdout, "data\nno terminal\n");
  },
);

containerTest(
  "inherits: no variable of the host's, not even of its first process",
  command(["cat", "/proc/1/environ"], (config) => {
    config.process.env = ["PATH=/bin", "A=1"];
  }),
  async (container) => {
    const env = { SECRET_OF_THE_HOST: "x" };
    const { stdout } = assertSuccess(await container.run([], { env }));
    assertEquals(stdout, "PATH=/bin\0A=1\0HOME=/root\0");
    assertSuccess(await container.create([], { env }));
    const { pid } = await container.state();
    assertEquals(readIfThere(`/proc/${pid}/environ`), "");
    assertEquals(readIfThere(`/proc/${pid}/cmdline`), "davit-init\0");
  },
);

containerTest(
  "inherits: a program starts however long its plan is",
  command(["true"]),
  async (container) => {
    // Init frees whole pages of its program, of 64 instructions each. A path
    // more is two instructions more: every place in a page comes.
    for (let i = 0; i < 64; i++) {
      change(container, (config) => {
        config.process.noNewPrivileges = i % 2 === 0; // one instruction
        config.linux.readonlyPaths = Array.from(
          { length: i >> 1 },
          (_, k) => `/none/${k}`,
        );
      });
      const { code, stderr } = await container.run();
      assertEquals([i, code, stderr], [i, 0, ""]);
    }
  },
);

containerTest(
  "inherits: no signal is ignored or blocked, in init those it waits for",
  command(["cat", "/proc/self/status"]),
  async (container) => {
    const none = (status: string, blocked = "") => {
      for (const name of ["SigBlk", "SigIgn", "SigCgt"]) {
        const rest = name === "SigBlk" ? blocked : "";
        assertMatch(status, new RegExp(`^${name}:\\s+0+${rest}$`, "m"), name);
      }
    };
    const status = async () =>
      readIfThere(`/proc/${(await container.state()).pid}/status`);
    const { stdout } = assertSuccess(
      await shell(container, "trap '' INT HUP USR1 TERM PIPE CHLD RTMIN"),
    );
    none(stdout);
    assertSuccess(await container.create());
    none(await status(), "4007"); // HUP, INT, QUIT and TERM
    change(container, (config) => config.process.args = ["sleep", "60"]);
    assertSuccess(await container.davit(["delete", "-f", container.id]));
    assertSuccess(await container.create());
    assertSuccess(await container.start());
    none(await status());
  },
);

containerTest(
  "inherits: limits are the caller's where the config says nothing",
  script("ulimit -Sn; ulimit -Hn; ulimit -Sc; ulimit -Ss"),
  async (container) => {
    change(container, (config) => config.process.rlimits = []);
    const { stdout } = assertSuccess(
      await shell(container, "ulimit -Sn 321; ulimit -Sc 0; ulimit -Ss 4096"),
    );
    const hard = (await run(["bash", "-c", "ulimit -Hn"])).stdout;
    assertEquals(stdout, `321\n${hard}0\n4096\n`);
  },
);

containerTest(
  "inherits: every limit that the config sets, and no more",
  command(["cat", "/proc/self/limits"]),
  async (container) => {
    const wanted: [string, string, number, number][] = [
      ["CPU", "Max cpu time", 100, 200],
      ["FSIZE", "Max file size", 1 << 20, 1 << 21],
      ["DATA", "Max data size", 1 << 28, 1 << 29],
      ["STACK", "Max stack size", 1 << 20, 1 << 23],
      ["CORE", "Max core file size", 0, 4096],
      ["NPROC", "Max processes", 1000, 2000],
      ["NOFILE", "Max open files", 64, 128],
      ["MEMLOCK", "Max locked memory", 0, 4096],
      ["AS", "Max address space", 1 << 28, 1 << 29],
      ["SIGPENDING", "Max pending signals", 10, 20],
      ["MSGQUEUE", "Max msgqueue size", 10, 20],
      ["NICE", "Max nice priority", 0, 0],
      ["RTPRIO", "Max realtime priority", 0, 0],
    ];
    change(container, (config) => {
      config.process.rlimits = wanted.map(([name, , soft, hard]) => ({
        type: `RLIMIT_${name}`,
        soft,
        hard,
      }));
    });
    const { stdout } = assertSuccess(await container.run());
    for (const [, label, soft, hard] of wanted) {
      assertMatch(stdout, new RegExp(`^${label} +${soft} +${hard} `, "m"));
    }
  },
);

containerTest(
  "inherits: a small limit of open files does not hide the program",
  command(["true"]),
  async (container) => {
    for (const soft of [3, 4, 5, 6, 10]) {
      change(container, (config) => {
        config.process.rlimits = [{ type: "RLIMIT_NOFILE", soft, hard: soft }];
      });
      const { code, stderr } = await container.run();
      assertEquals([soft, code, stderr], [soft, 0, ""]);
    }
  },
);

containerTest(
  "inherits: ambient capabilities of the caller are not handed on",
  command(["grep", "Cap", "/proc/self/status"], (config) => {
    const kill = ["CAP_KILL"];
    config.process.user = { uid: 1000, gid: 1000 };
    config.process.noNewPrivileges = false;
    config.process.capabilities = {
      bounding: kill,
      permitted: kill,
      inheritable: kill,
      effective: [],
      ambient: [],
    };
  }),
  async (container) => {
    const words = container.words(
      "run",
      "--bundle",
      container.bundle,
      container.id,
    );
    const { stdout } = assertSuccess(
      await run([
        "setpriv",
        "--inh-caps",
        "+kill,+net_raw",
        "--ambient-caps",
        "+kill,+net_raw",
        ...words,
      ]),
    );
    assertMatch(stdout, /CapInh:\t0+20\n/);
    assertMatch(stdout, /CapAmb:\t0+\n/);
  },
  { programs: ["setpriv"] },
);
