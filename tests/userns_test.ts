/** User namespaces with maps, made by root. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { IdMapping, Patch } from "./config.ts";
import { change, type Container, containerTest, script } from "./container.ts";
import { assertOneLine, assertSuccess, readIfThere } from "./davit.ts";
import { ConsoleSocket } from "./terminal.ts";

const HOST = 100_000;

function mapped(
  map: IdMapping[] = [{ containerID: 0, hostID: HOST, size: 65536 }],
): Patch {
  return (config) => {
    config.linux.namespaces.push({ type: "user" });
    config.linux.uidMappings = map;
    config.linux.gidMappings = map;
  };
}

const both = (...patches: Patch[]): Patch => (config) =>
  patches.forEach((patch) => patch(config));

async function output(container: Container): Promise<string> {
  return assertSuccess(await container.run()).stdout;
}

containerTest(
  "userns: root inside is the mapped user of the host",
  script(
    "id -u; id -g; touch /out/by-root; cat /out/secret; exit 0",
    mapped(),
  ),
  async (container) => {
    const out = `${container.folder}/out`;
    Deno.mkdirSync(out);
    Deno.chmodSync(out, 0o777);
    Deno.writeTextFileSync(`${out}/secret`, "secret\n", { mode: 0o600 });
    // Its root may not make what is missing in a folder of the host's root.
    Deno.mkdirSync(`${container.rootfs}/out`);
    change(container, (config) => {
      config.mounts.push({
        destination: "/out",
        type: "bind",
        source: out,
        options: ["rbind"],
      });
    });
    const { stdout, stderr } = assertSuccess(await container.run());
    assertEquals(stdout, "0\n0\n");
    assertMatch(stderr, /Permission denied/);
    const { uid, gid } = Deno.statSync(`${out}/by-root`);
    assertEquals([uid, gid], [HOST, HOST]);
  },
);

containerTest(
  "userns: a mount point that its root cannot make is one clear error",
  script("true", mapped()),
  async (container) => {
    change(container, (config) => {
      config.mounts.push({
        destination: "/missing",
        type: "tmpfs",
        source: "tmpfs",
      });
    });
    assertOneLine(
      await container.run(),
      /tmpfs on \/missing \(mounts\[7\]\): Permission denied/,
    );
  },
);

containerTest(
  "userns: the process on the host has the mapped IDs",
  script("sleep 100", (config) => {
    mapped()(config);
    config.process.user = { uid: 1000, gid: 1001, additionalGids: [7, 2000] };
  }),
  async (container) => {
    assertSuccess(await container.create());
    assertSuccess(await container.start());
    const { pid } = await container.state();
    const status = readIfThere(`/proc/${pid}/status`);
    const ids = (name: string) =>
      new RegExp(`^${name}:\\s+(.*)$`, "m").exec(status)![1]!.trim()
        .split(/\s+/).map(Number);
    assertEquals(ids("Uid"), Array(4).fill(HOST + 1000));
    assertEquals(ids("Gid"), Array(4).fill(HOST + 1001));
    assertEquals(ids("Groups"), [HOST + 7, HOST + 2000]);
    assert(
      Deno.readLinkSync(`/proc/${pid}/ns/user`) !==
        Deno.readLinkSync("/proc/self/ns/user"),
    );
    // Every other namespace belongs to it: no capability of the host's.
    assertEquals(
      readIfThere(`/proc/${pid}/uid_map`).trim().split(/\s+/).map(Number),
      [0, HOST, 65536],
    );
  },
);

containerTest(
  "userns: several lines of maps, and setgroups is allowed",
  script(
    `tr -s ' ' </proc/self/uid_map; tr -s ' ' </proc/self/gid_map
    cat /proc/self/setgroups`,
    mapped([
      { containerID: 0, hostID: HOST, size: 10 },
      { containerID: 10, hostID: HOST + 500, size: 1 },
      { containerID: 1000, hostID: HOST + 1000, size: 5 },
    ]),
  ),
  async (container) => {
    const maps = ` 0 ${HOST} 10\n 10 ${HOST + 500} 1\n 1000 ${HOST + 1000} 5\n`;
    // gid=5 of /dev/pts is mapped
    assertEquals(await output(container), `${maps}${maps}allow\n`);
  },
);

containerTest(
  "userns: different maps of users and groups",
  script("id -u; id -g; touch /out/x", mapped()),
  async (container) => {
    const out = `${container.folder}/out`;
    Deno.mkdirSync(out);
    Deno.chmodSync(out, 0o777);
    Deno.mkdirSync(`${container.rootfs}/out`);
    change(container, (config) => {
      config.linux.gidMappings = [
        { containerID: 0, hostID: 300_000, size: 65536 },
      ];
      config.mounts.push({
        destination: "/out",
        type: "bind",
        source: out,
        options: ["bind"],
      });
    });
    assertEquals(await output(container), "0\n0\n");
    const { uid, gid } = Deno.statSync(`${out}/x`);
    assertEquals([uid, gid], [HOST, 300_000]);
  },
);

containerTest(
  "userns: the host's devices are bound and work",
  script(
    `for d in null zero full random urandom tty; do
      stat -c '%n %t:%T' /dev/$d; done
    echo x >/dev/null && head -c 3 /dev/zero | wc -c
    (echo x >/dev/full) 2>/dev/null || echo full
    head -c 4 /dev/urandom | wc -c
    mknod /dev/made c 1 3 2>/dev/null || echo no mknod`,
    mapped(),
  ),
  async (container) => {
    assertEquals(
      await output(container),
      "/dev/null 1:3\n/dev/zero 1:5\n/dev/full 1:7\n/dev/random 1:8\n" +
        "/dev/urandom 1:9\n/dev/tty 5:0\n3\nfull\n4\nno mknod\n",
    );
  },
);

containerTest(
  "userns: proc, sysfs, mqueue and tmpfs mounts are there",
  script(
    `echo $$; ls /proc/1/status; ls /sys/class/net
    for m in /proc /sys /dev /dev/pts /dev/shm /dev/mqueue; do
      grep -q " $m " /proc/self/mountinfo || echo $m is no mount; done
    (echo x >/proc/sys/kernel/hostname) 2>/dev/null || echo read-only`,
    mapped(),
  ),
  async (container) => {
    assertEquals(
      await output(container),
      "1\n/proc/1/status\nlo\nread-only\n",
    );
  },
);

containerTest(
  "userns: bind mounts keep their attributes",
  script(
    `(echo x >/ro/file) 2>&1; (echo x >/rw/file) && echo written
    mount -o remount,rw,bind /ro 2>/dev/null && echo remounted
    umount /ro 2>/dev/null; (echo x >/ro/file) 2>/dev/null && echo wrote
    exit 0`,
    both(mapped(), (config) => {
      for (const set of ["bounding", "effective", "permitted"] as const) {
        config.process.capabilities[set].push("CAP_SYS_ADMIN");
      }
    }),
  ),
  async (container) => {
    for (const name of ["ro", "rw"]) {
      const source = `${container.folder}/${name}`;
      Deno.mkdirSync(source);
      Deno.writeTextFileSync(`${source}/file`, "before\n");
      Deno.chmodSync(`${source}/file`, 0o666);
      change(container, (config) => {
        config.mounts.push({
          destination: `/${name}`,
          type: "bind",
          source,
          options: ["bind", name],
        });
      });
    }
    Deno.mkdirSync(`${container.rootfs}/ro`);
    Deno.mkdirSync(`${container.rootfs}/rw`);
    assertMatch(await output(container), /Read-only file system\nwritten\n/);
    assertEquals(readIfThere(`${container.folder}/ro/file`), "before\n");
    assertEquals(readIfThere(`${container.folder}/rw/file`), "x\n");
  },
);

containerTest(
  "userns: masked and read-only paths hold against its own root",
  script(
    `umount /proc/kcore 2>/dev/null && echo unmasked
    mount -o remount,rw /proc/sys 2>/dev/null && echo writable
    cat /proc/kcore | wc -c`,
    both(mapped(), (config) => {
      for (const set of ["bounding", "effective", "permitted"] as const) {
        config.process.capabilities[set].push("CAP_SYS_ADMIN");
      }
    }),
  ),
  async (container) => {
    // Mounts of its own namespace may be its own to change: the host's not.
    const pattern = readIfThere("/proc/sys/kernel/core_pattern");
    await container.run();
    assertEquals(readIfThere("/proc/sys/kernel/core_pattern"), pattern);
  },
);

for (const own of [true, false]) {
  containerTest(
    `userns: a terminal ${own ? "of its own devpts" : "of the host's"}`,
    script(
      "test -t 0 && echo is a terminal; id -u; stat -c %u /proc/self/fd/0",
      (config) => {
        mapped()(config);
        config.process.terminal = true;
        if (own) return;
        config.mounts = config.mounts.filter(({ type }) => type !== "devpts");
      },
    ),
    async (container) => {
      using socket = new ConsoleSocket(`${container.folder}/console.sock`);
      const creation = await container.create([
        "--console-socket",
        socket.path,
      ]);
      assertSuccess(creation);
      const { master } = socket.receive();
      using _ = master;
      assertSuccess(await container.start());
      master.expect(/^is a terminal\r\n0\r\n/);
    },
  );
}

containerTest(
  "userns: a user that is not mapped is one clear error",
  script("id -u", (config) => {
    mapped([{ containerID: 0, hostID: HOST, size: 1000 }])(config);
    config.process.user = { uid: 5000, gid: 0 };
  }),
  async (container) => {
    assertOneLine(
      await container.run(),
      /process\.user\.uid: 5000 .*linux\.uidMappings/,
    );
  },
);

containerTest(
  "userns: a group that is not mapped is one clear error",
  script("id -u", (config) => {
    mapped([{ containerID: 0, hostID: HOST, size: 1000 }])(config);
    config.process.user = { uid: 0, gid: 0, additionalGids: [5000] };
  }),
  async (container) => {
    assertOneLine(
      await container.run(),
      /additionalGids\[0\]: 5000 .*linux\.gidMappings/,
    );
  },
);

containerTest(
  "userns: maps that overlap are refused with both named",
  script(
    "id -u",
    mapped([
      { containerID: 0, hostID: HOST, size: 10 },
      { containerID: 5, hostID: HOST + 100, size: 10 },
    ]),
  ),
  async (container) => {
    assertOneLine(await container.run(), /uidMappings.*overlap/);
  },
);

containerTest(
  "userns: nothing of the host's is root's to change",
  script(
    `hostname changed 2>&1; ip link add x type dummy 2>&1 | head -n 1
    (echo 1 >/proc/sys/vm/drop_caches) 2>&1
    cat /proc/self/status | grep CapEff; exit 0`,
    both(mapped(), (config) => config.linux.readonlyPaths = []),
  ),
  async (container) => {
    const before = Deno.hostname();
    assertMatch(await output(container), /Permission denied|Read-only/);
    assertEquals(Deno.hostname(), before);
  },
);

containerTest(
  "userns: limits of resources and the cgroup hold (CVE-2025-47291)",
  script("sleep 100", (config) => {
    mapped()(config);
    config.linux.resources = { pids: { limit: 20 } };
  }),
  async (container) => {
    assertSuccess(await container.create());
    const { pid } = await container.state();
    // Before the program runs it is where it belongs.
    const line = readIfThere(`/proc/${pid}/cgroup`).split("\n")
      .find((line) => /:pids:|^0::/.test(line))!;
    assert(line.includes(container.id), line);
  },
);
