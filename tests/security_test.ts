/**
 * Attacks that other runtimes fell to, each under its number. What lies outside
 * of the root file system is compared before and after: nothing may change.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { readConfig, writeConfig } from "./bundle.ts";
import type { Config, Patch } from "./config.ts";
import { command, Container, containerTest, script } from "./container.ts";
import {
  assertOneLine,
  assertSuccess,
  DAVIT,
  readIfThere,
  type Result,
  run,
} from "./davit.ts";
import { ConsoleSocket } from "./terminal.ts";

/** Every file below a folder: its type, mode, owner, size and content. */
function listing(folder: string): string[] {
  const lines: string[] = [];
  const walk = (path: string) => {
    const stat = Deno.lstatSync(path);
    const content = stat.isSymlink
      ? Deno.readLinkSync(path)
      : stat.isFile
      ? Deno.readTextFileSync(path)
      : "";
    const { mode, uid, gid, size, mtime } = stat;
    const time = mtime?.getTime();
    lines.push([path, mode, uid, gid, size, time, content].join(" "));
    if (!stat.isDirectory) return;
    for (const name of [...Deno.readDirSync(path)].map((e) => e.name).sort()) {
      walk(`${path}/${name}`);
    }
  };
  walk(folder);
  return lines;
}

/** The host's mounts, less what other tests change meanwhile. */
function hostMounts(folder: string): string[] {
  return readIfThere("/proc/self/mountinfo").split("\n")
    .map((line) => line.split(" ").slice(2).join(" "))
    .filter((line) => line.includes(folder) || !/ \/(tmp|run)\//.test(line))
    .sort();
}

/** A folder of the host with files that no container may touch. */
class Canary {
  readonly path: string;
  readonly #before: string[];
  readonly #folder: string;
  readonly #mounts: string[];

  constructor(container: Container) {
    this.#folder = container.folder;
    this.#mounts = hostMounts(this.#folder);
    this.path = `${container.folder}/outside`;
    Deno.mkdirSync(`${this.path}/deep/er`, { recursive: true });
    for (const name of ["ptmx", "passwd", "deep/file", "null"]) {
      Deno.writeTextFileSync(`${this.path}/${name}`, `canary ${name}\n`);
    }
    this.#before = listing(this.path);
  }

  assertUntouched(): void {
    assertEquals(listing(this.path), this.#before);
    assertEquals(hostMounts(this.#folder), this.#mounts);
  }
}

/** A test with a container and a canary beside its root file system. */
function attack(
  name: string,
  patch: Patch,
  test: (container: Container, canary: Canary) => Promise<void>,
): void {
  containerTest(name, patch, async (container) => {
    const canary = new Canary(container);
    try {
      await test(container, canary);
    } finally {
      canary.assertUntouched();
    }
  });
}

function change(container: Container, patch: Patch): void {
  const config = readConfig(container.bundle);
  patch(config);
  writeConfig(container.bundle, config);
}

/** Puts a symbolic link in the place of a folder of the root file system. */
function replaceByLink(container: Container, name: string, to: string): void {
  const path = `${container.rootfs}/${name}`;
  Deno.removeSync(path, { recursive: true });
  Deno.symlinkSync(to, path);
}

function assertRefused(container: Container, result: Result, cause: RegExp) {
  assertOneLine(result, cause);
  assertEquals(container.leftovers(), []);
}

async function sha256(path: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", Deno.readFileSync(path));
  return new Uint8Array(hash).toHex();
}

attack(
  "CVE-2019-5736: /proc/self/exe is nothing of the host's",
  command(["/evil"]),
  async (container) => {
    const before = await sha256(DAVIT);
    const evil = `${container.rootfs}/evil`;
    Deno.writeTextFileSync(evil, "#!/proc/self/exe\n");
    Deno.chmodSync(evil, 0o755);
    await container.run();
    assertEquals(await sha256(DAVIT), before);
    change(
      container,
      script(
        `for exe in /proc/[0-9]*/exe /proc/self/exe; do
          readlink $exe; (true >>$exe) 2>/dev/null && echo wrote $exe
        done; exit 0`,
        (config) => config.root.readonly = true,
      ),
    );
    const { stdout } = assertSuccess(await container.run());
    assertEquals(stdout.includes("wrote"), false, stdout);
    assertEquals(stdout.includes(DAVIT), false, stdout);
    assertEquals(await sha256(DAVIT), before);
  },
);

attack(
  "CVE-2019-5736: an init that waits is a sealed file in memory",
  command(["true"]),
  async (container) => {
    assertSuccess(await container.create());
    const { pid } = await container.state();
    const exe = `/proc/${pid}/exe`;
    assert(Deno.readLinkSync(exe) !== DAVIT);
    let opened = true;
    try {
      Deno.openSync(exe, { write: true }).close();
    } catch {
      opened = false;
    }
    assertEquals(opened, false);
    // A copy of it is open nowhere either.
    for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
      const link = Deno.readLinkSync(`/proc/${pid}/fd/${name}`);
      assertEquals(/memfd|davit$/.test(link), false, link);
    }
  },
);

attack(
  "CVE-2024-21626: the working directory cannot be a descriptor's",
  script("pwd; ls ../../../../..; exit 0"),
  async (container) => {
    for (let fd = 0; fd <= 30; fd++) {
      change(
        container,
        (config) => config.process.cwd = `/proc/self/fd/${fd}`,
      );
      const result = await container.run();
      assert(result.code !== 0, `${fd}: ${result.stdout}`);
      assertEquals(result.stdout, "");
    }
    for (let fd = 3; fd <= 12; fd++) {
      const link = `${container.rootfs}/work`;
      Deno.symlinkSync(`/proc/self/fd/${fd}`, link);
      change(container, (config) => config.process.cwd = "/work");
      const result = await container.run();
      assert(result.code !== 0, `${fd}: ${result.stdout}`);
      assertEquals(result.stdout, "");
      Deno.removeSync(link);
    }
  },
);

attack(
  "CVE-2024-21626: nor one that is preserved",
  script("pwd; ls; exit 0"),
  async (container, canary) => {
    change(container, (config) => config.process.cwd = "/proc/self/fd/3");
    const words = container.words(
      "run",
      "--preserve-fds",
      "1",
      "--bundle",
      container.bundle,
      container.id,
    );
    const result = await run([
      "sh",
      "-c",
      'd=$1; shift; exec "$@" 3<"$d"',
      "sh",
      canary.path,
      ...words,
    ]);
    assert(result.code !== 0);
    assertEquals(result.stdout, "");
  },
);

const ORDINARY = /must be mounted on ordinary directory/;

attack(
  "CVE-2019-19921: a /proc that is a symbolic link is refused",
  script("ls /proc /bad-proc; exit 0"),
  async (container) => {
    Deno.mkdirSync(`${container.rootfs}/bad-proc/self`, { recursive: true });
    replaceByLink(container, "proc", "/bad-proc");
    assertRefused(container, await container.run(), ORDINARY);
  },
);

for (
  const [name, destination] of [["sys", "/sys"], ["proc", "/a/../proc"]] as [
    string,
    string,
  ][]
) {
  attack(
    `CVE-2023-27561: so is ${destination} that is one`,
    script("exit 0"),
    async (container, canary) => {
      change(container, (config) => {
        for (const mount of config.mounts) {
          if (mount.destination === `/${name}`) mount.destination = destination;
        }
        config.mounts = config.mounts.filter(({ type }) => type !== "cgroup");
      });
      replaceByLink(container, name, canary.path);
      assertRefused(container, await container.run(), ORDINARY);
    },
  );
}

attack(
  "CVE-2025-54867: a link on the way to a mount of proc stays inside",
  script("exit 0"),
  async (container, canary) => {
    Deno.symlinkSync("../../../../../../../..", `${container.rootfs}/up`);
    Deno.symlinkSync(canary.path, `${container.rootfs}/out`);
    change(container, (config) => {
      for (const destination of ["/up/proc", "/out/deep"]) {
        config.mounts.push({ destination, type: "proc", source: "proc" });
      }
    });
    await container.run(); // refused or inside: the canary tells
  },
);

attack(
  "CVE-2019-18837: mount points behind links are inside",
  script("cat /d/x/file; ls -d $HOST/x && echo inside"),
  async (container, canary) => {
    Deno.symlinkSync(`/../..${canary.path}`, `${container.rootfs}/d`);
    Deno.mkdirSync(`${container.rootfs}${canary.path}`, { recursive: true });
    const source = `${container.folder}/source`;
    Deno.mkdirSync(source);
    Deno.writeTextFileSync(`${source}/file`, "from the source\n");
    change(container, (config) => {
      config.process.env.push(`HOST=${canary.path}`);
      config.mounts.push({
        destination: "/d/x",
        type: "bind",
        source,
        options: ["bind"],
      });
    });
    const { stdout } = assertSuccess(await container.run());
    assertMatch(stdout, /^from the source\n.*\ninside\n$/);
  },
);

/** Exchanges two names again and again until it is disposed of. */
class Swapper implements Disposable {
  readonly #worker: Worker;
  readonly #flags = new Int32Array(new SharedArrayBuffer(8));

  constructor(a: string, b: string) {
    const from = new URL("../ffi/syscall.ts", import.meta.url).href;
    const program = `import { syscall } from ${JSON.stringify(from)};
      onmessage = ({ data: { flags, a, b } }) => {
        while (Atomics.load(flags, 0) === 0) {
          syscall("renameat2", -100, a, -100, b, 2);
          Atomics.add(flags, 1, 1);
        }
        close();
      };`;
    this.#worker = new Worker(
      `data:application/javascript,${encodeURIComponent(program)}`,
      { type: "module" },
    );
    this.#worker.postMessage({ flags: this.#flags, a, b });
  }

  get swaps(): number {
    return Atomics.load(this.#flags, 1);
  }

  [Symbol.dispose](): void {
    Atomics.store(this.#flags, 0, 1);
    this.#worker.terminate();
  }
}

/** Mounts below a shared folder in which a name is now a link, now not. */
async function race(
  container: Container,
  canary: Canary,
  destination: string,
  type: "tmpfs" | "file",
): Promise<void> {
  const volume = `${container.folder}/volume`;
  Deno.mkdirSync(`${volume}/a/deep/er`, { recursive: true });
  Deno.symlinkSync(`/../../../../../..${canary.path}`, `${volume}/b`);
  change(container, (config) => {
    config.process.args = ["true"];
    config.mounts.push(
      {
        destination: "/vol",
        type: "bind",
        source: volume,
        options: ["rbind"],
      },
      type === "tmpfs" ? { destination, type, source: "tmpfs" } : {
        destination,
        type: "bind",
        source: `${container.bundle}/config.json`,
        options: ["bind"],
      },
    );
  });
  using swapper = new Swapper(`${volume}/a`, `${volume}/b`);
  for (let i = 0; i < 40; i++) {
    await container.run();
    for (const name of ["a", "b"]) {
      try {
        Deno.removeSync(`${volume}/${name}/new`, { recursive: true });
      } catch {
        // it was not made
      }
    }
    canary.assertUntouched();
  }
  assert(swapper.swaps > 1000, `${swapper.swaps} swaps`);
}

attack(
  "CVE-2021-30465: a mount point that is swapped for a link meanwhile",
  script("exit 0"),
  (container, canary) => race(container, canary, "/vol/a/deep/er", "tmpfs"),
);
attack(
  "CVE-2024-45310: so for one that has to be made",
  script("exit 0"),
  (container, canary) => race(container, canary, "/vol/a/new/x/y", "tmpfs"),
);
attack(
  "CVE-2024-45310: so for a file that has to be made",
  script("exit 0"),
  (container, canary) => race(container, canary, "/vol/a/new/x/file", "file"),
);

attack(
  "CVE-2025-24965: a mount point that is a link to a host's file",
  script("cat /etc/resolv.conf"),
  async (container, canary) => {
    const source = `${container.folder}/resolv.conf`;
    Deno.writeTextFileSync(source, "nameserver\n");
    Deno.symlinkSync(
      `${canary.path}/passwd`,
      `${container.rootfs}/etc/resolv.conf`,
    );
    change(container, (config) => {
      config.mounts.push({
        destination: "/etc/resolv.conf",
        type: "bind",
        source,
        options: ["bind", "ro"],
      });
    });
    const { code, stdout } = await container.run();
    // The link leads to nowhere inside: it may be refused.
    if (code === 0) assertEquals(stdout, "nameserver\n");
  },
);

/** Binds a folder of the attacker's on /dev or below it. */
function bindDev(
  container: Container,
  destination: string,
  links: Record<string, string>,
): void {
  const source = `${container.folder}/dev`;
  Deno.mkdirSync(source);
  for (const [name, to] of Object.entries(links)) {
    Deno.symlinkSync(to, `${source}/${name}`);
  }
  change(container, (config) => {
    config.mounts = config.mounts.filter((mount) =>
      !mount.destination.startsWith(destination)
    );
    config.mounts.push({
      destination,
      type: "bind",
      source,
      options: ["rbind"],
    });
  });
}

for (const present of [true, false]) {
  attack(
    `CVE-2025-31133: /dev/null ${present ? "is a link" : "is missing"}`,
    script(
      `stat -c '%F %t:%T' /masked
      (echo x >/proc/sys/kernel/core_pattern) 2>/dev/null && echo wrote
      (echo x >/masked) 2>/dev/null; cat /masked; exit 0`,
    ),
    async (container) => {
      const pattern = readIfThere("/proc/sys/kernel/core_pattern");
      bindDev(
        container,
        "/dev",
        present ? { null: "/proc/sys/kernel/core_pattern" } : {},
      );
      change(container, (config) => {
        config.linux.maskedPaths = ["/masked"];
        Deno.writeTextFileSync(`${container.rootfs}/masked`, "secret\n");
      });
      const { code, stdout } = await container.run();
      if (code === 0) {
        assertEquals(stdout, "character special file 1:3\n");
      }
      assertEquals(readIfThere("/proc/sys/kernel/core_pattern"), pattern);
    },
  );
}

attack(
  "CVE-2025-52565: /dev/pts/N is a link",
  script(
    "stat -L -c 'console %t' /dev/console; cat /secret",
    (config) => config.process.terminal = true,
  ),
  async (container) => {
    Deno.writeTextFileSync(`${container.rootfs}/secret`, "as it was\n");
    const names = ["ptmx", ...Array.from({ length: 64 }, (_, i) => `${i}`)];
    bindDev(
      container,
      "/dev/pts",
      Object.fromEntries(names.map((name) => [name, "/secret"])),
    );
    using socket = new ConsoleSocket(`${container.folder}/console.sock`);
    using creation = container.spawn([
      "create",
      "--bundle",
      container.bundle,
      "--console-socket",
      socket.path,
      container.id,
    ]);
    const { master } = socket.receive();
    using _ = master;
    assertSuccess(await creation.end());
    assertSuccess(await container.start());
    master.expect(/console 88\r\nas it was\r\n/); // major 136
  },
);

attack(
  "CVE-2025-52565: a devpts that is covered by a folder is refused",
  script("exit 0", (config) => config.process.terminal = true),
  async (container) => {
    const source = `${container.folder}/pts`;
    Deno.mkdirSync(source);
    Deno.symlinkSync("/dev/null", `${source}/ptmx`);
    change(container, (config) => {
      config.mounts.push({
        destination: "/dev/pts",
        type: "bind",
        source,
        options: ["bind"],
      });
    });
    const result = await container.create([
      "--console-socket",
      `${container.folder}/none.sock`,
    ]);
    assertRefused(container, result, /terminal|dev\/pts|console/);
  },
);

for (const mounted of [true, false]) {
  for (const relative of [true, false]) {
    attack(
      `CVE-2026-41579, CVE-2026-47766: /dev is a ${
        relative ? "relative" : "absolute"
      } link out, ${mounted ? "with" : "without"} mounts on it`,
      script("exit 0", (config) => {
        config.root.readonly = false;
        if (mounted) return;
        config.mounts = config.mounts.filter(({ destination }) =>
          !destination.startsWith("/dev")
        );
      }),
      async (container, canary) => {
        const to = relative ? "../../../outside" : canary.path;
        replaceByLink(container, "dev", to);
        // The same path inside, too: it is no excuse.
        Deno.mkdirSync(`${container.rootfs}${canary.path}`, {
          recursive: true,
        });
        const result = await container.run();
        assert(result.code !== 0);
        assertEquals(container.leftovers(), []);
      },
    );
  }
}

attack(
  "CVE-2026-47766: a device's path cannot leave /dev",
  script("exit 0", (config) => {
    config.linux.devices = [{
      type: "c",
      path: "/dev/../../x",
      major: 1,
      minor: 3,
    }];
  }),
  async (container) => {
    const { code } = await container.run();
    const made = [`${container.bundle}/x`, `${container.folder}/x`, "/x"]
      .filter((path) => readIfThere(path) !== "");
    assertEquals(made, []);
    assert(code === 0 || code === 1);
  },
);

attack(
  "CVE-2026-55686: a working directory is not made behind a link",
  script("pwd -P", (config) => {
    config.root.readonly = false;
    config.process.cwd = "/w/new";
  }),
  async (container, canary) => {
    Deno.symlinkSync(`../../outside`, `${container.rootfs}/w`);
    await container.run();
    Deno.removeSync(`${container.rootfs}/w`);
    Deno.symlinkSync(canary.path, `${container.rootfs}/w`);
    await container.run();
    change(container, (config) => config.process.cwd = "/w");
    await container.run();
  },
);

attack(
  "CVE-2020-2024: delete follows no link that replaced the state folder",
  command(["true"]),
  async (container, canary) => {
    assertSuccess(await container.create());
    const folder = `${container.root}/${container.id}`;
    const { pid } = await container.state();
    Deno.renameSync(folder, `${container.folder}/moved`);
    Deno.symlinkSync(canary.path, folder);
    await container.davit(["delete", "--force", container.id]);
    canary.assertUntouched();
    Deno.removeSync(folder);
    Deno.renameSync(`${container.folder}/moved`, folder);
    // A link inside the folder, and one over the bundle's root.
    Deno.symlinkSync(canary.path, `${folder}/link`);
    Deno.renameSync(container.rootfs, `${container.folder}/rootfs`);
    Deno.symlinkSync(canary.path, container.rootfs);
    assertSuccess(await container.davit(["delete", "--force", container.id]));
    Deno.removeSync(container.rootfs);
    Deno.renameSync(`${container.folder}/rootfs`, container.rootfs);
    assertMatch(readIfThere(`/proc/${pid}/stat`), /^$|\) [ZX] /);
  },
);

const WRONG_IDS: unknown[] = [
  -1,
  2 ** 32 - 1, // setresuid(2): leave it as it is
  2 ** 32,
  2 ** 53,
  1.5,
  "0",
  "1",
  "",
  true,
  [0],
];
for (const name of ["uid", "gid"] as const) {
  attack(
    `CVE-2024-40635: only a valid 32-bit number is a ${name}`,
    script("id -u; id -g"),
    async (container) => {
      const set = (value: unknown) =>
        change(container, (config) => {
          config.process.user = {
            uid: 1,
            gid: 1,
            [name]: value,
          } as Config["process"]["user"];
        });
      for (const value of [2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 32 - 2]) {
        set(value);
        assertEquals(
          assertSuccess(await container.run()).stdout,
          name === "uid" ? `${value}\n1\n` : `1\n${value}\n`,
        );
      }
      for (const value of WRONG_IDS) {
        set(value);
        const result = await container.run();
        const shown = `${JSON.stringify(value)}: ${result.stdout}`;
        assert(result.code !== 0, shown);
        assertMatch(result.stderr, new RegExp(`process\\.user\\.${name}`));
        assertEquals(result.stdout, "");
      }
    },
  );
}

attack(
  "CVE-2023-25173: the groups are exactly those of the config",
  script("grep Groups /proc/self/status"),
  async (container) => {
    for (const gids of [[], [5], [7, 3, 2 ** 31, 2 ** 32 - 2]]) {
      change(container, (config) => {
        config.process.user = { uid: 9, gid: 8, additionalGids: gids };
      });
      const { stdout } = assertSuccess(await container.run());
      const found = stdout.slice("Groups:".length).trim().split(/\s+/)
        .filter((word) => word !== "").map(Number);
      assertEquals(found, gids.toSorted((a, b) => a - b));
    }
  },
);

for (const rules of [undefined, []]) {
  attack(
    `GHSA-g54h-m393-cpwq: devices are denied with ${
      rules === undefined ? "no rules" : "an empty list of rules"
    }`,
    script(
      `mknod /disk b 8 0 2>/dev/null && (true </disk) 2>/dev/null && echo opened
      mknod /kmsg c 1 11 2>/dev/null && (true </kmsg) 2>/dev/null && echo opened
      for d in null zero random urandom; do
        head -c 1 </dev/$d >/dev/null || echo cannot read $d
      done
      echo x >/dev/null || echo cannot write null
      (echo x >/dev/full) 2>/dev/null || echo full is full
      (true </dev/ptmx) || echo no ptmx
      (true </dev/tty) 2>&1 | grep -o 'No such device or address'
      exit 0`,
      (config) => {
        config.root.readonly = false;
        for (const set of ["bounding", "effective", "permitted"] as const) {
          config.process.capabilities[set].push("CAP_MKNOD");
        }
        if (rules === undefined) delete config.linux.resources;
        else config.linux.resources = { devices: rules };
      },
    ),
    async (container) => {
      assertEquals(
        assertSuccess(await container.run()).stdout,
        "full is full\nNo such device or address\n",
      );
    },
  );
}

for (const umask of ["0", "022", "077"]) {
  attack(
    `CVE-2021-41103: what is kept is root's alone under umask ${umask}`,
    command(["true"]),
    async (container) => {
      const words = container.words(
        "create",
        "--bundle",
        container.bundle,
        container.id,
      );
      assertSuccess(
        await run(["sh", "-c", `umask ${umask}; exec "$@"`, "sh", ...words]),
      );
      const mode = (path: string) => Deno.lstatSync(path).mode! & 0o7777;
      const folder = `${container.root}/${container.id}`;
      assertEquals(mode(container.root), 0o700);
      assertEquals(mode(folder), 0o700);
      for (const { name, isFile } of Deno.readDirSync(folder)) {
        const wanted = /^(start|delete|kill-.*)$/.test(name) ? 0o700 : 0o600;
        if (isFile) assertEquals(mode(`${folder}/${name}`), wanted, name);
        assertEquals(mode(`${folder}/${name}`) & 0o077, 0, name);
      }
      const mapping = `${container.root}/containers-mapping`;
      for (const path of [mapping, `${mapping}/${container.id}`]) {
        assertEquals(mode(path), 0o750);
      }
    },
  );
}

attack(
  "CVE-2020-15257: no abstract socket is bound",
  command(["true"]),
  async (container) => {
    const abstract = () =>
      readIfThere("/proc/net/unix").split("\n")
        .map((line) => line.split(" ").at(-1)!)
        .filter((path) => path.startsWith("@") && /davit|t-/.test(path));
    const before = abstract();
    assertSuccess(await container.create());
    assertEquals(abstract(), before);
    assertMatch(
      readIfThere("/proc/net/unix"),
      new RegExp(`${container.root}/${container.id}/`),
    );
  },
);

attack(
  "CVE-2026-57231: no variable of the host's comes by a name alone",
  command(["env"]),
  async (container) => {
    const env = { SECRET: "of-the-host", SECRET_TOO: "of-the-host" };
    for (const entry of ["SECRET", "SECRET*", "*", "=x", ""]) {
      change(container, (config) => config.process.env = ["A=1", entry]);
      const { stdout } = await container.run([], { env });
      assertEquals(stdout.includes("of-the-host"), false, entry);
    }
  },
);

attack(
  "CVE-2026-84042: no program of the image's runs but the process",
  script("exit 0"),
  async (container) => {
    const names = "newuidmap newgidmap criu sh modprobe mount nsenter davit";
    for (const name of names.split(" ")) {
      const path = `${container.rootfs}/bin/${name}`;
      if (name !== "sh" && name !== "mount") {
        Deno.writeTextFileSync(path, "#!/bin/sh\necho x >/home/ran\n");
        Deno.chmodSync(path, 0o755);
      }
    }
    change(container, (config) => {
      config.root.readonly = false;
      config.process.env = ["PATH=/bin", "LD_PRELOAD=/bin/evil.so"];
    });
    assertSuccess(await container.run());
    assertEquals(readIfThere(`${container.rootfs}/home/ran`), "");
  },
);
