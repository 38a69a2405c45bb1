/** The container's mounts, and that the host's stay as they are. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { readConfig, writeConfig } from "./bundle.ts";
import type { Mount, Patch } from "./config.ts";
import { type Container, containerTest, script } from "./container.ts";
import {
  assertOneLine,
  assertSuccess,
  readIfThere,
  run,
  until,
} from "./davit.ts";

function change(container: Container, patch: Patch): void {
  const config = readConfig(container.bundle);
  patch(config);
  writeConfig(container.bundle, config);
}

function addMounts(container: Container, ...mounts: Mount[]): void {
  change(container, (config) => config.mounts.push(...mounts));
}

/** A folder of the host with a file in it. */
function source(container: Container, name = "source"): string {
  const path = `${container.folder}/${name}`;
  Deno.mkdirSync(path);
  Deno.writeTextFileSync(`${path}/file`, `${name}\n`);
  return path;
}

/** The host's mounts, less what other tests change meanwhile. */
function hostMounts({ folder }: Container): string[] {
  return readIfThere("/proc/self/mountinfo").split("\n")
    .filter((line) => line.includes(folder) || !/ \/(tmp|run)\//.test(line));
}

interface Seen {
  options: string[];
  /** Such as `shared:5 master:3`, without the numbers. */
  propagation: string[];
  type: string;
  superblock: string[];
}

/** Runs `cat /proc/self/mountinfo` inside: by mount point, the last one. */
async function mounts(container: Container): Promise<Map<string, Seen>> {
  change(container, (config) => {
    config.process.args = ["cat", "/proc/self/mountinfo"];
  });
  const before = hostMounts(container);
  const { stdout } = assertSuccess(await container.run());
  assertEquals(hostMounts(container), before);
  return new Map(
    stdout.trim().split("\n").map((line) => {
      const fields = line.split(" ");
      const dash = fields.indexOf("-");
      return [fields[4]!, {
        options: fields[5]!.split(",").sort(),
        propagation: fields.slice(6, dash).map((tag) => tag.split(":")[0]!),
        type: fields[dash + 1]!,
        superblock: fields[dash + 3]!.split(","),
      }];
    }),
  );
}

const bind = (
  destination: string,
  source: string,
  ...options: string[]
): Mount => ({ destination, type: "bind", source, options });

const OPTIONS: [string[], string[]][] = [
  [["bind"], ["relatime", "rw"]],
  [["bind", "ro"], ["relatime", "ro"]],
  [["bind", "rw"], ["relatime", "rw"]],
  [["bind", "ro", "rw"], ["relatime", "rw"]],
  [["bind", "nosuid"], ["nosuid", "relatime", "rw"]],
  [["bind", "nodev"], ["nodev", "relatime", "rw"]],
  [["bind", "noexec"], ["noexec", "relatime", "rw"]],
  [["bind", "noatime"], ["noatime", "rw"]],
  [["bind", "nodiratime"], ["nodiratime", "relatime", "rw"]],
  [["bind", "strictatime"], ["rw"]],
  [
    ["rbind", "ro", "nosuid", "nodev", "noexec", "noatime"],
    ["noatime", "nodev", "noexec", "nosuid", "ro"],
  ],
  [["bind", "nosymfollow"], ["nosymfollow", "relatime", "rw"]],
];
containerTest(
  "mounts: options of bind mounts",
  script("true"),
  async (container) => {
    const path = source(container);
    addMounts(
      container,
      ...OPTIONS.map(([options], i) => bind(`/at${i}`, path, ...options)),
    );
    const seen = await mounts(container);
    OPTIONS.forEach(([options, wanted], i) => {
      assertEquals(seen.get(`/at${i}`)?.options, wanted, options.join());
    });
  },
);

containerTest(
  "mounts: options of a file system",
  script("true"),
  async (container) => {
    addMounts(
      container,
      {
        destination: "/t1",
        type: "tmpfs",
        source: "a name",
        options: ["nosuid", "noexec", "ro", "size=64k", "mode=700", "noatime"],
      },
      {
        destination: "/t2",
        type: "tmpfs",
        source: "tmpfs",
        options: ["uid=7", "gid=8", "nr_inodes=50", "strictatime"],
      },
      { destination: "/t3", type: "tmpfs" },
    );
    const seen = await mounts(container);
    const one = seen.get("/t1")!, two = seen.get("/t2")!;
    assertEquals(one.options, ["noatime", "noexec", "nosuid", "ro"]);
    for (const option of ["size=64k", "mode=700"]) {
      assert(one.superblock.includes(option), `${one.superblock}`);
    }
    assertEquals(two.options, ["rw"]);
    for (const option of ["uid=7", "gid=8", "nr_inodes=50"]) {
      assert(two.superblock.includes(option), `${two.superblock}`);
    }
    assertEquals(seen.get("/t3")!.type, "tmpfs");
  },
);

containerTest(
  "mounts: a tmpfs holds no more than its size",
  script("head -c 100000 /dev/zero >/t/x; stat -c %s /t/x"),
  async (container) => {
    addMounts(container, {
      destination: "/t",
      type: "tmpfs",
      source: "tmpfs",
      options: ["size=64k"],
    });
    const { stdout, stderr } = await container.run();
    assertEquals(stdout, "65536\n");
    assertMatch(stderr, /No space left on device|I\/O error/);
  },
);

containerTest(
  "mounts: an unknown option of a file system is an error that names it",
  script("true"),
  async (container) => {
    for (const option of ["nonsense", "nonsense=1", "size=nonsense"]) {
      change(container, (config) => {
        config.mounts = config.mounts.filter((m) => m.destination !== "/t");
        config.mounts.push({
          destination: "/t",
          type: "tmpfs",
          source: "tmpfs",
          options: ["mode=755", option],
        });
      });
      const result = await container.run();
      assertOneLine(result, /\/t \(mounts\[7\]/);
      assert(result.stderr.includes(option), result.stderr);
    }
  },
);

containerTest(
  "mounts: an unknown file system is an error that names it",
  script("true"),
  async (container) => {
    addMounts(container, { destination: "/t", type: "nofs", source: "x" });
    assertOneLine(await container.run(), /nofs on \/t \(mounts\[7\]\)/);
  },
);

containerTest(
  "mounts: a value that is too long is an error that says so",
  script("true"),
  async (container) => {
    const value = "a".repeat(5000);
    addMounts(container, {
      destination: "/t",
      type: "tmpfs",
      source: "tmpfs",
      options: [`mpol=${value}`],
    });
    assertOneLine(await container.run(), /mounts\[7\]\.options.*255 bytes/);
    change(container, (config) => {
      config.mounts.at(-1)!.options = [];
      config.mounts.at(-1)!.source = value;
    });
    assertOneLine(await container.run(), /mounts\[7\]/);
  },
);

containerTest(
  "mounts: rbind takes along what is mounted below, bind does not",
  script("cat /r/below/file /b/below/file; ls /b/below"),
  async (container) => {
    const path = source(container), below = source(container, "below");
    Deno.mkdirSync(`${path}/below`);
    assertSuccess(await run(["mount", "--bind", below, `${path}/below`]));
    try {
      addMounts(
        container,
        bind("/r", path, "rbind", "rro"),
        bind("/b", path, "bind"),
      );
      const { stdout, stderr } = await container.run();
      assertEquals(stdout, "below\n");
      assertMatch(stderr, /\/b\/below\/file.*No such file/);
      const seen = await mounts(container);
      assert(seen.get("/r/below")!.options.includes("ro"));
      assert(seen.get("/r")!.options.includes("ro"));
    } finally {
      await run(["umount", `${path}/below`]);
    }
  },
);

containerTest(
  "mounts: propagation is visible in mountinfo",
  script("true"),
  async (container) => {
    const path = source(container);
    // A mount of the host that is shared, whatever the host's others are.
    assertSuccess(await run(["mount", "--bind", path, path]));
    try {
      assertSuccess(await run(["mount", "--make-shared", path]));
      addMounts(
        container,
        bind("/none", path, "bind"),
        bind("/private", path, "rbind", "rprivate"),
        bind("/slave", path, "rbind", "rslave"),
        bind("/shared", path, "rbind", "rshared"),
        bind("/unbindable", path, "bind", "unbindable"),
      );
      const seen = await mounts(container);
      const of = (name: string) => seen.get(name)!.propagation;
      assertEquals(of("/private"), []);
      assertEquals(of("/slave"), ["master"]);
      assert(of("/shared").includes("shared"), of("/shared").join());
      assertEquals(of("/unbindable"), ["unbindable"]);
      assertEquals(of("/none").includes("shared"), false, "none reaches out");
    } finally {
      await run(["umount", path]);
    }
  },
);

containerTest(
  "mounts: a file is bound on a file, a folder on a folder",
  script("cat /new/deep/file; ls /new/folder; stat -c %F /new/deep/file"),
  async (container) => {
    const path = source(container);
    addMounts(
      container,
      bind("/new/deep/file", `${path}/file`, "bind"),
      bind("/new/folder", path, "bind"),
      bind("/new/null", "/dev/null", "bind"),
    );
    assertEquals(
      assertSuccess(await container.run()).stdout,
      "source\nfile\nregular file\n",
    );
    // The mount points that were missing are there, and are nothing more.
    const rootfs = container.rootfs;
    assertEquals(Deno.statSync(`${rootfs}/new/deep/file`).size, 0);
    assert(Deno.statSync(`${rootfs}/new/folder`).isDirectory);
    assertEquals([...Deno.readDirSync(`${rootfs}/new/folder`)], []);
    assert(Deno.statSync(`${rootfs}/new/null`).isFile);
    assertEquals(Deno.statSync(`${rootfs}/new/deep`).mode! & 0o777, 0o755);
  },
);

containerTest(
  "mounts: a folder on a file, and a file on a folder, are errors",
  script("true"),
  async (container) => {
    const path = source(container);
    const originals = readConfig(container.bundle).mounts;
    for (
      const mount of [
        bind("/etc/passwd", path, "bind"),
        bind("/etc", `${path}/file`, "bind"),
        { destination: "/etc/passwd", type: "tmpfs", source: "tmpfs" },
        { destination: "/etc/passwd/x", type: "tmpfs", source: "tmpfs" },
      ]
    ) {
      change(container, (config) => config.mounts = [...originals, mount]);
      assertOneLine(await container.run(), /mounts\[7\].*directory/);
    }
  },
);

containerTest(
  "mounts: links of the root file system lead to places inside",
  script(
    `cat /real/one/file /real/two/x/file /abs/file
    readlink /link; readlink /var/run`,
  ),
  async (container) => {
    const path = source(container), { rootfs } = container;
    for (const name of ["real/one", "real/two", "abs", "var", "run/x"]) {
      Deno.mkdirSync(`${rootfs}/${name}`, { recursive: true });
    }
    Deno.symlinkSync("real/one", `${rootfs}/link`);
    Deno.symlinkSync("../../../../real/two", `${rootfs}/real/up`);
    Deno.symlinkSync("/abs", `${rootfs}/var/abs`);
    Deno.symlinkSync("/run", `${rootfs}/var/run`);
    addMounts(
      container,
      bind("/link", path, "bind"),
      bind("/real/up/x", path, "bind"),
      bind("/var/abs", path, "bind"),
      bind("/var/run/x", path, "bind"),
    );
    assertEquals(
      assertSuccess(await container.run()).stdout,
      "source\nsource\nsource\nreal/one\n/run\n",
    );
  },
);

containerTest(
  "mounts: a link whose target is missing is followed inside",
  script("cat /etc/resolv.conf /run/stub-resolv.conf"),
  async (container) => {
    const path = source(container), { rootfs } = container;
    // As in the images of several distributions.
    Deno.symlinkSync("../run/stub-resolv.conf", `${rootfs}/etc/resolv.conf`);
    addMounts(container, bind("/etc/resolv.conf", `${path}/file`, "bind"));
    assertEquals(
      assertSuccess(await container.run()).stdout,
      "source\nsource\n",
    );
  },
);

containerTest(
  "mounts: the order is the config's: later ones cover earlier ones",
  script("cat /a/file /a/b/file; ls /a"),
  async (container) => {
    const one = source(container, "one"), two = source(container, "two");
    Deno.mkdirSync(`${two}/b`);
    addMounts(
      container,
      bind("/a", one, "bind"),
      bind("/a", two, "bind"),
      bind("/a/b", one, "bind"),
    );
    assertEquals(
      assertSuccess(await container.run()).stdout,
      "two\none\nb\nfile\n",
    );
  },
);

containerTest(
  "mounts: destinations without a slash, with dots and slashes",
  script("cat /a/b/file /c/file"),
  async (container) => {
    const path = source(container);
    addMounts(
      container,
      bind("a//./b/", path, "bind"),
      bind("/x/../../c", path, "bind"),
    );
    assertEquals(
      assertSuccess(await container.run()).stdout,
      "source\nsource\n",
    );
  },
);

containerTest(
  "mounts: a source relative to the bundle",
  script("cat /a/file"),
  async (container) => {
    Deno.mkdirSync(`${container.bundle}/data`);
    Deno.writeTextFileSync(`${container.bundle}/data/file`, "of the bundle\n");
    addMounts(container, bind("/a", "data", "bind"));
    const { stdout } = assertSuccess(
      await container.run([], { cwd: "/" }),
    );
    assertEquals(stdout, "of the bundle\n");
  },
);

containerTest(
  "mounts: one on / is refused, or is what the container sees",
  script("ls /bin/sh"),
  async (container) => {
    const other = `${container.folder}/other`;
    Deno.mkdirSync(`${other}/seen`, { recursive: true });
    addMounts(container, bind("/", other, "bind"));
    change(container, (config) => config.process.args = ["ls", "/"]);
    const { code, stdout } = await container.run();
    // To go on without it would be to ignore it.
    if (code === 0) assertEquals(stdout, "seen\n");
  },
);

containerTest(
  "mounts: a read-only root leaves mounts writable",
  script(
    `(echo x >/x) 2>/dev/null && echo wrote the root
    (echo x >/etc/x) 2>/dev/null && echo wrote etc
    echo x >/w/x && echo x >/t/x && echo wrote mounts
    mount -o remount,rw / 2>/dev/null && echo remounted; exit 0`,
    (config) => config.root.readonly = true,
  ),
  async (container) => {
    addMounts(
      container,
      bind("/w", source(container), "bind"),
      { destination: "/t", type: "tmpfs", source: "tmpfs" },
    );
    assertEquals(
      assertSuccess(await container.run()).stdout,
      "wrote mounts\n",
    );
    assertEquals((await mounts(container)).get("/")!.options[0], "relatime");
    assert((await mounts(container)).get("/")!.options.includes("ro"));
  },
);

const PROPAGATION: Record<string, (tags: string[]) => boolean> = {
  private: (tags) => tags.length === 0,
  rprivate: (tags) => tags.length === 0,
  unbindable: (tags) => tags.includes("unbindable"),
  shared: (tags) => tags.includes("shared"),
  rshared: (tags) => tags.includes("shared"),
  slave: (tags) => !tags.includes("shared"),
  rslave: (tags) => !tags.includes("shared"),
};
for (const [name, fits] of Object.entries(PROPAGATION)) {
  containerTest(
    `mounts: rootfsPropagation ${name}`,
    script("true", (config) => config.linux["rootfsPropagation"] = name),
    async (container) => {
      const { propagation } = (await mounts(container)).get("/")!;
      assert(fits(propagation), propagation.join());
    },
  );
}

containerTest(
  "mounts: with rootfsPropagation slave the host's later mounts come in",
  script("sleep 100", (config) => config.linux["rootfsPropagation"] = "rslave"),
  async (container) => {
    const path = source(container), other = source(container, "other");
    Deno.mkdirSync(`${path}/later`);
    assertSuccess(await run(["mount", "--bind", path, path]));
    try {
      assertSuccess(await run(["mount", "--make-shared", path]));
      addMounts(container, bind("/in", path, "rbind", "rslave"));
      assertSuccess(await container.create());
      assertSuccess(await container.start());
      const { pid } = await container.state();
      const inside = `/proc/${pid}/root/in/later/file`;
      assertEquals(readIfThere(inside), "");
      assertSuccess(await run(["mount", "--bind", other, `${path}/later`]));
      assertEquals(readIfThere(inside), "other\n");
      assertSuccess(await run(["umount", `${path}/later`]));
      assertEquals(readIfThere(inside), "");
      assertSuccess(await container.davit(["delete", "--force", container.id]));
    } finally {
      await run(["umount", "-R", path]);
    }
  },
);

containerTest(
  "mounts: with rshared, as for a storage driver, the container's reach it",
  script("mount -t tmpfs tmpfs /in/new && sleep 100", (config) => {
    config.linux["rootfsPropagation"] = "rshared";
    for (const set of ["bounding", "effective", "permitted"] as const) {
      config.process.capabilities[set].push("CAP_SYS_ADMIN");
    }
  }),
  async (container) => {
    const path = source(container);
    Deno.mkdirSync(`${path}/new`);
    assertSuccess(await run(["mount", "--bind", path, path]));
    try {
      assertSuccess(await run(["mount", "--make-shared", path]));
      addMounts(container, bind("/in", path, "rbind", "rshared"));
      assertSuccess(await container.create());
      assertSuccess(await container.start());
      await until(
        "the host has the container's mount",
        () => readIfThere("/proc/self/mountinfo").includes(`${path}/new `),
      );
      assertSuccess(await container.davit(["delete", "--force", container.id]));
    } finally {
      await run(["umount", "-R", path]);
    }
  },
);

containerTest(
  "mounts: what a container mounts does not reach the host",
  script(
    "mount -t tmpfs tmpfs /in && mount -t tmpfs tmpfs /tmp && echo mounted",
    (config) => {
      for (const set of ["bounding", "effective", "permitted"] as const) {
        config.process.capabilities[set].push("CAP_SYS_ADMIN");
      }
    },
  ),
  async (container) => {
    const path = source(container);
    addMounts(container, bind("/in", path, "rbind"));
    const before = hostMounts(container);
    assertEquals(assertSuccess(await container.run()).stdout, "mounted\n");
    assertEquals(hostMounts(container), before);
  },
);

containerTest(
  "mounts: a create that fails late leaves no mount",
  script("true"),
  async (container) => {
    addMounts(
      container,
      bind("/in", source(container), "rbind"),
      { destination: "/t", type: "tmpfs", source: "tmpfs" },
      { destination: "/t2", type: "tmpfs", options: ["nonsense"] },
    );
    const before = hostMounts(container);
    assert((await container.run()).code !== 0);
    assertEquals(hostMounts(container), before);
    assertEquals(container.leftovers(), []);
  },
);

containerTest(
  "mounts: a hundred of them",
  script("cat /many/*/file | wc -l"),
  async (container) => {
    const path = source(container);
    addMounts(
      container,
      ...Array.from(
        { length: 100 },
        (_, i) => bind(`/many/${i}`, path, "rbind", "ro"),
      ),
    );
    assertEquals(assertSuccess(await container.run()).stdout, "100\n");
  },
);
