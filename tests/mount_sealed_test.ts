/** Mounts that are read-only and have others in them, and --no-pivot. */
import { assertEquals, assertMatch } from "@std/assert";
import { command, containerTest, script } from "./container.ts";
import { assertSuccess } from "./davit.ts";

containerTest(
  "a read-only /dev has its devices, links and mounts",
  script(
    `touch /dev/x 2>&1; touch /dev/shm/x && echo shm; echo y >/dev/null
    ls -l /dev/fd | sed 's/.*-> //'; test -c /dev/ptmx || ls /dev/pts`,
    (config) => {
      const dev = config.mounts.find(({ destination }) =>
        destination === "/dev"
      );
      dev!.options!.push("ro");
    },
  ),
  async (container) => {
    const { stdout } = assertSuccess(await container.run());
    assertMatch(
      stdout,
      /^touch: \/dev\/x: Read-only file system\nshm\n\/proc\/self\/fd\n/,
    );
  },
);

containerTest(
  "mounts of a read-only tmpfs get their places in it",
  script(
    "touch /a/x; touch /a/b/x && echo inner; touch /c/x && echo again",
    (config) => {
      config.mounts.push(
        { destination: "/a", type: "tmpfs", source: "t", options: ["ro"] },
        { destination: "/a/b", type: "tmpfs", source: "t" },
        { destination: "/c", type: "tmpfs", source: "t", options: ["ro"] },
        { destination: "/c", type: "tmpfs", options: ["remount", "rw"] },
      );
    },
  ),
  async (container) => {
    const { stdout, stderr } = await container.run();
    assertEquals(stdout, "inner\nagain\n");
    assertMatch(stderr, /^touch: \/a\/x: Read-only file system$/m);
  },
);

for (const user of [false, true]) {
  containerTest(
    `no-pivot: nobody can mount a whole /proc${
      user ? ", in a user namespace neither" : ""
    }`,
    command([
      "unshare",
      "-mrpf",
      "sh",
      "-ec",
      "mount -t proc none /proc && echo mounted",
    ], (config) => {
      // To map root into its own namespace.
      config.process.capabilities!.bounding!.push("CAP_SETFCAP");
      config.process.capabilities!.permitted!.push("CAP_SETFCAP");
      if (!user) return;
      config.linux.namespaces.push({ type: "user" });
      config.linux.uidMappings = config.linux.gidMappings = [
        { containerID: 0, hostID: 0, size: 100_000 },
      ];
    }),
    async (container) => {
      const { code, stderr, stdout } = await container.run(["--no-pivot"]);
      assertEquals([code, stdout], [1, ""]);
      assertMatch(stderr, /^mount: permission denied/m);
    },
  );
}

containerTest(
  "a tmpfs that says no mode has that of the directory that it covers",
  script(
    "stat -Lc %a /covered /linked /said /new; grep -c mode=710 /proc/mounts",
    (config) => {
      const tmpfs = (destination: string, ...options: string[]) =>
        config.mounts.push({
          destination,
          type: "tmpfs",
          source: "t",
          options,
        });
      tmpfs("/covered", "nosuid");
      tmpfs("/linked");
      tmpfs("/said", "mode=1500");
      tmpfs("/new/one");
    },
  ),
  async (container) => {
    for (const name of ["covered", "said"]) {
      Deno.mkdirSync(`${container.rootfs}/${name}`);
      Deno.chmodSync(`${container.rootfs}/${name}`, 0o710);
    }
    Deno.mkdirSync(`${container.rootfs}/tmp/target`);
    Deno.chmodSync(`${container.rootfs}/tmp/target`, 0o3751);
    Deno.symlinkSync("/tmp/target", `${container.rootfs}/linked`);
    const { stdout } = assertSuccess(await container.run());
    assertEquals(stdout, "710\n3751\n1500\n755\n1\n");
  },
);

containerTest(
  "a path that is masked twice is masked once",
  script(
    "grep -c ' /dir ' /proc/mounts; grep -c ' /file ' /proc/mounts",
    (config) => {
      config.linux.maskedPaths = ["/dir", "/file", "/dir/", "/file"];
    },
  ),
  async (container) => {
    Deno.mkdirSync(`${container.rootfs}/dir`);
    Deno.writeTextFileSync(`${container.rootfs}/file`, "");
    const { stdout } = assertSuccess(await container.run());
    assertEquals(stdout, "1\n1\n");
  },
);
