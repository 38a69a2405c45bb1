/** What is below /dev. */
import { assertEquals } from "@std/assert";
import { readConfig, writeConfig } from "./bundle.ts";
import type { Patch } from "./config.ts";
import { type Container, containerTest, script } from "./container.ts";
import { assertOneLine, assertSuccess } from "./davit.ts";

const LIST = `cd /dev; for f in null zero full random urandom tty; do
  stat -c '%n %F %t:%T %a' $f; done
  for l in fd stdin stdout stderr ptmx; do echo "$l $(readlink $l)"; done`;
const DEFAULT = ["null 1:3", "zero 1:5", "full 1:7", "random 1:8"]
  .concat("urandom 1:9", "tty 5:0")
  .map((line) => line.replace(" ", " character special file ") + " 666\n")
  .join("") +
  "fd /proc/self/fd\nstdin /proc/self/fd/0\nstdout /proc/self/fd/1\n" +
  "stderr /proc/self/fd/2\nptmx pts/ptmx\n";

const noDevMounts: Patch = (config) => {
  config.root.readonly = false;
  config.mounts = config.mounts.filter(({ destination }) =>
    !destination.startsWith("/dev")
  );
};

function change(container: Container, patch: Patch): void {
  const config = readConfig(container.bundle);
  patch(config);
  writeConfig(container.bundle, config);
}

containerTest(
  "devices: the defaults are there on a tmpfs",
  script(LIST),
  async (container) => {
    assertEquals(assertSuccess(await container.run()).stdout, DEFAULT);
    assertEquals([...Deno.readDirSync(`${container.rootfs}/dev`)], []);
  },
);

containerTest(
  "devices: and on the root file system itself, again and again",
  script(LIST, noDevMounts),
  async (container) => {
    for (let i = 0; i < 2; i++) {
      assertEquals(assertSuccess(await container.run()).stdout, DEFAULT);
    }
  },
);

containerTest(
  "devices: and where /dev is missing",
  script(LIST, noDevMounts),
  async (container) => {
    Deno.removeSync(`${container.rootfs}/dev`);
    assertEquals(assertSuccess(await container.run()).stdout, DEFAULT);
  },
);

for (
  const [what, put] of [
    ["a file", (path: string) => Deno.writeTextFileSync(path, "x")],
    ["a folder", (path: string) => Deno.mkdirSync(path)],
    ["a link", (path: string) => Deno.symlinkSync("/etc/passwd", path)],
    ["a dangling link", (path: string) => Deno.symlinkSync("/none", path)],
  ] as [string, (path: string) => void][]
) {
  containerTest(
    `devices: ${what} in the place of /dev/null is refused`,
    script("true", noDevMounts),
    async (container) => {
      put(`${container.rootfs}/dev/null`);
      assertOneLine(await container.run(), /\/dev\/null.*: /);
      assertEquals(container.leftovers(), []);
    },
  );
}

containerTest(
  "devices: a /dev of the host's is left as it is",
  script("ls -l /dev/null | cut -c 1; test -e /dev/canary && echo canary"),
  async (container) => {
    const dev = `${container.folder}/dev`;
    Deno.mkdirSync(dev);
    Deno.writeTextFileSync(`${dev}/canary`, "");
    Deno.writeTextFileSync(`${dev}/null`, "");
    change(container, (config) => {
      noDevMounts(config);
      config.mounts.push({
        destination: "/dev",
        type: "bind",
        source: dev,
        options: ["rbind"],
      });
    });
    assertEquals(assertSuccess(await container.run()).stdout, "-\ncanary\n");
    assertEquals([...Deno.readDirSync(dev)].length, 2);
  },
);

containerTest(
  "devices: links that the image has are kept",
  script("readlink /dev/stdin; readlink /dev/ptmx", noDevMounts),
  async (container) => {
    Deno.symlinkSync("elsewhere", `${container.rootfs}/dev/stdin`);
    assertEquals(
      assertSuccess(await container.run()).stdout,
      "elsewhere\npts/ptmx\n",
    );
  },
);

containerTest(
  "devices: a user who is not root can use them",
  script(
    "echo x >/dev/null && head -c 2 /dev/urandom | wc -c; echo y >>/dev/stdout",
    (config) => config.process.user = { uid: 1000, gid: 1000 },
  ),
  async (container) => {
    assertEquals(assertSuccess(await container.run()).stdout, "2\ny\n");
  },
);
