/** What an ordinary user runs, with and without ranges of IDs of his own. */
import { assertEquals, assertMatch } from "@std/assert";
import type { Config } from "./config.ts";
import { rootTest } from "./container.ts";
import { assertSuccess, type Result, run } from "./davit.ts";
import { AS_USER, needs, UID, UserContainer, withRanges } from "./user.ts";

rootTest("rootless: spec --rootless gives what runc's gives", async () => {
  await using container = new UserContainer();
  const own = await container.rootlessConfig(() => {});
  const folder = `${container.folder}/home`;
  assertSuccess(
    await run([...AS_USER, "runc", "spec", "--rootless", "-b", folder], {
      env: { PATH: Deno.env.get("PATH") ?? "", XDG_RUNTIME_DIR: folder },
    }),
  );
  const peer: Config = JSON.parse(
    Deno.readTextFileSync(`${folder}/config.json`),
  );
  assertEquals(own.mounts, peer.mounts);
  const { uidMappings, gidMappings, resources, namespaces } = own.linux;
  assertEquals(uidMappings, peer.linux.uidMappings);
  assertEquals(gidMappings, peer.linux.gidMappings);
  assertEquals(resources, peer.linux.resources);
  const kinds = (config: Config) =>
    config.linux.namespaces.map(({ type }) => type)
      .filter((type) => type !== "cgroup").sort();
  assertEquals(kinds(own), kinds(peer));
  assertEquals(namespaces.some(({ type }) => type === "network"), false);
}, needs("runc"));

rootTest("rootless: a user's container is root of himself alone", async () => {
  await using container = new UserContainer();
  await container.rootlessConfig((config) => {
    config.root.readonly = false;
    const script = "id -u; cat /proc/self/uid_map | tr -s ' '; " +
      "echo of the user > /made; hostname; cat /proc/self/setgroups";
    config.process.args = ["sh", "-c", script];
  });
  Deno.chownSync(container.rootfs, UID, UID);
  const { stdout } = assertSuccess(await container.asUser(["run", "r1"]));
  assertEquals(stdout, `0\n 0 ${UID} 1\ndavit\ndeny\n`);
  assertEquals(Deno.statSync(`${container.rootfs}/made`).uid, UID);
  const { stdout: list } = await container.asUser(["list", "-q"]);
  assertEquals(list, "");
  assertEquals(container.leftovers(), []);
}, needs());

rootTest("rootless: create, start, state, kill and delete", async () => {
  await using container = new UserContainer();
  await container.rootlessConfig((config) => {
    config.process.args = ["sleep", "100"];
  });
  const status = async () =>
    JSON.parse(assertSuccess(await container.asUser(["state", "r1"])).stdout)
      .status;
  assertSuccess(await container.asUser(["create", "r1"]));
  assertEquals(await status(), "created");
  assertSuccess(await container.asUser(["start", "r1"]));
  assertEquals(await status(), "running");
  assertSuccess(await container.asUser(["kill", "r1", "KILL"]));
  assertSuccess(await container.asUser(["delete", "--force", "r1"]));
  assertEquals(container.leftovers(), []);
}, needs());

rootTest(
  "rootless: ranges of IDs come from newuidmap and newgidmap",
  async () => {
    await using container = new UserContainer();
    await container.rootlessConfig((config) => {
      const map = [
        { containerID: 0, hostID: UID, size: 1 },
        { containerID: 1, hostID: 200000, size: 1000 },
      ];
      config.linux.uidMappings = config.linux.gidMappings = map;
      config.process.user = { uid: 5, gid: 6, additionalGids: [7] };
      const script = "id -u; id -G; tr -s ' ' < /proc/self/uid_map";
      config.process.args = ["sh", "-c", script];
    });
    await withRanges(container.folder, async (ranges) => {
      const { stdout } = assertSuccess(
        await container.asUser(["run", "r1"], ranges),
      );
      assertEquals(stdout, `5\n6 7\n 0 ${UID} 1\n 1 200000 1000\n`);
    });
  },
  needs("newuidmap", "newgidmap", "unshare", "mount"),
);

rootTest(
  "rootless: ranges that the user does not have are an error",
  async () => {
    await using container = new UserContainer();
    await container.rootlessConfig((config) => {
      const map = [
        { containerID: 0, hostID: UID, size: 1 },
        { containerID: 1, hostID: 300000, size: 1000 },
      ];
      config.linux.uidMappings = config.linux.gidMappings = map;
    });
    await withRanges(container.folder, async (ranges) => {
      const { code, stderr } = await container.asUser(["run", "r1"], ranges);
      assertEquals(code, 1);
      assertMatch(stderr, /newuidmap/);
      assertMatch(stderr, /\/etc\/subuid|not allowed/);
    });
  },
  needs("newuidmap", "newgidmap", "unshare", "mount"),
);

for (const own of [false, true]) {
  const what = own ? "of its own" : "of the host";
  rootTest(
    `rootless: cgroups in a namespace ${what} are as runc's`,
    async () => {
      await using container = new UserContainer();
      await container.rootlessConfig((config) => {
        const others = config.linux.namespaces.filter(({ type }) =>
          type !== "cgroup"
        );
        config.linux.namespaces = own
          ? [...others, { type: "cgroup" }]
          : others;
        const script = "ls /sys/fs/cgroup; cat /proc/self/mountinfo";
        config.process.args = ["sh", "-c", script];
      });
      Deno.chownSync(container.rootfs, UID, UID);
      // Less the numbers, and the host's own mounts below; sorted.
      const look = ({ stdout }: Result) =>
        stdout.split("\n").filter((line) =>
          !line.includes(" ") || (line.includes(" - cgroup") &&
            line.includes("noexec"))
        ).map((line) => line.split(" ").slice(2, 6).join(" ") || line).sort();
      const ours = assertSuccess(await container.asUser(["run", "r1"]));
      const theirs = assertSuccess(
        await run([...AS_USER, "runc", "run", "r2"], {
          cwd: container.bundle,
          env: {
            XDG_RUNTIME_DIR: `${container.folder}/home`,
            PATH: Deno.env.get("PATH") ?? "",
          },
        }),
      );
      assertEquals(look(ours), look(theirs));
    },
    needs("runc"),
  );
}

rootTest(
  "rootless: root of the user's own namespace has his state",
  async () => {
    await using container = new UserContainer();
    await container.rootlessConfig((config) => {
      const { linux } = config;
      linux.namespaces = linux.namespaces.filter(({ type }) => type !== "user");
      delete linux.uidMappings;
      delete linux.gidMappings;
    });
    const asRoot = (user: string, ...args: string[]) =>
      container.asUser(args, [], [
        ...["unshare", "--user", "--map-root-user", "--mount"],
        ...["env", `USER=${user}`],
      ]);
    // As an ordinary user's podman calls, in the namespace that it has made.
    assertSuccess(await asRoot("client", "create", "r1"));
    const state = Deno.readDirSync(`${container.folder}/home/davit`);
    assertEquals([...state].map(({ name }) => name).includes("r1"), true);
    assertSuccess(await asRoot("client", "delete", "--force", "r1"));
    assertEquals(container.leftovers(), []);
    const { stderr } = await asRoot("root", "state", "r1");
    assertMatch(stderr, /r1/);
  },
  needs("unshare"),
);

rootTest("rootless: the host's network devices stay the host's", async () => {
  await using container = new UserContainer();
  await container.rootlessConfig((config) => {
    config.linux.namespaces.push({ type: "network" });
    config.linux.netDevices = { lo: { name: "taken" } };
  });
  const { code, stderr } = await container.asUser(["run", "r1"]);
  assertEquals(code, 1);
  assertMatch(
    stderr,
    /Cannot move the network device "lo" \(linux\.netDevices\): .* it takes CAP_NET_ADMIN/,
  );
  assertEquals(container.leftovers(), []);
}, needs());
