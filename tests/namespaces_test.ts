/** Namespaces that are joined by their paths. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Config, Patch } from "./config.ts";
import {
  change,
  command,
  Container,
  containerTest,
  script,
} from "./container.ts";
import { assertOneLine, assertSuccess, readIfThere, run } from "./davit.ts";

const FILES: Record<string, string> = {
  pid: "pid",
  network: "net",
  ipc: "ipc",
  uts: "uts",
  user: "user",
  mount: "mnt",
  cgroup: "cgroup",
};

/** Gives a namespace a path. */
function join(config: Config, type: string, path: string): void {
  const others = config.linux.namespaces.filter((n) => n.type !== type);
  config.linux.namespaces = [...others, { type, path }];
  if (type === "uts") delete (config as Record<string, unknown>).hostname;
}

/** A container that runs, and the paths of its namespaces. */
async function sandbox(patch?: Patch) {
  const container = new Container(command(["sleep", "100"], patch));
  try {
    assertSuccess(await container.create());
    assertSuccess(await container.start());
    const { pid } = await container.state();
    const path = (type: string) => `/proc/${pid}/ns/${FILES[type]}`;
    return { container, pid, path };
  } catch (error) {
    await container[Symbol.asyncDispose]();
    throw error;
  }
}

const mapped: Patch = (config) => {
  const map = [{ containerID: 0, hostID: 100_000, size: 65536 }];
  config.linux.namespaces.push({ type: "user" });
  config.linux.uidMappings = map;
  config.linux.gidMappings = map;
};

for (const type of ["network", "ipc", "uts", "pid"]) {
  containerTest(
    `namespaces: the ${type} namespace of another container`,
    script(`readlink /proc/self/ns/${FILES[type]}; hostname; echo $$`),
    async (container) => {
      const { container: other, path } = await sandbox((config) =>
        config.hostname = "of-the-pod"
      );
      await using _ = other;
      change(container, (config) => join(config, type, path(type)));
      const lines = assertSuccess(await container.run()).stdout.split("\n");
      assertEquals(lines[0], Deno.readLinkSync(path(type)));
      assertEquals(lines[1] === "of-the-pod", type === "uts");
      assertEquals(lines[2] !== "1", type === "pid");
    },
  );
}

containerTest(
  "namespaces: the user namespace of another container, with its others",
  script("readlink /proc/self/ns/user; id -u; cat /proc/self/uid_map"),
  async (container) => {
    const { container: other, path } = await sandbox(mapped);
    await using _ = other;
    change(container, (config) => {
      for (const type of ["user", "network", "ipc", "uts"]) {
        join(config, type, path(type));
      }
    });
    const { stdout } = assertSuccess(await container.run());
    assertMatch(
      stdout,
      new RegExp(`^user:\\[\\d+\\]\n0\n +0 +100000 +65536\n$`),
    );
    assertEquals(stdout.split("\n")[0], Deno.readLinkSync(path("user")));
  },
);

containerTest(
  "namespaces: one that a file keeps",
  script("readlink /proc/self/ns/net; ip link | grep -c :"),
  async (container) => {
    const file = `${container.folder}/netns`;
    Deno.writeTextFileSync(file, "");
    assertSuccess(
      await run(["unshare", `--net=${file}`, "true"]),
    );
    try {
      change(container, (config) => join(config, "network", file));
      const first = assertSuccess(await container.run()).stdout.split("\n")[0]!;
      const second = assertSuccess(await container.run()).stdout.split("\n")[0];
      assertMatch(first, /^net:\[\d+\]$/);
      assertEquals(second, first, "it outlives the container");
    } finally {
      await run(["umount", file]);
    }
  },
  { programs: ["unshare"] },
);

for (
  const [type, wrong] of [["network", "uts"], ["uts", "ipc"], ["ipc", "pid"], [
    "pid",
    "mount",
  ], ["user", "network"]] as const
) {
  containerTest(
    `namespaces: a ${wrong} namespace is no ${type} namespace`,
    script("true"),
    async (container) => {
      const path = `/proc/self/ns/${FILES[wrong]}`;
      change(container, (config) => join(config, type, path));
      assertOneLine(
        await container.run(),
        new RegExp(
          `namespaces\\[\\d\\]\\.path.* ${type} namespace ${path}: .* ${wrong}$`,
        ),
      );
      assertEquals(container.leftovers(), []);
    },
  );
}

for (const path of ["/no/such/netns", "/dev/null", "/etc"]) {
  containerTest(
    `namespaces: ${path} is an error that names it`,
    script("true"),
    async (container) => {
      change(container, (config) => join(config, "network", path));
      assertOneLine(
        await container.run(),
        new RegExp(
          `namespaces\\[\\d\\]\\.path.* network namespace ${path}: (No such|it is no)`,
        ),
      );
      assertEquals(container.leftovers(), []);
    },
  );
}

containerTest(
  "namespaces: a FIFO in the place of one does not hang",
  script("true"),
  async (container) => {
    const path = `${container.folder}/fifo`;
    assertSuccess(await run(["mkfifo", path]));
    change(container, (config) => join(config, "network", path));
    const result = await container.run([], { timeout: 10 });
    assert(result.code !== 0);
  },
);

containerTest(
  "namespaces: loopback is up in a new one, and left alone in a joined one",
  script("cat /sys/class/net/lo/flags; ip addr show lo | grep -c 127.0.0.1"),
  async (container) => {
    assertEquals(assertSuccess(await container.run()).stdout, "0x9\n1\n");
    const file = `${container.folder}/netns`;
    Deno.writeTextFileSync(file, "");
    assertSuccess(await run(["unshare", `--net=${file}`, "true"]));
    try {
      change(container, (config) => {
        join(config, "network", file);
        config.process.args = ["cat", "/sys/class/net/lo/flags"];
      });
      assertEquals(assertSuccess(await container.run()).stdout, "0x8\n");
    } finally {
      await run(["umount", file]);
    }
  },
  { programs: ["unshare"] },
);

containerTest(
  "namespaces: the domain name and host name are the new namespace's alone",
  script("hostname; cat /proc/sys/kernel/domainname", (config) => {
    config.hostname = "inner";
    (config as Record<string, unknown>).domainname = "inner.domain";
  }),
  async (container) => {
    const names = () =>
      ["hostname", "domainname"].map((name) =>
        readIfThere(`/proc/sys/kernel/${name}`)
      );
    const before = names();
    assertEquals(
      assertSuccess(await container.run()).stdout,
      "inner\ninner.domain\n",
    );
    assertEquals(names(), before);
  },
);

containerTest(
  "namespaces: none at all but chroot",
  script("pwd; ls -d /bin; echo $$; readlink /../bin/sh", (config) => {
    config.linux.namespaces = [];
    config.mounts = [];
    config.linux.maskedPaths = [];
    config.linux.readonlyPaths = [];
    config.root.readonly = false;
    delete (config as Record<string, unknown>).hostname;
  }),
  async (container) => {
    const mounts = readIfThere("/proc/self/mountinfo");
    const { stdout } = assertSuccess(await container.run());
    assertMatch(stdout, /^\/\n\/bin\n\d+\nbusybox\n$/);
    assertEquals(readIfThere("/proc/self/mountinfo"), mounts);
  },
);

containerTest(
  "without a mount namespace mounts are left out, and the host's stay",
  command(["ls", "/proc"], (config) => {
    config.linux.namespaces = [];
    config.linux.maskedPaths = ["/bin"];
    Reflect.deleteProperty(config, "hostname");
  }),
  async (container) => {
    const before = readIfThere("/proc/self/mountinfo");
    const { code, stdout, stderr } = await container.run();
    assertEquals([code, stdout], [0, ""]);
    assertMatch(stderr, /mounts: needs a mount namespace .*, it is left out/);
    assertMatch(stderr, /linux\.maskedPaths: needs a mount namespace/);
    assertEquals(readIfThere("/proc/self/mountinfo"), before);
    assertEquals((await container.run(["--strict"])).code, 1);
  },
);
