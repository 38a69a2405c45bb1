/** Standalone launchers: containers without Davit. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { change, Container, containerTest, script } from "./container.ts";
import { command, rootTest } from "./container.ts";
import {
  assertOneLine,
  assertSuccess,
  DAVIT,
  type Result,
  run,
  Running,
  until,
} from "./davit.ts";
import type { Patch } from "./config.ts";
import { umlMissing, underUml } from "./uml.ts";

const compiled = DAVIT.endsWith("scripts/davit")
  ? { missing: "the compiled binary" }
  : {};

/** Builds the launcher of a container's bundle; its path. */
async function built(
  container: Container,
  ...flags: string[]
): Promise<string> {
  const path = `${container.folder}/${container.id}`;
  assertSuccess(
    await container.davit(["build", container.bundle, "-o", path, ...flags]),
  );
  return path;
}

/** Runs a launcher with next to nothing in its environment. */
function launch(path: string): Promise<Result> {
  return run([path], { bare: { PATH: "/usr/bin:/bin" } });
}

/** Cgroups of a container anywhere. */
function cgroups({ id }: Container): string {
  const found = new Deno.Command("find", {
    args: ["/sys/fs/cgroup", "-name", `*${id}*`],
  }).outputSync();
  return new TextDecoder().decode(found.stdout);
}

/** A test with the launcher of a bundle. */
function launcherTest(
  name: string,
  patch: Patch,
  test: (container: Container, path: string) => Promise<void>,
  flags: readonly string[] = [],
): void {
  containerTest(`a launcher ${name}`, patch, async (container) => {
    await test(container, await built(container, ...flags));
    assertEquals(cgroups(container), "", "no cgroup is left");
  });
}

launcherTest(
  "runs the program, and ends with its status",
  script("echo out; echo err >&2; exit 7"),
  async (_, path) => {
    const result = await launch(path);
    assertEquals(result, { code: 7, stdout: "out\n", stderr: "err\n" });
    const { size } = Deno.statSync(path);
    assert(size < 160 * 1024, `${size} bytes`);
  },
);

launcherTest(
  "tells the signal that ended the program",
  script("kill -9 $$", (config) => {
    // The first process of a pid namespace does not end itself.
    config.linux.namespaces = config.linux.namespaces.filter((n) =>
      n.type !== "pid"
    );
  }),
  async (_, path) => assertEquals((await launch(path)).code, 128 + 9),
);

launcherTest(
  "with --no-pivot: nobody can mount a whole /proc",
  command(
    ["unshare", "-mrpf", "sh", "-ec", "mount -t proc none /proc && echo ok"],
    (config) => {
      // To map root into its own namespace.
      config.process.capabilities!.bounding!.push("CAP_SETFCAP");
      config.process.capabilities!.permitted!.push("CAP_SETFCAP");
    },
  ),
  async (_, path) => {
    const { code, stderr, stdout } = await launch(path);
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, /^mount: permission denied/m);
  },
  ["--no-pivot"],
);

const LOOK = "id; pwd; env | sort; cat /proc/self/uid_map /proc/self/limits; " +
  "grep -E '^(Cap|NoNew|Seccomp|Sig[^Q]|Groups)' /proc/self/status; hostname; " +
  "mount; ls -l /dev | sed 's/[A-Z][a-z][a-z] [ 0-9:]* //'; " +
  "ls /proc/self/fd; " +
  "cat /proc/self/cgroup; cat /proc/self/oom_score_adj; umask; " +
  "touch /x 2>&1; echo x >/proc/sysrq-trigger; ip link";

const SEES: Record<string, Patch> = {
  default: () => {},
  user: (config) => {
    config.process.user = { uid: 1000, gid: 1000, additionalGids: [2000] };
    config.process.cwd = "/home/user";
    config.process.oomScoreAdj = 100;
  },
  "user namespace": (config) => {
    const map = [{ containerID: 0, hostID: 0, size: 70000 }];
    config.linux.namespaces.push({ type: "user" });
    config.linux.uidMappings = config.linux.gidMappings = map;
  },
  seccomp: (config) => {
    config.linux["seccomp"] = {
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [{ names: ["getcwd"], action: "SCMP_ACT_ERRNO" }],
    };
  },
  "limits and mounts": (config) => {
    config.linux.resources = {
      memory: { limit: 64 << 20 },
      pids: { limit: 30 },
      cpu: { shares: 512 },
    };
    config.mounts.push(
      // With a mode: what it covers is there only the second time.
      {
        destination: "/m/t",
        type: "tmpfs",
        options: ["size=1m", "ro", "mode=700"],
      },
      { destination: "/m/b", source: "/proc/sys", options: ["rbind", "ro"] },
    );
    config.linux["sysctl"] = { "net.ipv4.ip_forward": "1" };
  },
};

for (const [name, patch] of Object.entries(SEES)) {
  launcherTest(
    `and run make the same container: ${name}`,
    script(LOOK, patch),
    async (container, path) => {
      const here = await launch(path);
      const there = await container.run();
      assertEquals(here.stderr, there.stderr);
      assertEquals(here.stdout.split("\n"), there.stdout.split("\n"));
      assertEquals(here.code, there.code);
    },
  );
}

launcherTest(
  "passes signals on",
  script("trap 'echo got; exit 3' TERM; echo ready; while :; do sleep 1; done"),
  async (_, path) => {
    using running = new Running([path]);
    await until("ready", () => running.stdout.includes("ready"));
    running.kill("SIGTERM");
    assertEquals((await running.end()).code, 3);
  },
);

launcherTest(
  "takes its container along when it is killed, and starts again",
  script('echo "in $(cat /m/note 2>&1)"; sleep 1000', (config) => {
    config.mounts.push({ destination: "/m", type: "tmpfs" });
  }),
  async (container, path) => {
    using running = new Running([path]);
    await until("in", () => running.stdout.includes("in"));
    running.kill("SIGKILL");
    await running.end();
    const marker = `DAVIT_TEST=${container.id}`;
    await until("no process is left", () => !environments().includes(marker));
    // Its cgroups stay, empty; the next one takes them over and removes them.
    change(container, (config) => config.process.args = ["true"]);
    assertSuccess(await launch(await built(container)));
  },
);

/** The environments of all processes. */
function environments(): string {
  return [...Deno.readDirSync("/proc")].map(({ name }) => {
    try {
      return /^\d+$/.test(name)
        ? Deno.readTextFileSync(`/proc/${name}/environ`)
        : "";
    } catch {
      return "";
    }
  }).join("\n");
}

launcherTest(
  "leaves a cgroup alone that has a container",
  script("echo ready; sleep 1000"),
  async (_, path) => {
    using running = new Running([path]);
    await until("ready", () => running.stdout.includes("ready"));
    assertOneLine(await launch(path), /^davit: Cannot take the cgroup .* busy/);
    await new Promise((resolve) => setTimeout(resolve, 100));
    // Throws if it has ended.
    running.kill("SIGKILL");
    await running.end();
    await until("it can be taken again", async () => {
      using again = new Running([path]);
      await until(
        "an end, or a start",
        () => again.stderr !== "" || again.stdout.includes("ready"),
      );
      const started = again.stdout.includes("ready");
      // One that found the cgroup busy ends by itself.
      if (started) again.kill("SIGKILL");
      await again.end();
      return started;
    });
    // What is left is removed by hand.
    await run(["find", "/sys/fs/cgroup", "-name", path.split("/").at(-1)!]);
    for (const folder of emptyCgroups(path.split("/").at(-1)!)) {
      await until("it is empty", () => {
        try {
          Deno.removeSync(folder);
          return true;
        } catch {
          return false;
        }
      });
    }
  },
);

function emptyCgroups(id: string): string[] {
  const found = new Deno.Command("find", {
    args: ["/sys/fs/cgroup", "-name", `*${id}*`],
  }).outputSync();
  return new TextDecoder().decode(found.stdout).split("\n").filter((l) => l);
}

const FAILURES: readonly (readonly [string, Patch, RegExp, string[]?])[] = [
  ["a missing program", (config) => {
    config.process.args = ["nope"];
  }, /^davit: exec: "nope": No such file or directory$/],
  ["a missing root file system", () => {}, /open the root .*\(root.path\)/, [
    "--root-path",
    "/no/where",
  ]],
  ["a missing mount source", (config) => {
    config.mounts.push({
      destination: "/x",
      source: "/no/such/source",
      options: ["bind"],
    });
  }, /mount source \/no\/such\/source \(mounts\[\d+\]\): No such file/],
  [
    "another layout of cgroups",
    () => {},
    /find cgroup v2 at \/sys\/fs\/cgroup/,
    [
      "--cgroups",
      "v2",
    ],
  ],
  ["too little memory", (config) => {
    config.linux.resources = { memory: { limit: 4096 } };
  }, /its init was killed; did it run out of the memory/],
];

for (const [what, patch, expected, flags] of FAILURES) {
  launcherTest(
    `tells ${what} in words`,
    command(["true"], patch),
    async (_, path) => {
      if (what === "another layout of cgroups" && isUnified()) return;
      assertOneLine(await launch(path), expected);
    },
    flags,
  );
}

function isUnified(): boolean {
  return Deno.readTextFileSync("/proc/self/mountinfo").split("\n").some((l) =>
    l.includes(" /sys/fs/cgroup ") && l.includes(" - cgroup2 ")
  );
}

containerTest("build refuses what cannot be built ahead", (config) => {
  config.process.terminal = true;
  config["hooks"] = { poststop: [{ path: "/bin/true" }] };
  config.linux["intelRdt"] = { closID: "x" };
  config.mounts.push({
    destination: "/x",
    type: "tmpfs",
    options: ["tmpcopyup"],
  });
}, async (container) => {
  const path = `${container.folder}/out`;
  const result = await container.davit(
    ["build", container.bundle, "-o", path],
  );
  assertOneLine(result, /hooks.poststop: cannot be built ahead: a hook gets/);
  for (const property of ["process.terminal", "linux.intelRdt", "mounts["]) {
    assert(result.stderr.includes(property), result.stderr);
  }
  assertEquals(result.stderr.match(/cannot be built ahead/g)?.length, 4);
  await run(["test", "!", "-e", path]).then(assertSuccess);
});

containerTest(
  "build compares a launcher with run",
  command(["true"]),
  async (container) => {
    const { stdout } = assertSuccess(
      await container.davit([
        "build",
        container.bundle,
        "-o",
        `${container.folder}/out`,
        "--compare",
      ]),
    );
    assertMatch(stdout, /: \d+\.\d KB, \d+ system calls\n/);
    assertMatch(stdout, /\nin common with "davit run": \d+ system calls\n/);
    assertMatch(stdout, /\n {2}\+ pass signals on\n/);
    assertMatch(stdout, /\n {2}- outlive Davit\n$/);
  },
);

containerTest(
  "build wants a file, a processor and a layout",
  command(["true"]),
  async (container) => {
    const bad = async (...args: string[]) =>
      assertOneLine(
        await container.davit(["build", container.bundle, ...args]),
        /^davit build: /,
      );
    await bad();
    await bad("-o", "/tmp/x", "--target", "mips");
    await bad("-o", "/tmp/x", "--cgroups", "v3");
    assertOneLine(
      await container.davit(["build", container.bundle, "-o", "/no/such/x"]),
      /^Cannot write "\/no\/such\/x": No such file or directory$/,
    );
  },
);

rootTest("a launcher works under another kernel, with cgroup v2", async () => {
  await using container = new Container(
    script(
      "cd /sys/fs/cgroup; cat /proc/self/cgroup memory.max; " +
        "stat -c %u . cgroup.procs memory.max; exit 3",
      (c) => {
        c.linux.resources = { memory: { limit: 64 << 20 } };
        c.linux.namespaces.push({ type: "cgroup" });
        // Where he may write to it, the cgroup is his, its limits are not.
        c.process.user.uid = 7;
        for (const { destination, options = [] } of c.mounts) {
          if (destination !== "/sys/fs/cgroup") continue;
          options.splice(options.indexOf("ro"), 1);
        }
      },
    ),
  );
  const path = await built(container, "--cgroups", "v2");
  const { code, stdout } = await underUml("v2", [
    "sh",
    "-c",
    '"$0"; echo "status $?"; ls -d "/sys/fs/cgroup/${0##*/}" 2>&1',
    path,
  ]);
  assert(code !== 0, "ls finds nothing");
  assertEquals(stdout.replaceAll("\r", "").trim().split("\n").slice(0, 6), [
    "0::/",
    `${64 << 20}`,
    "7",
    "7",
    "0",
    "status 3",
  ]);
}, { missing: umlMissing() ?? compiled.missing });
