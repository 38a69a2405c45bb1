/** Users, groups, capabilities, devices and cgroups. Each attack is under its number. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { readConfig } from "../bundle.ts";
import { assertRefused, attack } from "../canary.ts";
import type { Config } from "../config.ts";
import {
  change,
  command,
  containerTest,
  rootTest,
  script,
} from "../container.ts";
import { assertSuccess, readIfThere } from "../davit.ts";
import { exec, execTest, shell } from "../exec.ts";
import { needs, UserContainer } from "../user.ts";

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
    `CVE-2024-40635, CVE-2026-46680: only a valid 32-bit number is a ${name}`,
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
    `GHSA-g54h-m393-cpwq, CVE-2020-2023: devices are denied with ${
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

containerTest(
  "CVE-2022-24769, GHSA-c9cp-9c75-9v8c: spec gives no inheritable capability",
  script("grep CapInh /proc/self/status"),
  async (container) => {
    const { capabilities } = readConfig(container.bundle).process;
    assertEquals(capabilities.inheritable ?? [], []);
    const { stdout } = assertSuccess(await container.run());
    assertEquals(stdout, `CapInh:\t${"0".repeat(16)}\n`);
  },
);

const NO_CAPABILITIES = {
  bounding: [],
  permitted: [],
  effective: [],
  inheritable: [],
  ambient: [],
};
execTest(
  "CVE-2022-29162, CVE-2022-27650, CVE-2025-27612: --cap gives what it names, nothing else inherits it",
  (config) => config.process.capabilities = { ...NO_CAPABILITIES },
  async (container) => {
    const look = "grep ^Cap /proc/self/status";
    const sets = (text: string) =>
      Object.fromEntries(
        text.split("\n").map((line) => line.split(":\t") as [string, string]),
      );
    const none = "0".repeat(16);
    const before = sets(await shell(container, look));
    assertEquals([...new Set(Object.values(before))], [none]);
    const admin = "0000000000200000"; // bit 21
    const withCap = async (...flags: string[]) => {
      const all = [...flags, "--cap", "CAP_SYS_ADMIN"];
      const result = await exec(container, all, ["sh", "-c", look]);
      return sets(assertSuccess(result).stdout.trimEnd());
    };
    const given = await withCap();
    assertEquals(given.CapInh, none);
    assertEquals(given.CapPrm, admin);
    assertEquals(given.CapBnd, admin);
    assertEquals((await withCap("--user", "1000:1000")).CapInh, none);
    // It was for that process: neither the container nor the next has it.
    const { pid } = await container.state();
    assert(readIfThere(`/proc/${pid}/status`).includes(`CapBnd:\t${none}`));
    assertEquals(sets(await shell(container, look)), before);
  },
);

execTest(
  "CVE-2026-30892: --user is exactly who it names",
  () => {},
  async (c) => {
    const exact: Record<string, string> = {
      "1": "1 0",
      "1:2": "1 2",
      "4294967294:4294967294": "4294967294 4294967294",
    };
    for (const [user, wanted] of Object.entries(exact)) {
      const found = await shell(c, "echo $(id -u) $(id -g)", ["--user", user]);
      assertEquals(found, wanted, user);
    }
    for (
      const user of ["", "-1", "4294967295", "4294967296", "1x", " 1", "0x0"]
    ) {
      const { code, stdout } = await exec(c, [`--user=${user}`], ["id", "-u"]);
      assert(code !== 0, `"${user}": ${stdout}`);
      assertEquals(stdout, "");
    }
  },
);

attack(
  "CVE-2026-47262: a passwd or group file without an end costs nothing",
  script(
    "echo $HOME; grep -E '^[UG]id' /proc/self/status | cut -f2",
    (config) => {
      config.process.user = { uid: 77, gid: 78 };
    },
  ),
  async (container) => {
    const files = ["passwd", "group"].map((n) =>
      `${container.rootfs}/etc/${n}`
    );
    const line = "root:x:0:0:root:/root:/bin/sh\n";
    const make: Record<string, (path: string) => void> = {
      "an endless device": (path) => Deno.symlinkSync("/dev/zero", path),
      "the host's file": (path) => Deno.symlinkSync("/../../etc/passwd", path),
      "a loop": (path) => Deno.symlinkSync(path.split("/").at(-1)!, path),
      "a folder": (path) => Deno.mkdirSync(path),
      "8 MiB": (path) =>
        Deno.writeTextFileSync(path, line.repeat((8 << 20) / line.length)),
      "one line of 8 MiB": (path) =>
        Deno.writeTextFileSync(path, "x".repeat(8 << 20)),
      "a FIFO": (path) => {
        new Deno.Command("mkfifo", { args: [path] }).outputSync();
      },
    };
    for (const [what, maker] of Object.entries(make)) {
      for (const path of files) {
        Deno.removeSync(path, { recursive: true });
        maker(path);
      }
      const { stdout } = assertSuccess(await container.run());
      assertEquals(stdout, "/\n77\n78\n", what);
    }
  },
);

rootTest(
  "CVE-2023-25809: an ordinary user's container writes to no cgroup of his",
  async () => {
    await using container = new UserContainer();
    await container.rootlessConfig((config) => {
      config.linux.namespaces = config.linux.namespaces.filter(({ type }) =>
        type !== "cgroup"
      );
      config.process.args = [
        "sh",
        "-c",
        `for f in $(find /sys/fs/cgroup -name cgroup.procs 2>/dev/null); do
          (echo $$ >$f) 2>/dev/null && echo wrote $f
        done; echo tried`,
      ];
    });
    const before = readIfThere("/proc/self/cgroup");
    const { stdout } = assertSuccess(await container.asUser(["run", "r1"]));
    assertEquals(stdout, "tried\n");
    assertEquals(readIfThere("/proc/self/cgroup"), before);
  },
  needs(),
);

rootTest(
  "CVE-2014-8989: an ordinary user's container cannot drop its groups",
  async () => {
    await using container = new UserContainer();
    await container.rootlessConfig((config) => {
      config.process.args = ["cat", "/proc/self/setgroups"];
    });
    const { stdout } = assertSuccess(await container.asUser(["run", "r1"]));
    assertEquals(stdout, "deny\n");
  },
  needs(),
);

containerTest(
  "CVE-2022-0492: spec gives no right to mount, nor a writable release_agent",
  script(
    `mkdir /tmp/c 2>/dev/null
    for type in cgroup cgroup2; do
      mount -t $type -o memory none /tmp 2>/dev/null && echo mounted $type
      mount -t $type none /tmp 2>/dev/null && echo mounted $type
    done
    unshare -m true 2>/dev/null && echo unshared
    for f in $(find /sys/fs/cgroup -name release_agent); do
      (echo /evil >$f) 2>/dev/null && echo wrote $f
    done; echo tried`,
  ),
  async (container) => {
    const { capabilities } = readConfig(container.bundle).process;
    const all = Object.values(capabilities).flat();
    assertEquals(all.filter((name) => /SYS_ADMIN|SYS_PTRACE/.test(name)), []);
    assertEquals(assertSuccess(await container.run()).stdout, "tried\n");
  },
);

const WRONG_NAMES = [
  "..",
  ".",
  "a/b",
  "",
  "x".repeat(1025),
  "a b",
  "a\nb",
  "é",
];
attack(
  "crun 1.28 and 1.29: IDs and cgroup paths cannot leave their places",
  command(["true"]),
  async (container) => {
    for (const id of WRONG_NAMES) {
      for (const verb of ["create", "run", "state", "delete", "exec"]) {
        const flags = verb === "create" || verb === "run"
          ? ["--bundle", container.bundle]
          : verb === "delete"
          ? ["--force"]
          : [];
        const rest = verb === "exec" ? ["true"] : [];
        const { code, stdout } = await container.davit(
          [verb, ...flags, "--", id, ...rest],
        );
        assert(
          code !== 0 || verb === "delete",
          `${verb} ${JSON.stringify(id)}: ${stdout}`,
        );
      }
    }
    for (const path of ["../../x", "/../x", "/a/../../x", "a/./../../x"]) {
      change(container, (config) => config.linux.cgroupsPath = path);
      const cause = /linux\.cgroupsPath: must not have "\.\." in it/;
      assertRefused(container, await container.run(), cause);
    }
    change(container, (config) => {
      config.linux.cgroupsPath = `/davit-test/${container.id}`;
      config.process.args = ["sleep", "100"];
    });
    assertSuccess(await container.run(["--detach"]));
    for (const path of ["../x", "/../x", "a/../../x", ".."]) {
      const flags = ["--cgroup", path];
      const { code } = await exec(container, flags, ["true"]);
      assert(code !== 0, path);
    }
  },
);
