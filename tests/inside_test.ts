/** What a container's first process sees of itself. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { CapabilitySet, Patch } from "./config.ts";
import {
  command,
  Container,
  containerTest,
  rootTest,
  script,
} from "./container.ts";
import { assertSuccess, run } from "./davit.ts";
import { inside, sees } from "./inside.ts";

const namespaces = ["pid", "net", "ipc", "uts", "mnt"];
rootTest("inside: every namespace is a new one", async () => {
  const all = [...namespaces, "cgroup"];
  const links = await inside(
    all.map((name) => `readlink /proc/self/ns/${name}`).join("\n"),
    (config) => {
      if (!config.linux.namespaces.some(({ type }) => type === "cgroup")) {
        config.linux.namespaces.push({ type: "cgroup" });
      }
    },
  );
  links.split("\n").forEach((link, i) => {
    assertMatch(link, new RegExp(`^${all[i]}:\\[\\d+\\]$`));
    assert(link !== Deno.readLinkSync(`/proc/self/ns/${all[i]}`), link);
  });
});

rootTest("inside: a namespace that is not listed is the host's", async () => {
  const links = await inside(
    "readlink /proc/self/ns/net; readlink /proc/self/ns/ipc",
    (config) => {
      config.linux.namespaces = config.linux.namespaces
        .filter(({ type }) => type !== "network" && type !== "ipc");
      config.mounts = config.mounts.filter(({ type }) =>
        type !== "mqueue" && type !== "sysfs"
      );
    },
  );
  assertEquals(links.split("\n"), [
    Deno.readLinkSync("/proc/self/ns/net"),
    Deno.readLinkSync("/proc/self/ns/ipc"),
  ]);
});

rootTest("inside: namespaces can be those of another container", async () => {
  await using sandbox = new Container(command(["sleep", "100"]));
  assertSuccess(await sandbox.create());
  assertSuccess(await sandbox.start());
  const { pid } = await sandbox.state();
  const types = { pid: "pid", network: "net", ipc: "ipc", uts: "uts" };
  const links = await inside(
    Object.values(types).map((n) => `readlink /proc/self/ns/${n}`).join("\n"),
    (config) => {
      for (const entry of config.linux.namespaces) {
        if (!(entry.type in types)) continue;
        entry.path = `/proc/${pid}/ns/${types[entry.type as "pid"]}`;
      }
      config.hostname = "";
      delete (config as Record<string, unknown>).hostname;
    },
  );
  assertEquals(
    links.split("\n"),
    Object.values(types).map((n) => Deno.readLinkSync(`/proc/${pid}/ns/${n}`)),
  );
});

sees("it is process 1", "echo $$", "1");
sees("it has the hostname of the config", "hostname", "its-name", (config) => {
  config.hostname = "its-name";
});
sees("its network has only lo", "ls /sys/class/net", "lo");
sees(
  "uid, gid and groups",
  "id -u; id -g; id -G; grep Groups /proc/self/status",
  "1000\n1001\n1001 5 2000\nGroups:\t5 2000",
  (config) => {
    config.process.user = { uid: 1000, gid: 1001, additionalGids: [5, 2000] };
  },
);
sees("root has no more groups than it is given", "id -G", "0");
sees("umask is 0022 by default", "umask", "0022");
sees("umask of the config", "umask", "0027", (config) => {
  config.process.user = { uid: 0, gid: 0, umask: 0o27 };
});
sees("cwd", "pwd; pwd -P", "/home\n/home", (config) => {
  config.process.cwd = "/home";
});
containerTest(
  "inside: env is the config's, in its order, and no more",
  command(["env"], (config) => {
    config.process.env = ["B=2", "A=1 and a half", "PATH=/bin", "HOME=/tmp"];
  }),
  async (container) => {
    assertEquals(
      assertSuccess(await container.run()).stdout,
      "B=2\nA=1 and a half\nPATH=/bin\nHOME=/tmp\n",
    );
  },
);
sees(
  "HOME is of the user in passwd when unset",
  "echo $HOME",
  "/home/user",
  (config) => {
    config.process.user = { uid: 1000, gid: 1000 };
  },
);
sees(
  "HOME is / for a user that is not in passwd",
  "echo $HOME",
  "/",
  (config) => {
    config.process.user = { uid: 4321, gid: 4321 };
  },
);
sees(
  "args arrive as they are",
  `echo "$0|$1|$2"`,
  "a b|  |ü'\"\\",
  (config) => {
    config.process.args.push("a b", "  ", "ü'\"\\");
  },
);

const CAPABILITIES = {
  CAP_KILL: 5,
  CAP_NET_BIND_SERVICE: 10,
  CAP_AUDIT_WRITE: 29,
};
function hex(...names: (keyof typeof CAPABILITIES)[]): string {
  const bits = names.reduce((sum, name) => sum | 1 << CAPABILITIES[name], 0);
  return bits.toString(16).padStart(16, "0");
}
const capabilityLines = "grep Cap /proc/self/status";
const sets = (
  inheritable: string,
  permitted: string,
  effective: string,
  bounding: string,
  ambient: string,
) =>
  `CapInh:\t${inheritable}\nCapPrm:\t${permitted}\nCapEff:\t${effective}\nCapBnd:\t${bounding}\nCapAmb:\t${ambient}`;
function capabilities(lists: Partial<Record<CapabilitySet, string[]>>): Patch {
  return (config) => {
    config.process.capabilities = {
      bounding: [],
      effective: [],
      inheritable: [],
      permitted: [],
      ambient: [],
      ...lists,
    };
  };
}
const [kill, bind, audit] = Object.keys(CAPABILITIES) as [
  "CAP_KILL",
  "CAP_NET_BIND_SERVICE",
  "CAP_AUDIT_WRITE",
];
sees(
  "all five capability sets of a user",
  capabilityLines,
  sets(hex(kill), hex(kill), hex(kill), hex(kill, bind, audit), hex(kill)),
  (config) => {
    capabilities({
      bounding: [kill, bind, audit],
      permitted: [kill],
      effective: [kill],
      inheritable: [kill],
      ambient: [kill],
    })(config);
    config.process.user = { uid: 1000, gid: 1000 };
  },
);
sees(
  "root gets what its bounding set allows",
  capabilityLines,
  sets(hex(bind), hex(kill, bind), hex(kill, bind), hex(kill, bind), hex()),
  capabilities({
    bounding: [kill, bind],
    permitted: [kill, bind],
    effective: [kill, bind],
    inheritable: [bind],
  }),
);
sees(
  "no capabilities at all",
  capabilityLines,
  sets(hex(), hex(), hex(), hex(), hex()),
  capabilities({}),
);

sees(
  "rlimits",
  "ulimit -n; ulimit -Hn; ulimit -c; ulimit -Hs",
  "100\n200\n0\n8192",
  (config) => {
    config.process.rlimits = [
      { type: "RLIMIT_NOFILE", soft: 100, hard: 200 },
      { type: "RLIMIT_CORE", soft: 0, hard: 0 },
      { type: "RLIMIT_STACK", soft: 4096 * 1024, hard: 8192 * 1024 },
    ];
  },
);
for (const on of [true, false]) {
  sees(
    `no_new_privs is ${on}`,
    "grep NoNewPrivs /proc/self/status",
    `NoNewPrivs:\t${on ? 1 : 0}`,
    (config) => {
      config.process.noNewPrivileges = on;
    },
  );
}
sees("oom_score_adj", "cat /proc/self/oom_score_adj", "321", (config) => {
  config.process.oomScoreAdj = 321;
});
sees("only descriptors 0 to 2 are open", "exec ls /proc/self/fd", "0\n1\n2\n3"); // 3 is ls's own
sees(
  "signals are at their defaults and none is blocked",
  "exec grep -E 'Sig(Blk|Ign|Cgt)' /proc/self/status",
  ["SigBlk", "SigIgn", "SigCgt"].map((name) => `${name}:\t${"0".repeat(16)}`)
    .join("\n"),
);
sees(
  "its session and process group are its own",
  "cut -d' ' -f 5,6 /proc/1/stat",
  "1 1",
);
sees("the parent is nobody", "cut -d' ' -f 4 /proc/1/stat", "0");
rootTest("inside: a user namespace maps its ids", async () => {
  const mapped: Patch = (config) => {
    config.linux.namespaces.push({ type: "user" });
    const map = [{ containerID: 0, hostID: 100000, size: 65536 }];
    config.linux.uidMappings = map;
    config.linux.gidMappings = map;
  };
  await using container = new Container(script(
    `id -u; id -g; cat /proc/self/uid_map /proc/self/gid_map | tr -s ' '
    readlink /proc/self/ns/user; touch /tmp/x && stat -c %u /tmp/x`,
    (config) => {
      mapped(config);
      config.mounts.push({
        destination: "/tmp",
        type: "tmpfs",
        source: "tmpfs",
      });
    },
  ));
  const { stdout } = assertSuccess(await container.run());
  const lines = stdout.split("\n");
  assertEquals(lines.slice(0, 4), [
    "0",
    "0",
    " 0 100000 65536",
    " 0 100000 65536",
  ]);
  assert(lines[4] !== Deno.readLinkSync("/proc/self/ns/user"));
  assertEquals(lines[5], "0");
});

containerTest(
  "inside: --preserve-fds hands descriptors on, no other",
  script("ls /proc/self/fd; cat <&3"),
  async (container) => {
    Deno.writeTextFileSync(`${container.folder}/data`, "by descriptor\n");
    const line = container.words(
      "run",
      "--preserve-fds",
      "1",
      "--bundle",
      container.bundle,
      container.id,
    );
    const { stdout } = assertSuccess(
      await run([
        "sh",
        "-c",
        'f=$1; shift; exec "$@" 3<"$f" 4<"$f"',
        "sh",
        `${container.folder}/data`,
        ...line,
      ]),
    );
    assertEquals(stdout, "0\n1\n2\n3\n4\nby descriptor\n"); // 4 is ls's own
  },
);
