/** ID-mapped mounts: the owners of files, seen from inside. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Config, Mount } from "./config.ts";
import { change, type Container, containerTest, script } from "./container.ts";
import { assertOneLine, assertSuccess, run } from "./davit.ts";
import { addMounts, bind, hostMounts, source } from "./mounts.ts";

const OWNERS = "stat -c '%u:%g %n'";

/** A folder on a tmpfs with files of several owners, and one mounted below. */
async function withTree(
  container: Container,
  use: (path: string) => Promise<void>,
): Promise<void> {
  const path = `${container.folder}/tree`;
  Deno.mkdirSync(path);
  for (const place of [path, `${path}/below`]) {
    if (place !== path) Deno.mkdirSync(place);
    assertSuccess(await run(["mount", "-t", "tmpfs", "tmpfs", place]));
    for (const [uid, gid] of [[0, 0], [5, 6], [1000, 1000]] as const) {
      Deno.writeTextFileSync(`${place}/of-${uid}`, "x");
      Deno.chownSync(`${place}/of-${uid}`, uid, gid);
    }
  }
  Deno.chmodSync(path, 0o755);
  try {
    await use(path);
  } finally {
    await run(["umount", "-R", path]);
  }
}

const mapping = (containerID: number, hostID: number, size: number) => ({
  containerID,
  hostID,
  size,
});

function mapped(mount: Mount, ids: ReturnType<typeof mapping>[]): Mount {
  return { ...mount, uidMappings: ids, gidMappings: ids } as Mount;
}

containerTest(
  "idmap: a bind mount with maps of its own, in both directions",
  script(
    `${OWNERS} /m/of-0 /m/of-5 /m/of-1000 /plain/of-5
    touch /m/new && ${OWNERS} /m/new`,
    (config) => {
      config.process.user = { uid: 10005, gid: 10006 };
    },
  ),
  async (container) => {
    await withTree(container, async (path) => {
      Deno.chmodSync(path, 0o777);
      addMounts(
        container,
        mapped(bind("/m", path, "bind", "idmap"), [mapping(0, 10000, 1000)]),
        bind("/plain", path, "bind"),
      );
      const before = hostMounts(container);
      assertEquals(
        assertSuccess(await container.run()).stdout,
        "10000:10000 /m/of-0\n10005:10006 /m/of-5\n65534:65534 /m/of-1000\n" +
          "5:6 /plain/of-5\n10005:10006 /m/new\n",
      );
      // What the container writes has the owner that the map leads to.
      const { uid, gid } = Deno.statSync(`${path}/new`);
      assertEquals([uid, gid], [5, 6]);
      assertEquals(hostMounts(container), before);
    });
  },
);

containerTest(
  "idmap: ridmap goes for the mounts below, idmap does not",
  script(`${OWNERS} /r/below/of-5 /i/below/of-5 /i/of-5 /n/of-5`),
  async (container) => {
    await withTree(container, async (path) => {
      const ids = [mapping(0, 100, 50), mapping(1000, 2000, 1)];
      addMounts(
        container,
        mapped(bind("/r", path, "rbind", "ridmap"), ids),
        mapped(bind("/i", path, "rbind", "idmap"), ids),
        // The maps alone ask for it, too.
        mapped(bind("/n", path, "bind"), [mapping(5, 7, 2)]),
      );
      assertEquals(
        assertSuccess(await container.run()).stdout,
        "105:106 /r/below/of-5\n5:6 /i/below/of-5\n105:106 /i/of-5\n" +
          "7:8 /n/of-5\n",
      );
    });
  },
);

function withUsers(config: Config): void {
  config.linux.namespaces.push({ type: "user" });
  const ids = [{ containerID: 0, hostID: 100000, size: 65536 }];
  config.linux.uidMappings = ids;
  config.linux.gidMappings = ids;
}

containerTest(
  "idmap: without maps it takes those of the container's user namespace",
  script(
    `${OWNERS} /m/of-0 /m/of-5 /p/of-5; touch /m/new && ${OWNERS} /m/new`,
    withUsers,
  ),
  async (container) => {
    // Root of the container may not make them in the host root's folder.
    for (const name of ["m", "p"]) {
      Deno.mkdirSync(`${container.rootfs}/${name}`);
    }
    await withTree(container, async (path) => {
      Deno.chmodSync(path, 0o755);
      addMounts(
        container,
        bind("/m", path, "bind", "idmap"),
        bind("/p", path, "bind"),
      );
      assertEquals(
        assertSuccess(await container.run()).stdout,
        "0:0 /m/of-0\n5:6 /m/of-5\n65534:65534 /p/of-5\n0:0 /m/new\n",
      );
      assertEquals(Deno.statSync(`${path}/new`).uid, 0);
    });
  },
);

containerTest(
  "idmap: a file system of the container's own",
  script(`touch /t/x && ${OWNERS} /t/x /t`),
  async (container) => {
    addMounts(
      container,
      {
        destination: "/t",
        type: "tmpfs",
        source: "tmpfs",
        options: ["idmap", "uid=3", "gid=4"],
        uidMappings: [mapping(3, 0, 1)],
        gidMappings: [mapping(4, 0, 1)],
      } as Mount,
    );
    assertEquals(
      assertSuccess(await container.run()).stdout,
      "0:0 /t/x\n0:0 /t\n",
    );
  },
);

containerTest(
  "idmap: an error says why it cannot be",
  script("true"),
  async (container) => {
    const ids = [mapping(0, 100000, 10)];
    for (
      const [mount, message] of [
        [
          mapped(bind("/m", "/proc/sys", "bind", "idmap"), ids),
          /map the IDs of \/proc\/sys for \/m \(mounts\[7\]\).*not support ID-m/,
        ],
        [
          bind("/m", "/", "bind", "idmap"),
          /mounts\[7\]\.options\[1\].*needs uidMappings and gidMappings/,
        ],
        [
          { ...bind("/m", "/", "bind"), uidMappings: ids } as Mount,
          /mounts\[7\]\.uidMappings.*must come along with gidMappings/,
        ],
        [
          mapped({ destination: "/", options: ["remount", "idmap"] }, ids),
          /mounts\[7\]\.options\[1\].*cannot change with remount/,
        ],
      ] as const
    ) {
      change(container, (config) => {
        config.mounts = [...config.mounts.slice(0, 7), mount];
      });
      assertOneLine(await container.run(), message);
    }
    assert(container.leftovers().length === 0);
    assertMatch((await container.run()).stderr, /^[^\n]+\n$/);
  },
);

containerTest(
  "idmap: files of the host's own file system",
  script(`${OWNERS} /m/file /m`),
  async (container) => {
    const path = source(container);
    Deno.chownSync(`${path}/file`, 5, 6);
    addMounts(
      container,
      mapped(bind("/m", path, "bind", "idmap"), [mapping(0, 70000, 100)]),
    );
    const { code, stdout, stderr } = await container.run();
    // Not every file system can.
    if (code !== 0) assertMatch(stderr, /does not support ID-mapped mounts/);
    else assertEquals(stdout, "70005:70006 /m/file\n70000:70000 /m\n");
    const { uid, gid } = Deno.statSync(`${path}/file`);
    assertEquals([uid, gid], [5, 6]);
  },
);

containerTest(
  "idmap: the maps of a user namespace that is joined",
  script(`${OWNERS} /m/of-5`),
  async (container) => {
    Deno.mkdirSync(`${container.rootfs}/m`);
    const holder = new Deno.Command("unshare", {
      args: ["--user", "sh", "-c", "echo ready; read x"],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    try {
      const reader = holder.stdout.getReader();
      await reader.read();
      for (const file of ["uid_map", "gid_map"]) {
        Deno.writeTextFileSync(
          `/proc/${holder.pid}/${file}`,
          "0 300000 1000\n",
        );
      }
      change(container, (config) => {
        const path = `/proc/${holder.pid}/ns/user`;
        config.linux.namespaces.push({ type: "user", path });
      });
      await withTree(container, async (path) => {
        addMounts(container, bind("/m", path, "bind", "idmap"));
        assertEquals(
          assertSuccess(await container.run()).stdout,
          "5:6 /m/of-5\n",
        );
      });
      await reader.cancel();
    } finally {
      await holder.stdin.close();
      await holder.status;
    }
  },
  { programs: ["unshare"] },
);
