/** Every mount option that `features` lists, seen from inside; and the peers'. */
import { assert, assertEquals } from "@std/assert";
import type { Mount } from "./config.ts";
import { change, type Container, containerTest, script } from "./container.ts";
import { assertSuccess, run } from "./davit.ts";
import { addMounts, bind, mounts, parse } from "./mounts.ts";

/** Flags of a mount, as mountinfo shows them, without `rw` and `relatime`. */
type Flags = readonly string[];

/** What an option sets (true) or clears (false); "r" + name for all below. */
const FLAGS: Readonly<Record<string, readonly [boolean, string]>> = {
  ro: [true, "ro"],
  rw: [false, "ro"],
  nosuid: [true, "nosuid"],
  suid: [false, "nosuid"],
  nodev: [true, "nodev"],
  dev: [false, "nodev"],
  noexec: [true, "noexec"],
  exec: [false, "noexec"],
  nodiratime: [true, "nodiratime"],
  diratime: [false, "nodiratime"],
  nosymfollow: [true, "nosymfollow"],
  symfollow: [false, "nosymfollow"],
};

/** The access time setting that an option leads to, for all mounts below. */
const TIMES: Readonly<Record<string, string>> = {
  noatime: "noatime",
  relatime: "relatime",
  strictatime: "",
  atime: "relatime",
  nostrictatime: "relatime",
};

/** For the mount alone: what is chosen takes the place of all the others. */
const CHOSEN: Readonly<Record<string, Flags>> = {
  noatime: ["noatime"],
  relatime: ["relatime"],
  strictatime: [],
  nodiratime: ["nodiratime", "relatime"],
};
/** And what chooses nothing leaves them. */
const LEAVING = ["atime", "diratime", "norelatime", "nostrictatime"];
const TIME_FLAGS = ["noatime", "relatime", "nodiratime"];

/** Options that leave everything as it is. */
const NOTHING = ["defaults", "silent", "loud", "rnorelatime"];
/** For the file system as a whole: what mountinfo shows of it then. */
const SUPERBLOCK: Readonly<Record<string, string>> = {
  sync: "sync",
  async: "",
  dirsync: "dirsync",
  lazytime: "lazytime",
  nolazytime: "",
  mand: "mand",
  nomand: "",
  iversion: "",
  noiversion: "",
  acl: "",
  noacl: "",
};
const PROPAGATION: Readonly<Record<string, string>> = {
  private: "",
  shared: "shared",
  slave: "",
  unbindable: "unbindable",
};
/** Other files test them. */
const ELSEWHERE = ["bind", "rbind", "remount", "idmap", "ridmap", "tmpcopyup"];

/** All that are not clear by default. */
const LOCKED: Flags = [
  "noatime",
  "nodev",
  "nodiratime",
  "noexec",
  "nosuid",
  "nosymfollow",
  "ro",
];

function after(flags: Flags, option: string): Flags {
  const flag = FLAGS[option], time = TIMES[option];
  const others = (...names: string[]) =>
    flags.filter((name) => !names.includes(name));
  if (flag !== undefined) {
    const [on, name] = flag;
    return on ? [...others(name), name].sort() : others(name);
  }
  if (time === undefined) return flags;
  const rest = others("noatime", "relatime");
  return time === "" ? rest : [...rest, time].sort();
}

/** What mountinfo is to show of the mount itself and of the one below. */
function expected(flags: Flags, option: string): readonly [Flags, Flags] {
  const inner = option.slice(1);
  const recursive = option.startsWith("r") &&
    (inner in FLAGS || inner in TIMES) && !(option in FLAGS) &&
    !(option in TIMES);
  if (recursive) return [after(flags, inner), after(flags, inner)];
  // With an option for itself a bind mount has no more of its source's.
  const plain = ["ro", "nosuid", "nodev", "noexec", "nosymfollow"];
  if (!PLAIN.includes(option)) return [flags, flags];
  const own = flags.filter((flag) => !plain.includes(flag));
  const chosen = CHOSEN[option];
  if (chosen !== undefined) {
    const others = own.filter((flag) => !TIME_FLAGS.includes(flag));
    return [[...others, ...chosen].sort(), flags];
  }
  return [LEAVING.includes(option) ? own : after(own, option), flags];
}

const RECURSIVE = [...Object.keys(FLAGS), ...Object.keys(TIMES)];
const PLAIN = [...RECURSIVE, "norelatime"];
const ATTRIBUTES = [...PLAIN, ...RECURSIVE.map((name) => `r${name}`)];

/** Two trees of the host: one mount in another, each with these flags. */
async function withTrees(
  { folder }: Container,
  use: (plain: string, locked: string) => Promise<void>,
): Promise<void> {
  const plain = `${folder}/plain`, locked = `${folder}/locked`;
  const tmpfs = (path: string) => run(["mount", "-t", "tmpfs", "tmpfs", path]);
  try {
    for (const path of [plain, locked]) {
      Deno.mkdirSync(path);
      assertSuccess(await tmpfs(path));
      Deno.mkdirSync(`${path}/below`);
      assertSuccess(await tmpfs(`${path}/below`));
    }
    for (const path of [`${locked}/below`, locked]) {
      const options = `remount,bind,${LOCKED.join()}`;
      assertSuccess(await run(["mount", "-o", options, path]));
    }
    await use(plain, locked);
  } finally {
    await run(["umount", "-R", plain]);
    await run(["umount", "-R", locked]);
  }
}

containerTest(
  "mount options: each attribute, set and cleared, alone and below",
  script("true"),
  async (container) => {
    await withTrees(container, async (plain, locked) => {
      for (const option of [...ATTRIBUTES, ...NOTHING]) {
        addMounts(
          container,
          bind(`/p/${option}`, plain, "rbind", option),
          bind(`/l/${option}`, locked, "rbind", option),
        );
      }
      const seen = await mounts(container);
      const flags = (path: string) =>
        seen.get(path)!.options.filter((flag) => flag !== "rw");
      for (const option of [...ATTRIBUTES, ...NOTHING]) {
        for (const [at, before] of [["p", ["relatime"]], ["l", LOCKED]]) {
          const [top, below] = expected(before as Flags, option);
          const what = `${option} on a mount with ${before}`;
          assertEquals(flags(`/${at}/${option}`), top, what);
          assertEquals(flags(`/${at}/${option}/below`), below, what);
        }
      }
    });
  },
);

const tmpfs = (destination: string, ...options: string[]): Mount => ({
  destination,
  type: "tmpfs",
  source: "tmpfs",
  options,
});

containerTest(
  "mount options: each attribute of a new file system",
  script("true"),
  async (container) => {
    for (const option of ATTRIBUTES) {
      addMounts(container, tmpfs(`/n/${option}`, option));
    }
    const seen = await mounts(container);
    for (const option of ATTRIBUTES) {
      const [top] = expected(["relatime"], option);
      assertEquals(
        seen.get(`/n/${option}`)!.options.filter((flag) => flag !== "rw"),
        top,
        option,
      );
    }
  },
);

containerTest(
  "mount options: those of the file system as a whole",
  script("true"),
  async (container) => {
    const names = Object.keys(SUPERBLOCK);
    for (const name of names) {
      addMounts(container, tmpfs(`/s/${name}`, name));
      addMounts(container, bind(`/b/${name}`, "/", "bind", name));
    }
    const seen = await mounts(container);
    const all = Object.values(SUPERBLOCK).filter((shown) => shown !== "");
    for (const name of names) {
      const shown = seen.get(`/s/${name}`)!.superblock;
      const wanted = SUPERBLOCK[name] === "" ? [] : [SUPERBLOCK[name]!];
      assertEquals(shown.filter((flag) => all.includes(flag)), wanted, name);
      // A bind mount is of a file system that others use: it stays as it is.
      assertEquals(seen.get(`/b/${name}`)!.options, ["relatime", "rw"]);
    }
  },
);

containerTest(
  "mount options: propagation, of a bind mount and of a file system",
  script("true"),
  async (container) => {
    await withTrees(container, async (plain) => {
      const names = Object.keys(PROPAGATION).flatMap((n) => [n, `r${n}`]);
      for (const name of names) {
        addMounts(
          container,
          bind(`/p/${name}`, plain, "rbind", "rprivate", name),
          tmpfs(`/t/${name}`, name),
        );
      }
      const seen = await mounts(container);
      for (const name of names) {
        const recursive = !(name in PROPAGATION);
        const tag = PROPAGATION[recursive ? name.slice(1) : name]!;
        const wanted = tag === "" ? [] : [tag];
        const at = (path: string) => seen.get(path)!.propagation;
        assertEquals(at(`/p/${name}`), wanted, name);
        assertEquals(at(`/p/${name}/below`), recursive ? wanted : [], name);
        assertEquals(at(`/t/${name}`), wanted, name);
      }
    });
  },
);

containerTest(
  "mount options: `features` lists these, and no others",
  script("true"),
  async (container) => {
    const { stdout } = assertSuccess(await container.davit(["features"]));
    assertEquals(
      JSON.parse(stdout).mountOptions,
      [
        ...ATTRIBUTES,
        ...NOTHING,
        ...Object.keys(SUPERBLOCK),
        ...Object.keys(PROPAGATION).flatMap((name) => [name, `r${name}`]),
        ...ELSEWHERE,
      ].filter((name, i, all) => all.indexOf(name) === i).sort(),
    );
  },
);

containerTest(
  "mount options: what they do",
  script(
    `no() { if "$@" 2>/dev/null; then echo "can: $*"; fi; }
    for d in ro rro; do no touch /$d/x; no touch /$d/y; done
    no touch /rro/below/x; touch /ro/below/x && echo below is not
    cat /noexec/link >/dev/null
    no /noexec/program; no /noexec/below/program
    no head -c1 /nodev/null; no head -c1 /nodev/below/null
    no cat /nosym/link; no cat /nosym/below/link
    touch -a -d @1000 /noatime/file && cat /noatime/file
    stat -c %X /noatime/file`,
    (config) => {
      const caps = config.process.capabilities;
      for (const set of ["bounding", "effective", "permitted"] as const) {
        caps[set].push("CAP_DAC_OVERRIDE");
      }
      // The devices cgroup forbids nothing here: the mount does.
      config.linux.resources = { devices: [{ allow: true, access: "rwm" }] };
    },
  ),
  async (container) => {
    await withTrees(container, async (plain) => {
      for (const path of [plain, `${plain}/below`]) {
        Deno.writeTextFileSync(`${path}/file`, "text\n");
        Deno.symlinkSync("file", `${path}/link`);
        Deno.copyFileSync(
          `${container.rootfs}/bin/busybox`,
          `${path}/program`,
        );
        Deno.chmodSync(`${path}/program`, 0o755);
        assertSuccess(await run(["mknod", `${path}/null`, "c", "1", "3"]));
      }
      addMounts(
        container,
        bind("/ro", plain, "rbind", "ro"),
        bind("/rro", plain, "rbind", "rro"),
        bind("/noexec", plain, "rbind", "rnoexec"),
        bind("/nodev", plain, "rbind", "rnodev"),
        bind("/nosym", plain, "rbind", "rnosymfollow"),
        bind("/noatime", plain, "rbind", "rnoatime"),
      );
      assertEquals(
        assertSuccess(await container.run()).stdout,
        "below is not\ntext\n1000\n",
      );
    });
  },
);

/** What the peers, as Debian 12 has them, do not know or get wrong. */
const LACKS: Readonly<Record<string, readonly string[]>> = {
  runc: ["defaults", "ratime", "rnostrictatime"],
  crun: [
    "nosymfollow",
    "symfollow",
    "rnosymfollow",
    "rsymfollow",
    "ratime",
    "rdiratime",
    "rnoatime",
    "rnodiratime",
    "rnostrictatime",
    "rrelatime",
    "rstrictatime",
  ],
};

for (const [peer, lacks] of Object.entries(LACKS)) {
  containerTest(
    `mount options: bind mounts and file systems are as ${peer}'s`,
    script("true"),
    async (container) => {
      await withTrees(container, async (plain) => {
        const names = [...ATTRIBUTES, ...NOTHING].filter((name) =>
          !lacks.includes(name)
        );
        for (const name of names) {
          addMounts(container, bind(`/p/${name}`, plain, "rbind", name));
          // Of others there the peers know nothing, or say nothing.
          if (PLAIN.includes(name)) {
            addMounts(container, tmpfs(`/t/${name}`, name));
          }
        }
        const ours = await mounts(container);
        change(container, (config) => {
          config.ociVersion = "1.0.2";
          config.process.args = ["cat", "/proc/self/mountinfo"];
        });
        // crun runs on no host with a cgroup v2 beside those of v1.
        const hide = 'umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"';
        const words = ["unshare", "-m", "sh", "-c", hide, "sh", peer];
        const { stdout } = assertSuccess(
          await run([
            ...words,
            "--root",
            `${container.folder}/${peer}`,
            "run",
            "--bundle",
            container.bundle,
            container.id,
          ]),
        );
        const theirs = parse(stdout);
        const differences = names.flatMap((name) => [
          `/p/${name}`,
          `/p/${name}/below`,
          `/t/${name}`,
        ]).filter((path) => {
          const own = ours.get(path)?.options.join();
          return own !== theirs.get(path)?.options.join();
        });
        assert(theirs.size > names.length);
        assertEquals(
          differences.map((path) =>
            `${path} ${ours.get(path)?.options} / ${theirs.get(path)?.options}`
          ),
          [],
        );
      });
    },
    { programs: [peer, "unshare"] },
  );
}
