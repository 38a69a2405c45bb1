/** What `delete` finds of a container by its cgroups, and what it lets be. */
import { assert, assertEquals } from "@std/assert";
import type { Config, Patch } from "./config.ts";
import {
  command,
  type Container,
  containerTest,
  idOf,
  script,
} from "./container.ts";
import { assertOneLine, assertSuccess, readIfThere, until } from "./davit.ts";
import { cgroupsOf } from "./leftovers.ts";

/** Whether the host has cgroups v1, for some controllers at least. */
const V1 = / - cgroup /.test(readIfThere("/proc/self/mountinfo"));

function without(config: Config, type: string): void {
  config.linux.namespaces = config.linux.namespaces.filter((namespace) =>
    namespace.type !== type
  );
}

/** Cgroups that the container may write to, and a namespace of its own. */
const writable: Patch = (config) => {
  config.linux.cgroupsPath = `/${idOf(config)}`;
  without(config, "cgroup");
  config.linux.namespaces.push({ type: "cgroup" });
  const mount = config.mounts.find(({ type }) => type === "cgroup")!;
  mount.options = ["nosuid", "noexec", "nodev", "relatime"];
};

const noPidNamespace: Patch = (config) => {
  writable(config);
  without(config, "pid");
};

/** Nests cgroups in every hierarchy and puts processes of its own there. */
const NEST = `
nest() {
  for path in a/b/c a/b/d e; do
    mkdir -p $1/$path || continue
    sleep 1000 & echo $! >$1/$path/cgroup.procs
  done
}
if [ -e /sys/fs/cgroup/cgroup.procs ]; then nest /sys/fs/cgroup
else for folder in /sys/fs/cgroup/*; do nest $folder; done; fi 2>/dev/null
echo READY
`;

async function started(container: Container) {
  const { bundle, id } = container;
  const creation = container.spawn(["create", "--bundle", bundle, id]);
  assertSuccess(await creation.end());
  assertSuccess(await container.start());
  await until("it is ready", () => creation.stdout.includes("READY"));
  return creation;
}

/** Whether any of the container's own sub-cgroups holds a process. */
function nested(container: Container): boolean {
  return cgroupsOf(container).some((folder) =>
    folder.endsWith("/a/b/d") &&
    Deno.readTextFileSync(`${folder}/cgroup.procs`) !== ""
  );
}

for (
  const [what, patch] of [
    ["in its own pid namespace", writable],
    ["without a pid namespace", noPidNamespace],
  ] as const
) {
  containerTest(
    `delete --force takes sub-cgroups with processes, ${what}`,
    script(`${NEST} wait`, patch),
    async (container) => {
      using _output = await started(container);
      assert(nested(container));
      assertSuccess(await container.davit(["delete", "--force", container.id]));
      assertEquals(container.leftovers(), []);
    },
  );

  containerTest(
    `delete takes what an init left in sub-cgroups, ${what}`,
    script(NEST, patch),
    async (container) => {
      using _output = await started(container);
      await until(
        "it ends",
        async () => (await container.state()).status === "stopped",
      );
      assertSuccess(await container.davit(["delete", container.id]));
      assertEquals(container.leftovers(), []);
    },
  );
}

containerTest(
  "delete takes what an init without a pid namespace left behind, frozen",
  script("sleep 1000 & sleep 1000 & echo READY; wait", noPidNamespace),
  async (container) => {
    using _output = await started(container);
    const { pid } = await container.state();
    assertSuccess(await container.davit(["pause", container.id]));
    // On v1 it stays, on v2 it ends.
    Deno.kill(pid, "SIGKILL");
    assertSuccess(await container.davit(["delete", "--force", container.id]));
    assertEquals(container.leftovers(), []);
  },
);

containerTest(
  "delete --force takes what the container itself has frozen",
  script(
    `cd /sys/fs/cgroup/freezer 2>/dev/null || cd /sys/fs/cgroup
    for own in one one/two; do
      mkdir $own; sleep 1000 & echo $! >$own/cgroup.procs
      if [ -e $own/freezer.state ]; then echo FROZEN >$own/freezer.state
      else echo 1 >$own/cgroup.freeze; fi
    done
    echo READY; wait`,
    noPidNamespace,
  ),
  async (container) => {
    using _output = await started(container);
    assertEquals((await container.state()).status, "running");
    assertSuccess(await container.davit(["delete", "--force", container.id]));
    assertEquals(container.leftovers(), []);
  },
);

containerTest(
  "delete --force takes a subtree of threads",
  script(
    `cd /sys/fs/cgroup; mkdir -p threads/more; sleep 1000 &
    echo $! >threads/cgroup.procs; echo threaded >threads/more/cgroup.type
    echo $! >threads/more/cgroup.threads; echo READY; wait`,
    noPidNamespace,
  ),
  async (container) => {
    using _output = await started(container);
    assertSuccess(await container.davit(["delete", "--force", container.id]));
    assertEquals(container.leftovers(), []);
  },
  V1 ? { missing: "a cgroup v2 host" } : {},
);

containerTest(
  "delete --force ends a container that makes processes as fast as it can",
  script(
    // Each leaves the cgroup's list before it can be killed by its number.
    "echo READY; f() { while :; do (:) & done; }; f & f & f",
    (config) => {
      noPidNamespace(config);
      config.linux.resources = { pids: { limit: 60 } };
    },
  ),
  async (container) => {
    using _output = await started(container);
    assertSuccess(await container.davit(["delete", "--force", container.id]));
    assertEquals(container.leftovers(), []);
  },
);

containerTest(
  "delete lets cgroups beside the container's be, and their processes",
  command(["sleep", "1000"], (config) => {
    config.linux.cgroupsPath = `/${idOf(config)}-parent/own`;
  }),
  async (container) => {
    assertSuccess(await container.create());
    const own = cgroupsOf(container).filter((path) => path.endsWith("/own"));
    const beside = own.map((path) => path.replace(/own$/, "own2"));
    for (const path of beside) Deno.mkdirSync(path);
    // A v1 cpuset is of no use without processors.
    const usable = beside.filter((path) => !path.includes("/cpuset/"));
    const neighbour = new Deno.Command("sh", {
      args: [
        "-c",
        'for file; do echo 0 >"$file"; done; exec sleep 1000',
        "sh",
        ...usable.map((path) => `${path}/cgroup.procs`),
      ],
    }).spawn();
    try {
      const last = usable.at(-1)!;
      await until(
        "it is there",
        () => Deno.readTextFileSync(`${last}/cgroup.procs`) !== "",
      );
      assertSuccess(await container.davit(["delete", "--force", container.id]));
      const left = cgroupsOf(container)
        .filter((path) => !path.endsWith("-parent"));
      assertEquals(left.sort(), beside.sort());
      Deno.kill(neighbour.pid, "SIGKILL");
      assertEquals((await neighbour.status).signal, "SIGKILL");
    } finally {
      try {
        neighbour.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await neighbour.status;
      for (const path of beside) await until("idle", () => removed(path));
      // What others used when the container went is not the runtime's.
      for (const path of cgroupsOf(container)) removed(path);
    }
  },
);

function removed(path: string): boolean {
  try {
    Deno.removeSync(path);
  } catch (error) {
    return error instanceof Deno.errors.NotFound;
  }
  return true;
}

containerTest(
  "delete twice: the second says that there is none, with --force nothing",
  command(["true"]),
  async (container) => {
    const { id } = container;
    assertSuccess(await container.run(["--keep"]));
    assertSuccess(await container.davit(["delete", id]));
    assertOneLine(
      await container.davit(["delete", id]),
      new RegExp(`Container ID \\(${id}\\) does not exist`),
    );
    for (let i = 0; i < 2; i++) {
      const { stderr } = assertSuccess(
        await container.davit(["delete", "--force", id]),
      );
      assertEquals(stderr, "");
    }
  },
);
