/** Where a process that is added to a container lives: namespaces, cgroups. */
import { assertEquals, assertMatch } from "@std/assert";
import type { Config, Patch } from "./config.ts";
import { type Container, idOf } from "./container.ts";
import { assertOneLine, assertSuccess, readIfThere } from "./davit.ts";
import { exec, execTest, shell } from "./exec.ts";

const KINDS = ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"];
/** The namespaces of a process, as it sees them itself. */
const LOOK = `for kind in ${KINDS.join(" ")}; do
  readlink /proc/self/ns/$kind; done`;

/** The namespaces of a process, as the host sees them. */
function namespaces(pid: number): string[] {
  return KINDS.map((kind) => Deno.readLinkSync(`/proc/${pid}/ns/${kind}`));
}

const HOST = 100_000;
const users: Patch = (config) => {
  config.linux.namespaces.push({ type: "user" });
  config.linux.uidMappings = config.linux.gidMappings = [
    { containerID: 0, hostID: HOST, size: 65536 },
  ];
};

const without = (...kinds: string[]): Patch => (config) => {
  config.linux.namespaces = config.linux.namespaces.filter(({ type }) =>
    !kinds.includes(type)
  );
};

const every: Patch = (config) => {
  users(config);
  const had = config.linux.namespaces.map(({ type }) => type);
  for (const type of ["cgroup", "time"]) {
    if (!had.includes(type)) config.linux.namespaces.push({ type });
  }
};

for (
  const [name, patch] of [
    ["its default namespaces", () => {}],
    ["all kinds of namespaces", every],
    ["a user namespace", users],
    ["no pid namespace", without("pid")],
    ["a user namespace and no network namespace", (config: Config) => {
      users(config);
      without("network")(config);
      config.mounts = config.mounts.filter(({ type }) =>
        type !== "sysfs" && type !== "cgroup"
      );
    }],
  ] as const
) {
  execTest(
    `a container with ${name}: the process is in all of them`,
    patch,
    async (container) => {
      const { pid } = await container.state();
      assertEquals(await shell(container, LOOK), namespaces(pid).join("\n"));
      const as = ["--user", "1000:1000"];
      assertEquals(
        await shell(container, LOOK, as),
        namespaces(pid).join("\n"),
      );
      const file = `${container.folder}/pid`;
      const detach = ["--detach", "--pid-file", file];
      assertSuccess(await exec(container, detach, ["sleep", "100"]));
      const other = Number(readIfThere(file));
      const [own, its] = [pid, other].map((pid) =>
        readIfThere(`/proc/${pid}/cgroup`)
      );
      assertEquals(its, own);
      Deno.kill(other, "SIGKILL");
    },
  );
}

execTest(
  "a user namespace: IDs are those of the container",
  users,
  async (container) => {
    const file = `${container.folder}/pid`;
    const flags = ["-d", "--pid-file", file, "-u", "5:6", "-g", "7"];
    assertSuccess(await exec(container, flags, ["sleep", "100"]));
    const pid = Number(readIfThere(file));
    const status = readIfThere(`/proc/${pid}/status`);
    assertMatch(status, new RegExp(`^Uid:\t${HOST + 5}\t`, "m"));
    assertMatch(status, new RegExp(`^Gid:\t${HOST + 6}\t`, "m"));
    assertMatch(status, new RegExp(`^Groups:\t${HOST + 7} $`, "m"));
    Deno.kill(pid, "SIGKILL");
    assertOneLine(
      await exec(container, ["-u", "70000"], ["true"]),
      /process\.user\.uid: 70000 is not one of the IDs that linux\.uidMappings maps/,
    );
  },
);

execTest("a joined user namespace: it is init's", users, async (sandbox) => {
  const { pid } = await sandbox.state();
  const { Container, command, change } = await import("./container.ts");
  await using other = new Container(command(["sleep", "1000"]));
  change(other, (config) => {
    config.linux.namespaces = config.linux.namespaces.map(({ type }) =>
      type === "mount" ? { type } : {
        type,
        path: `/proc/${pid}/ns/${type === "network" ? "net" : type}`,
      }
    );
    config.linux.namespaces.push({
      type: "user",
      path: `/proc/${pid}/ns/user`,
    });
    Reflect.deleteProperty(config, "hostname");
  });
  assertSuccess(await other.run(["--detach"]));
  const { pid: init } = await other.state();
  assertEquals(await shell(other, LOOK), namespaces(init).join("\n"));
  assertEquals(await shell(other, "id -u; id -G", ["-g", "9"]), "0\n0 9");
  assertOneLine(
    await exec(other, ["-u", "70000"], ["true"]),
    /become user 70000 .*: Invalid argument: the user namespace does not map it/,
  );
});

execTest("no mount namespace: the root directory is init's", (config) => {
  config.linux.namespaces = [{ type: "pid" }];
  config.mounts = [];
  config.linux.maskedPaths = [];
  config.linux.readonlyPaths = [];
  config.root.readonly = false;
  Reflect.deleteProperty(config, "hostname");
}, async (container) => {
  Deno.writeTextFileSync(`${container.rootfs}/mark`, container.id);
  assertEquals(await shell(container, "cat /mark; pwd"), `${container.id}/`);
  assertOneLine(
    await exec(container, ["--cwd", "/../missing"], ["true"]),
    /working directory/,
  );
});

execTest("a time namespace: its clocks are init's", (config) => {
  config.linux.namespaces.push({ type: "time" });
  config.linux.timeOffsets = { boottime: { secs: 100_000_000 } };
}, async (container) => {
  const uptime = await shell(container, "cut -d. -f1 /proc/uptime");
  const own = Number(readIfThere("/proc/uptime").split(".")[0]);
  assertEquals(Number(uptime) > own + 99_999_000, true, uptime);
});

execTest(
  "an init that does nothing is not waited for",
  () => {},
  async (container) => {
    const { pid } = await container.state();
    Deno.kill(pid, "SIGSTOP");
    assertEquals(await shell(container, "echo runs"), "runs");
    Deno.kill(pid, "SIGCONT");
  },
);

execTest("many at once", () => {}, async (container) => {
  const results = await Promise.all(
    Array.from(
      { length: 24 },
      (_, i) =>
        exec(container, ["-e", `I=${i}`], ["sh", "-c", "echo $I; exit $I"]),
    ),
  );
  for (const [i, { code, stdout, stderr }] of results.entries()) {
    assertEquals([code, stdout, stderr], [i, `${i}\n`, ""]);
  }
  assertEquals(await shell(container, "ls -d /proc/[0-9]* | wc -l"), "4");
});

execTest(
  "the pod's processes are seen where they are shared",
  without("pid"),
  async (container) => {
    const { pid } = await container.state();
    assertMatch(await shell(container, `cat /proc/${pid}/cmdline`), /^sleep/);
  },
);

/** The lines of /proc/PID/cgroup for hierarchies with controllers. */
async function cgroups(container: Container, flags: string[]) {
  const text = await shell(container, "cat /proc/self/cgroup", flags);
  return Object.fromEntries(
    text.split("\n").map((line) => line.split(":").slice(1)),
  );
}

const LEGACY = readIfThere("/proc/self/cgroup").includes(":memory:")
  ? undefined
  : "cgroup v1 with a memory controller";

execTest(
  "--cgroup on v1: below the container's, for some controllers",
  (config) => {
    config.linux.cgroupsPath = `/${idOf(config)}`;
  },
  async (container) => {
    const own = `/${container.id}`;
    const place = `/sys/fs/cgroup/memory${own}/sub`;
    Deno.mkdirSync(place);
    const at = await cgroups(container, []);
    assertEquals([at["memory"], at["pids"]], [own, own]);
    assertEquals(await cgroups(container, ["--cgroup", "/"]), at);
    const below = await cgroups(container, ["--cgroup", "memory:sub"]);
    assertEquals(below, { ...at, memory: `${own}/sub` });
    const failure = async (path: string, cause: RegExp) => {
      const result = await exec(container, ["--cgroup", path], ["true"]);
      assertOneLine(result, cause);
      assertEquals(result.code, 255);
    };
    const gone =
      / adding pid .* to cgroups: \/.*\/sub.*\/cgroup\.procs: no such file or directory$/;
    await failure("sub", gone); // the others have none
    await failure("pids:sub", gone);
    await failure("..", /bad sub cgroup path: \.\. is not a sub/);
    await failure("memory:../other", /bad sub cgroup path/);
    await failure("whaaat:/", /unknown controller "whaaat"/);
  },
  { missing: LEGACY },
);
