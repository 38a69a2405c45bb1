/** Which program runs, where, and as what. */
import { assert, assertEquals } from "@std/assert";
import { change, command, containerTest, script } from "./container.ts";
import { assertOneLine, assertSuccess } from "./davit.ts";

containerTest(
  "program: PATH is searched as the user, what is denied is passed over",
  command(["tool"], (config) => {
    config.process.user = { uid: 1000, gid: 1000 };
    config.process.env = ["PATH=/secret:/folder:/plain:/good:/secret"];
  }),
  async (container) => {
    const { rootfs } = container;
    for (const name of ["secret", "folder/tool", "plain", "good"]) {
      Deno.mkdirSync(`${rootfs}/${name}`, { recursive: true });
    }
    Deno.chmodSync(`${rootfs}/secret`, 0o700);
    for (const [name, mode] of [["plain", 0o644], ["good", 0o755]] as const) {
      const path = `${rootfs}/${name}/tool`;
      Deno.writeTextFileSync(path, `#!/bin/sh\necho ${name}\n`);
      Deno.chmodSync(path, mode);
    }
    assertEquals(assertSuccess(await container.run()).stdout, "good\n");
  },
);

containerTest(
  "program: one that only root may run is permission denied",
  command(["/bin/tool"], (config) => {
    config.process.user = { uid: 1000, gid: 1000 };
  }),
  async (container) => {
    const path = `${container.rootfs}/bin/tool`;
    Deno.writeTextFileSync(path, "#!/bin/sh\n");
    Deno.chmodSync(path, 0o700);
    assertOneLine(
      await container.run(),
      /exec: "\/bin\/tool": permission denied/,
    );
    change(container, (config) => config.process.args = ["tool"]);
    assertOneLine(await container.run(), /exec: "tool": permission denied/);
  },
);

containerTest(
  "program: one of init's own name runs as any other",
  command(["/bin/davit-init", "100"]),
  async (container) => {
    const path = `${container.rootfs}/bin/davit-init`;
    Deno.writeTextFileSync(path, "#!/bin/sh\nsleep 100\n");
    Deno.chmodSync(path, 0o755);
    assertSuccess(await container.create());
    assertSuccess(await container.start());
    assertEquals((await container.state()).status, "running");
  },
);

containerTest(
  "program: HOME is of the passwd of the image, of a mount, or /",
  script("echo $HOME", (config) => {
    config.process.user = { uid: 1000, gid: 1000 };
  }),
  async (container) => {
    const home = async () => assertSuccess(await container.run()).stdout;
    assertEquals(await home(), "/home/user\n");
    const passwd = `${container.folder}/passwd`;
    Deno.writeTextFileSync(passwd, "x:x:1000:1000::/of/the/mount:\n");
    change(container, (config) => {
      config.mounts.push({
        destination: "/etc/passwd",
        type: "bind",
        source: passwd,
        options: ["bind"],
      });
    });
    assertEquals(await home(), "/of/the/mount\n");
    change(container, (config) => config.mounts.pop());
    Deno.removeSync(`${container.rootfs}/etc/passwd`);
    Deno.symlinkSync("/etc/../../../..//etc/passwd", `${container.rootfs}/x`);
    Deno.symlinkSync(passwd, `${container.rootfs}/etc/passwd`);
    assertEquals(await home(), "/\n");
  },
);

containerTest(
  "program: a working directory that a user cannot enter by itself",
  script("pwd", (config) => {
    config.process.user = { uid: 1000, gid: 1000 };
    config.process.cwd = "/private/inner";
  }),
  async (container) => {
    const path = `${container.rootfs}/private/inner`;
    Deno.mkdirSync(path, { recursive: true });
    Deno.chmodSync(`${container.rootfs}/private`, 0o700);
    const { code, stdout, stderr } = await container.run();
    assert(code === 0, stderr);
    assertEquals(stdout.includes("/private/inner"), true);
  },
);

containerTest(
  "program: a working directory that is a link stays inside",
  script("pwd -P", (config) => config.process.cwd = "/w"),
  async (container) => {
    Deno.symlinkSync("../../../../home", `${container.rootfs}/w`);
    assertEquals(assertSuccess(await container.run()).stdout, "/home\n");
  },
);

containerTest(
  "program: a working directory that is a file is an error",
  script("pwd", (config) => config.process.cwd = "/etc/passwd"),
  async (container) => {
    assertOneLine(await container.run(), /\/etc\/passwd.*Not a directory/);
  },
);

containerTest(
  "program: it is no child of a process that it can trace or see",
  script(
    "ls /proc | grep -c '^[0-9]'; cat /proc/1/comm; ls -l /proc/1/cwd /proc/1/root | sed 's/.*-> //'",
  ),
  async (container) => {
    const lines = assertSuccess(await container.run()).stdout.split("\n");
    assertEquals(lines.slice(1, 4), ["sh", "/", "/"]);
  },
);

containerTest(
  "program: oomScoreAdj is set before it runs, and is its alone",
  command(["cat", "/proc/self/oom_score_adj"]),
  async (container) => {
    for (const score of [0, 1, 1000]) {
      change(container, (config) => config.process.oomScoreAdj = score);
      const { stdout } = assertSuccess(await container.run());
      assertEquals(stdout, `${score}\n`);
    }
  },
);
