/** tmpcopyup: a tmpfs that begins with the files that it covers. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Mount } from "./config.ts";
import { change, type Container, containerTest, script } from "./container.ts";
import { assertOneLine, assertSuccess, run } from "./davit.ts";
import { addMounts, bind, mounts, source } from "./mounts.ts";

const tmpfs = (destination: string, ...options: string[]): Mount => ({
  destination,
  type: "tmpfs",
  source: "tmpfs",
  options: ["tmpcopyup", ...options],
});

/** Fills /data of the root file system with one file of each kind. */
async function fill({ rootfs }: Container): Promise<void> {
  const data = `${rootfs}/data`;
  Deno.mkdirSync(`${data}/sub/deep`, { recursive: true });
  Deno.writeTextFileSync(`${data}/file`, "text\n");
  Deno.writeTextFileSync(`${data}/sub/deep/big`, "0123456789".repeat(20_000));
  Deno.writeTextFileSync(`${data}/suid`, "#!\n");
  Deno.chownSync(`${data}/suid`, 3, 4);
  Deno.chmodSync(`${data}/suid`, 0o6751);
  Deno.chmodSync(`${data}/sub`, 0o1711);
  Deno.chownSync(`${data}/sub`, 5, 6);
  Deno.symlinkSync("/etc/passwd", `${data}/link`);
  Deno.symlinkSync("../../../outside", `${data}/sub/away`);
  assertSuccess(await run(["mkfifo", `${data}/fifo`]));
  assertSuccess(await run(["mknod", `${data}/null`, "c", "1", "3"]));
  Deno.utimeSync(`${data}/file`, 1000, 2000);
  Deno.chownSync(data, 7, 8);
  Deno.chmodSync(data, 0o777);
}

const LOOK = `cd /data
  stat -c '%n %F %a %u:%g' . fifo file link null sub sub/away sub/deep suid
  cat file; wc -c <sub/deep/big; readlink link; readlink sub/away
  stat -c %Y file; stat -c '%t:%T' null
  echo changed >file && echo new >new && rm sub/deep/big && cat file new`;

containerTest(
  "tmpcopyup: files of all kinds, owners, modes and times come along",
  script(LOOK),
  async (container) => {
    await fill(container);
    addMounts(container, tmpfs("/data", "size=1m"));
    assertEquals(
      assertSuccess(await container.run()).stdout.split("\n"),
      [
        ". directory 777 7:8",
        "fifo fifo 644 0:0",
        "file regular file 644 0:0",
        "link symbolic link 777 0:0",
        "null character special file 644 0:0",
        "sub directory 1711 5:6",
        "sub/away symbolic link 777 0:0",
        "sub/deep directory 755 0:0",
        "suid regular file 6751 3:4",
        "text",
        "200000",
        "/etc/passwd",
        "../../../outside",
        "2000",
        "1:3",
        "changed",
        "new",
        "",
      ],
    );
    // The files below stay as they were.
    const data = `${container.rootfs}/data`;
    assertEquals(Deno.readTextFileSync(`${data}/file`), "text\n");
    assertEquals(Deno.statSync(`${data}/sub/deep/big`).size, 200_000);
  },
);

containerTest(
  "tmpcopyup: options of the tmpfs go before what is below; ro comes last",
  script("true"),
  async (container) => {
    await fill(container);
    addMounts(container, tmpfs("/data", "mode=711", "uid=9", "ro"));
    change(container, (config) => {
      config.process.args = [
        "/bin/sh",
        "-c",
        "stat -c '%a %u:%g' /data; cat /data/file; echo x >/data/file",
      ];
    });
    const { stdout, stderr } = await container.run();
    assertEquals(stdout, "711 9:8\ntext\n");
    assertMatch(stderr, /Read-only file system/);
    assert((await mounts(container)).get("/data")!.options.includes("ro"));
  },
);

containerTest(
  "tmpcopyup: a mount point that is missing begins empty, links lead inside",
  script("ls -A /missing; cat /way/file; cat /data/file"),
  async (container) => {
    await fill(container);
    Deno.symlinkSync("/real", `${container.rootfs}/way`);
    Deno.mkdirSync(`${container.rootfs}/real`);
    Deno.writeTextFileSync(`${container.rootfs}/real/file`, "real\n");
    addMounts(
      container,
      tmpfs("/missing"),
      tmpfs("/way"),
      // What is mounted there already is what is copied.
      bind("/data", source(container), "bind"),
      tmpfs("/data"),
    );
    assertEquals(
      assertSuccess(await container.run()).stdout,
      "real\nsource\n",
    );
  },
);

containerTest(
  "tmpcopyup: too much for the tmpfs is an error that says so",
  script("true"),
  async (container) => {
    await fill(container);
    addMounts(container, tmpfs("/data", "size=64k"));
    assertOneLine(
      await container.run(),
      /tmpcopyup.*No space left on device/,
    );
    assertEquals(container.leftovers(), []);
  },
);

containerTest(
  "tmpcopyup: in a user namespace files keep the owners that they have",
  script("stat -c '%n %u:%g' /data/in /data/out; echo x >>/data/in", (c) => {
    c.linux.namespaces.push({ type: "user" });
    c.linux.uidMappings = [{ containerID: 0, hostID: 100000, size: 65536 }];
    c.linux.gidMappings = [{ containerID: 0, hostID: 100000, size: 65536 }];
  }),
  async (container) => {
    const data = `${container.rootfs}/data`;
    Deno.mkdirSync(data);
    for (const [name, id] of [["in", 100005], ["out", 5]] as const) {
      Deno.writeTextFileSync(`${data}/${name}`, "x");
      Deno.chownSync(`${data}/${name}`, id, id);
      Deno.chmodSync(`${data}/${name}`, 0o666);
    }
    addMounts(container, tmpfs("/data"));
    assertEquals(
      assertSuccess(await container.run()).stdout,
      "/data/in 5:5\n/data/out 65534:65534\n",
    );
  },
);
