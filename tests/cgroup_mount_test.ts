/** A mount of type cgroup, inside. */
import { assert, assertEquals } from "@std/assert";
import { readConfig, writeConfig } from "./bundle.ts";
import type { Patch } from "./config.ts";
import { type Container, containerTest, script } from "./container.ts";
import { assertSuccess, readIfThere, until } from "./davit.ts";

function change(container: Container, patch: Patch): void {
  const config = readConfig(container.bundle);
  patch(config);
  writeConfig(container.bundle, config);
}

/** With a cgroup namespace of its own, or without. */
function namespaced(own: boolean, options?: string[]): Patch {
  return (config) => {
    const others = config.linux.namespaces.filter((n) => n.type !== "cgroup");
    config.linux.namespaces = own ? [...others, { type: "cgroup" }] : others;
    const mount = config.mounts.find(({ type }) => type === "cgroup")!;
    if (options !== undefined) mount.options = options;
  };
}

const V1 = / - cgroup /.test(readIfThere("/proc/self/mountinfo"));
const FOLDER = V1 ? "/sys/fs/cgroup/pids" : "/sys/fs/cgroup";

for (const own of [true, false]) {
  const kind = own ? "with a cgroup namespace" : "without one";

  containerTest(
    `cgroup mount ${kind}: it shows the container's own cgroup`,
    script(
      `cat ${FOLDER}/pids.max ${FOLDER}/cgroup.procs
      ls ${FOLDER}/.. >/dev/null; find /sys/fs/cgroup -name 't-*'`,
      (config) => {
        namespaced(own)(config);
        config.linux.resources = { pids: { limit: 37 } };
      },
    ),
    async (container) => {
      const lines = assertSuccess(await container.run()).stdout.split("\n");
      assertEquals(lines.slice(0, 2), ["37", "1"]);
      assertEquals(lines.some((line) => line.includes("t-")), false);
    },
  );

  containerTest(
    `cgroup mount ${kind}: ro is read-only in every part`,
    script(
      `for f in $(find /sys/fs/cgroup -name cgroup.procs); do
        (echo 0 >$f) 2>/dev/null && echo wrote $f; done
      for d in $(find /sys/fs/cgroup -type d); do
        mkdir $d/x 2>/dev/null && echo made $d/x; done; exit 0`,
      namespaced(own),
    ),
    async (container) => {
      assertEquals(assertSuccess(await container.run()).stdout, "");
    },
  );

  containerTest(
    `cgroup mount ${kind}: without ro the container may make its own`,
    script(
      `mkdir ${FOLDER}/inner && echo made && rmdir ${FOLDER}/inner`,
      namespaced(own, ["nosuid", "noexec", "nodev"]),
    ),
    async (container) => {
      assertEquals(assertSuccess(await container.run()).stdout, "made\n");
    },
  );

  containerTest(
    `cgroup mount ${kind}: what the container made is deleted with it`,
    script(
      `mkdir -p ${FOLDER}/a/b && echo made; sleep 100`,
      namespaced(own, []),
    ),
    async (container) => {
      using running = container.spawn(
        ["run", "--bundle", container.bundle, container.id],
      );
      await until("it is made", () => running.stdout.includes("made"), 5);
      assertSuccess(await container.davit(["kill", container.id, "KILL"]));
      await running.end();
      assertEquals(container.leftovers(), []);
    },
  );
}

containerTest(
  "cgroup mount: /proc/self/cgroup is / in a namespace of its own",
  script("cut -d: -f 3 /proc/self/cgroup | sort -u", namespaced(true)),
  async (container) => {
    assertEquals(assertSuccess(await container.run()).stdout, "/\n");
  },
);

containerTest(
  "cgroup mount: nothing of the host's other cgroups is seen",
  script("find /sys/fs/cgroup -type d | sed 's|.*/||' | sort -u"),
  async (container) => {
    change(container, namespaced(false));
    const seen = new Set(
      assertSuccess(await container.run()).stdout.trim().split("\n"),
    );
    // A cgroup of the host beside the container's.
    const beside = [...Deno.readDirSync(FOLDER)]
      .filter(({ isDirectory }) => isDirectory).map(({ name }) => name)
      .filter((name) => !name.startsWith("t-"));
    for (const name of beside) assert(!seen.has(name), name);
  },
);
