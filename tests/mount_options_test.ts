/** Options of mounts, as the kernel shows them inside. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { change, containerTest, script } from "./container.ts";
import { assertOneLine, assertSuccess, run } from "./davit.ts";
import { addMounts, bind, mounts, source } from "./mounts.ts";

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
  "mounts: an error says what the file system has against an option",
  script("true"),
  async (container) => {
    for (
      const [options, message] of [
        [["nonsense"], /"nonsense".*: tmpfs: Unknown parameter 'nonsense'$/],
        [["size=x"], /"size=x".*mounts\[7\]\).*: tmpfs: Bad value for 'size'$/],
      ] as const
    ) {
      change(container, (config) => {
        config.mounts = config.mounts.filter((m) => m.destination !== "/t");
        config.mounts.push({
          destination: "/t",
          type: "tmpfs",
          options: [...options],
        });
      });
      assertOneLine(await container.run(), message);
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
  "mounts: an option that no bind mount has is an error that names it",
  script("true"),
  async (container) => {
    addMounts(
      container,
      bind("/b", source(container), "bind", "ro", "journal=1"),
      { destination: "/c", source: "/", options: ["rbind", "nonsense"] },
    );
    const { stderr, code } = await container.run();
    assert(code !== 0);
    assertMatch(stderr, /mounts\[7\]\.options\[2\].*bind mount.*"journal=1"/);
    assertMatch(stderr, /mounts\[8\]\.options\[1\].*bind mount.*"nonsense"/);
  },
);

containerTest(
  "mounts: remount changes attributes, those below, options, propagation",
  script("true"),
  async (container) => {
    const change = (destination: string, ...options: string[]) => ({
      destination,
      options: ["remount", ...options],
    });
    const tmpfs = (destination: string, ...options: string[]) => ({
      destination,
      type: "tmpfs",
      source: "tmpfs",
      options,
    });
    addMounts(
      container,
      tmpfs("/t", "size=64k", "nosuid"),
      tmpfs("/t/below", "size=64k"),
      change("/t", "ro", "size=128k", "rnodev", "rshared", "suid"),
      bind("/b", source(container), "bind"),
      change("/b", "bind", "ro", "noatime"),
    );
    const seen = await mounts(container);
    const t = seen.get("/t")!, below = seen.get("/t/below")!;
    assertEquals(t.options, ["nodev", "relatime", "ro"]);
    assert(t.superblock.includes("size=128k"), t.superblock.join());
    assertEquals(t.propagation, ["shared"]);
    assertEquals(below.options, ["nodev", "relatime", "rw"]);
    assert(below.superblock.includes("size=64k"), below.superblock.join());
    assertEquals(below.propagation, ["shared"]);
    assertEquals(seen.get("/b")!.options, ["noatime", "ro"]);
  },
);

containerTest(
  "mounts: remount refuses an option that the file system does not know",
  script("true"),
  async (container) => {
    addMounts(
      container,
      { destination: "/t", type: "tmpfs", source: "tmpfs" },
      { destination: "/t", options: ["remount", "nonsense=1"] },
    );
    assertOneLine(await container.run(), /nonsense=1.*\/t \(mounts\[8\]\)/);
  },
);

for (
  const [options, wanted] of [
    [["bind"], ["ro", "nosuid", "noexec", "nosymfollow"]],
    [["bind", "dev"], ["rw"]],
    [["bind", "ro"], ["ro"]],
    [["bind", "nodev", "noexec"], ["rw", "nodev", "noexec"]],
  ] as const
) {
  containerTest(
    `a bind mount with ${options} of one with ro, nosuid, noexec, nosymfollow`,
    script("grep ' /bound ' /proc/mounts | cut -d' ' -f4"),
    async (container) => {
      const source = `${container.folder}/source`;
      Deno.mkdirSync(source);
      change(container, (config) => {
        config.mounts.push({
          destination: "/bound",
          type: "bind",
          source,
          options: [...options],
        });
      });
      const words = container.words(
        "run",
        "-b",
        container.bundle,
        container.id,
      );
      const { stdout } = assertSuccess(
        await run([
          ...["unshare", "--mount", "sh", "-ec"],
          `mount -t tmpfs -o mode=755 t ${source}
          mount -o remount,bind,ro,nosuid,noexec,nosymfollow ${source}
          exec "$@"`,
          "sh",
          ...words,
        ]),
      );
      const all = ["ro", "rw", "nosuid", "nodev", "noexec", "nosymfollow"];
      const found = stdout.trim().split(",").filter((o) => all.includes(o));
      assertEquals(found.toSorted(), [...wanted].toSorted());
    },
    { programs: ["unshare"] },
  );
}
