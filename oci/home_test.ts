import { assert, assertEquals } from "@std/assert";
import { homeDirectory } from "./home.ts";

const PASSWD = "root:x:0:0:root:/root:/bin/sh\n" +
  "user:x:1000:1000:A User:/home/user:/bin/sh\n" +
  "nohome:x:1001:1001:::/bin/sh\n" +
  "other:x:1000:1000::/home/other:/bin/sh\n" +
  "short:x:1002\n" +
  "max:x:4294967295:0::/max:\n";

/** A root file system, beside which lies a host's file. */
function withRootfs(test: (rootfs: string, outside: string) => void): void {
  const folder = Deno.makeTempDirSync();
  const rootfs = `${folder}/rootfs`;
  try {
    Deno.mkdirSync(`${rootfs}/etc`, { recursive: true });
    Deno.writeTextFileSync(`${rootfs}/etc/passwd`, PASSWD);
    Deno.mkdirSync(`${folder}/outside`);
    Deno.writeTextFileSync(`${folder}/outside/passwd`, "x:x:1000:1000::/out:");
    test(rootfs, `${folder}/outside`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function replace(rootfs: string, link: string): void {
  Deno.removeSync(`${rootfs}/etc/passwd`);
  Deno.symlinkSync(link, `${rootfs}/etc/passwd`);
}

Deno.test("homeDirectory() finds the first entry of the user's ID", () => {
  withRootfs((rootfs) => {
    const homes = [0, 1000, 1001, 1002, 7, 4294967295].map((uid) =>
      homeDirectory(rootfs, [], uid)
    );
    assertEquals(homes, ["/root", "/home/user", "/", "/", "/", "/max"]);
  });
});

Deno.test("homeDirectory() is / where there is no usable file", () => {
  withRootfs((rootfs) => {
    const path = `${rootfs}/etc/passwd`;
    Deno.removeSync(path);
    assertEquals(homeDirectory(rootfs, [], 1000), "/");
    Deno.mkdirSync(path);
    assertEquals(homeDirectory(rootfs, [], 1000), "/");
    Deno.removeSync(`${rootfs}/etc`, { recursive: true });
    assertEquals(homeDirectory(rootfs, [], 1000), "/");
    assertEquals(homeDirectory(`${rootfs}/none`, [], 1000), "/");
    Deno.writeTextFileSync(`${rootfs}/etc`, PASSWD);
    assertEquals(homeDirectory(rootfs, [], 1000), "/");
  });
});

Deno.test("homeDirectory() keeps symbolic links inside the root", () => {
  withRootfs((rootfs, outside) => {
    for (
      const link of [
        `${outside}/passwd`,
        "../../outside/passwd",
        "../../../../../../../../../../../etc/passwd2",
        "/proc/self/root/etc/passwd",
        `/proc/${Deno.pid}/cwd/deno.json`,
      ]
    ) {
      replace(rootfs, link);
      assertEquals(homeDirectory(rootfs, [], 1000), "/", link);
    }
    Deno.mkdirSync(`${rootfs}/usr/lib`, { recursive: true });
    Deno.writeTextFileSync(`${rootfs}/usr/lib/passwd`, PASSWD);
    for (
      const link of ["/usr/lib/passwd", "../../../../usr/lib/passwd"]
    ) {
      replace(rootfs, link);
      assertEquals(homeDirectory(rootfs, [], 1000), "/home/user", link);
    }
    // The folder as a link, too.
    Deno.removeSync(`${rootfs}/etc`, { recursive: true });
    Deno.symlinkSync(outside, `${rootfs}/etc`);
    assertEquals(homeDirectory(rootfs, [], 1000), "/");
  });
});

Deno.test("homeDirectory() does not wait for a FIFO", async () => {
  const folder = Deno.makeTempDirSync();
  try {
    Deno.mkdirSync(`${folder}/etc`);
    const { code } = await new Deno.Command("mkfifo", {
      args: [`${folder}/etc/passwd`],
    }).output();
    assertEquals(code, 0);
    assertEquals(homeDirectory(folder, [], 0), "/");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("homeDirectory() reads no device", () => {
  // Inside the root the link leads nowhere; bound by the bundle it is there.
  withRootfs((rootfs) => {
    replace(rootfs, "/dev/zero");
    assertEquals(homeDirectory(rootfs, [], 0), "/");
    const mounts = [{ destination: "/etc/passwd", bindSource: "/dev/zero" }];
    assertEquals(homeDirectory(rootfs, mounts, 0), "/");
  });
});

Deno.test("homeDirectory() reads 1 MiB at the most", () => {
  withRootfs((rootfs) => {
    const path = `${rootfs}/etc/passwd`;
    const filler = `${"x".repeat(1023)}\n`;
    const late = "late:x:77:77::/late:\n";
    Deno.writeTextFileSync(path, PASSWD + filler.repeat(2048) + late);
    assertEquals(homeDirectory(rootfs, [], 0), "/root");
    assertEquals(homeDirectory(rootfs, [], 77), "/");
    // A sparse file costs no time.
    Deno.truncateSync(path, 2 ** 40);
    const before = performance.now();
    assertEquals(homeDirectory(rootfs, [], 0), "/root");
    assert(performance.now() - before < 500);
  });
});

Deno.test("homeDirectory() sees what is mounted over the file", () => {
  withRootfs((rootfs, outside) => {
    const look = (...mounts: Parameters<typeof homeDirectory>[1]) =>
      homeDirectory(rootfs, mounts, 1000);
    const etc = { destination: "/etc", bindSource: outside };
    const file = {
      destination: "/etc//./passwd",
      bindSource: `${outside}/passwd`,
    };
    const tmpfs = { destination: "/etc/" };
    assertEquals(look(etc), "/out");
    assertEquals(look(file), "/out");
    assertEquals(look(tmpfs), "/");
    assertEquals(look(etc, tmpfs), "/");
    assertEquals(look(tmpfs, file), "/out");
    assertEquals(look({ destination: "/", bindSource: `${outside}/..` }), "/");
    assertEquals(
      look({ destination: "/usr/../etc", bindSource: outside }),
      "/out",
    );
    const elsewhere = ["/etcetera", "/etc/passwd/x", "/etc/pass", "/usr"];
    for (const destination of elsewhere) {
      assertEquals(look({ destination }), "/home/user", destination);
    }
  });
});
