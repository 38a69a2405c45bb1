/** Where mounts go, and what is made for them. */
import { assert, assertEquals } from "@std/assert";
import { readConfig } from "./bundle.ts";
import { change, containerTest, script } from "./container.ts";
import { assertOneLine, assertSuccess } from "./davit.ts";
import { addMounts, bind, hostMounts, mounts, source } from "./mounts.ts";

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

containerTest(
  "mounts: a link into a missing folder has the folder made, inside",
  script(
    `cat /etc/resolv.conf /run/systemd/resolve/stub-resolv.conf /data/x/file
    cat /up/file; readlink /etc/resolv.conf`,
  ),
  async (container) => {
    const path = source(container), { rootfs } = container;
    const stub = "run/systemd/resolve/stub-resolv.conf";
    Deno.symlinkSync(`../${stub}`, `${rootfs}/etc/resolv.conf`);
    Deno.symlinkSync("/var/lib/data", `${rootfs}/data`);
    Deno.symlinkSync("../../../../../made/up", `${rootfs}/up`);
    addMounts(
      container,
      bind("/etc/resolv.conf", `${path}/file`, "bind"),
      bind("/data/x", path, "bind"),
      bind("/up", path, "bind"),
    );
    assertEquals(
      assertSuccess(await container.run()).stdout,
      `source\nsource\nsource\nsource\n../${stub}\n`,
    );
    assert(Deno.statSync(`${rootfs}/${stub}`).isFile);
    assert(Deno.statSync(`${rootfs}/var/lib/data/x`).isDirectory);
    assert(Deno.statSync(`${rootfs}/made/up`).isDirectory);
  },
);

containerTest(
  "mounts: a link into a missing folder of a tmpfs has it made there",
  script("cat /etc/resolv.conf; ls -R /run"),
  async (container) => {
    const path = source(container), { rootfs } = container;
    Deno.symlinkSync("/run/a/b", `${rootfs}/etc/resolv.conf`);
    addMounts(
      container,
      { destination: "/run", type: "tmpfs", source: "tmpfs" },
      bind("/etc/resolv.conf", `${path}/file`, "bind"),
    );
    assertEquals(
      assertSuccess(await container.run()).stdout,
      "source\n/run:\na\n\n/run/a:\nb\n",
    );
    assertEquals([...Deno.readDirSync(`${rootfs}/run`)], []);
  },
);

containerTest(
  "mounts: links that lead in circles are an error",
  script("true"),
  async (container) => {
    const { rootfs } = container;
    Deno.symlinkSync("two", `${rootfs}/one`);
    Deno.symlinkSync("one", `${rootfs}/two`);
    addMounts(container, bind("/one/x", source(container), "bind"));
    assertOneLine(await container.run(), /\/one\/x.*mounts\[7\]/);
  },
);

containerTest(
  "mounts: nothing may be mounted over or below /proc, but for a few files",
  script("cat /proc/uptime /proc/meminfo"),
  async (container) => {
    const path = source(container), { rootfs } = container;
    const originals = readConfig(container.bundle).mounts;
    for (const name of ["in", "self"]) Deno.mkdirSync(`${rootfs}/${name}`);
    Deno.symlinkSync("/proc/self/attr", `${rootfs}/attr`);
    const tmpfs = (destination: string) => ({ destination, type: "tmpfs" });
    for (
      const [mount, message] of [
        [bind("/proc", path, "bind"), /mounts\[7\].*not of type proc/],
        [bind("/in/../proc", path, "bind"), /not of type proc/],
        [tmpfs("/proc"), /mounts\[7\].destination.*must be a procfs/],
        [bind("/proc/self/attr", path, "bind"), /must not be below \/proc/],
        [tmpfs("proc/sys"), /mounts\[7\].destination.*below \/proc/],
        [bind("/attr", path, "bind"), /mounts\[7\].*a link leads into \/proc/],
        [tmpfs("/attr"), /mounts\[7\].*a link leads into \/proc/],
        [bind("/proc/uptime/x", path, "bind"), /must not be below \/proc/],
      ] as const
    ) {
      change(container, (config) => config.mounts = [...originals, mount]);
      assertOneLine(await container.run(), message);
    }
    change(container, (config) => {
      config.mounts = [
        ...originals,
        bind("/proc", "/proc", "rbind"),
        bind("/proc/uptime", `${path}/file`, "bind"),
        bind("/proc/meminfo", `${path}/file`, "bind"),
      ];
    });
    assertEquals(
      assertSuccess(await container.run()).stdout,
      "source\nsource\n",
    );
  },
);

containerTest(
  "mounts: mountinfo lists them in the config's order, bound ones too",
  script("cut -d' ' -f5 /proc/self/mountinfo | grep ^/tmp", (config) => {
    const tmpfs = { type: "tmpfs", source: "tmpfs" };
    const bound = { type: "none", source: "/usr", options: ["rbind", "ro"] };
    config.mounts.push(
      { destination: "/tmp", ...tmpfs },
      { destination: "/tmp/b", ...bound },
      { destination: "/tmp/c", ...tmpfs },
      { destination: "/tmp/a", ...bound, options: ["bind"] },
    );
  }),
  async (container) => {
    const { stdout } = assertSuccess(await container.run());
    assertEquals(stdout, "/tmp\n/tmp/b\n/tmp/c\n/tmp/a\n");
  },
);
