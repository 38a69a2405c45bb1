/** How the user's process is scheduled and labelled, seen from inside. */
import { assertEquals, assertMatch } from "@std/assert";
import type { Config, Patch } from "./config.ts";
import { command, containerTest, script } from "./container.ts";
import { assertSuccess, run } from "./davit.ts";
import { sees } from "./inside.ts";

/** Fields of /proc/self/sched or stat that the tests look at. */
const POLICY = "cut -d' ' -f19,40,41 /proc/self/stat"; // nice, priority, policy

const scheduler =
  (scheduler: Config["process"]["scheduler"]): Patch => (config) => {
    config.process.scheduler = scheduler;
  };

sees(
  "SCHED_BATCH with a nice value",
  POLICY,
  "7 0 3",
  scheduler({ policy: "SCHED_BATCH", nice: 7 }),
);
// The kernel keeps the caller's nice value with it.
sees(
  "SCHED_IDLE",
  "cut -d' ' -f40,41 /proc/self/stat",
  "0 5",
  scheduler({ policy: "SCHED_IDLE" }),
);
sees(
  "SCHED_OTHER with a nice value below zero, for an ordinary user",
  POLICY,
  "-5 0 0",
  (config) => {
    config.process.user = { uid: 1000, gid: 1000 };
    scheduler({ policy: "SCHED_OTHER", nice: -5 })(config);
  },
);
containerTest(
  "a real-time policy is for the process, not for its children",
  script(
    `read -r line < /proc/self/stat; set -- $line; echo "\${40} \${41}"; ${POLICY}; true`,
    scheduler({
      policy: "SCHED_FIFO",
      priority: 10,
      flags: ["SCHED_FLAG_RESET_ON_FORK"],
    }),
  ),
  async (container) => {
    // A cgroup of v1 that is new has no real-time processor time to give.
    const { stdout } = assertSuccess(
      await container.davit([
        ...["--cgroup-manager", "disabled", "run"],
        ...["--bundle", container.bundle, container.id],
      ]),
    );
    assertEquals(stdout, "10 1\n0 0 0\n");
  },
);

for (
  const [name, priority, wanted] of [
    ["SCHED_FIFO", 99, "99 1"],
    ["SCHED_RR", 5, "5 2"],
  ] as const
) {
  containerTest(
    `${name} is for the process and its children`,
    script(
      "cut -d' ' -f40,41 /proc/self/stat",
      scheduler({ policy: name, priority }),
    ),
    async (container) => {
      const { stdout } = assertSuccess(
        await container.davit([
          ...["--cgroup-manager", "disabled", "run"],
          ...["--bundle", container.bundle, container.id],
        ]),
      );
      assertEquals(stdout, `${wanted}\n`);
    },
  );
}

containerTest(
  "SCHED_DEADLINE with runtime, deadline and period",
  command(
    ["sleep", "60"],
    scheduler({
      policy: "SCHED_DEADLINE",
      runtime: 10_000_000,
      deadline: 50_000_000,
      period: 100_000_000,
    }),
  ),
  async (container) => {
    assertSuccess(
      await container.davit([
        ...["--cgroup-manager", "disabled", "create"],
        ...["--bundle", container.bundle, container.id],
      ]),
    );
    assertSuccess(await container.start());
    const { pid } = await container.state();
    const { stdout } = assertSuccess(await run(["chrt", "-p", String(pid)]));
    assertMatch(stdout, /policy: SCHED_DEADLINE/);
    assertMatch(stdout, /parameters?: 10000000\/50000000\/100000000/);
  },
  { programs: ["chrt"] },
);

containerTest(
  "a policy that the kernel refuses is an error that names it",
  command(["true"], (config) => {
    scheduler({
      policy: "SCHED_DEADLINE",
      runtime: 1, // below the kernel's least, 1024 ns
      deadline: 100_000_000,
      period: 100_000_000,
    })(config);
  }),
  async (container) => {
    const { code, stderr } = await container.run();
    assertEquals(code, 1);
    assertMatch(stderr, /schedule the process as SCHED_DEADLINE/);
    assertMatch(stderr, /process\.scheduler/);
  },
);

const ionice = (number: number, level: number): Patch => (config) => {
  const names = ["", "IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE"];
  config.process.ioPriority = { class: names[number]!, priority: level };
  config.process.args = ["/bin/busybox", "ionice", "-p", "1"];
};

sees("best-effort I/O with a level", "", "best-effort: prio 6", ionice(2, 6));
sees("idle I/O", "", "idle", ionice(3, 0));
sees("real-time I/O", "", "realtime: prio 2", ionice(1, 2));

sees(
  "execCPUAffinity is not for the first process",
  "grep Cpus_allowed_list /proc/self/status | cut -f2",
  Deno.readTextFileSync("/proc/self/status")
    .match(/Cpus_allowed_list:\t(.*)/)![1]!,
  (config) => {
    config.process.execCPUAffinity = { initial: "0", final: "0" };
  },
);

sees("the personality of 32-bit programs", "uname -m", "i686", (config) => {
  config.linux.personality = { domain: "LINUX32" };
});
sees(
  "the native personality",
  "uname -m",
  Deno.build.arch,
  (config) => {
    config.linux.personality = { domain: "LINUX" };
  },
);

sees(
  "a memory policy",
  `set -- $(grep -m1 heap /proc/self/numa_maps); echo $2`,
  "bind=static:0",
  (config) => {
    config.linux.memoryPolicy = {
      mode: "MPOL_BIND",
      nodes: "0",
      flags: ["MPOL_F_STATIC_NODES"],
    };
  },
);

containerTest(
  "a memory policy that the kernel refuses is an error that names it",
  command(["true"], (config) => {
    config.linux.memoryPolicy = { mode: "MPOL_BIND", nodes: "1000" };
  }),
  async (container) => {
    const { code, stderr } = await container.run();
    assertEquals(code, 1);
    assertMatch(stderr, /set the memory policy MPOL_BIND \(linux\.memoryPol/);
  },
);

/** Without these modules a label is left out, with them it is another test. */
const modules = ["/sys/module/apparmor", "/sys/fs/selinux/enforce"]
  .filter((path) => {
    try {
      return Deno.statSync(path) !== undefined;
    } catch {
      return false;
    }
  });
const missing = modules.length > 0 ? "a kernel without LSM labels" : undefined;

const labelled: Patch = (config) => {
  config.process.apparmorProfile = "davit-test";
  config.process.selinuxLabel = "system_u:system_r:container_t:s0";
};

containerTest(
  "labels that the kernel has no module for are left out with a warning",
  command(["echo", "ran"], labelled),
  async (container) => {
    const { code, stdout, stderr } = await container.run();
    assertEquals([code, stdout], [0, "ran\n"]);
    assertMatch(stderr, /without AppArmor, profile .*davit-test.* is left out/);
    assertMatch(stderr, /without SELinux, label .*system_u:.* is left out/);
  },
  { missing },
);

containerTest(
  "labels that the kernel has no module for are refused with --strict",
  command(["echo", "ran"], labelled),
  async (container) => {
    const { code, stdout, stderr } = await container.run(["--strict"]);
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, /process\.apparmorProfile: this kernel runs without/);
  },
  { missing },
);
