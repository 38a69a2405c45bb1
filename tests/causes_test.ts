/** The causes of failures, each made for real, are told with their mends. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Config, Patch } from "./config.ts";
import {
  change,
  command,
  Container,
  containerTest,
  rootTest,
} from "./container.ts";
import {
  assertOneLine,
  assertSuccess,
  readIfThere,
  run,
  until,
} from "./davit.ts";
import { umlMissing, underUml } from "./uml.ts";

/** Where this host has cgroup v2, alone or beside v1. */
const V2 = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].find((path) =>
  readIfThere(`${path}/cgroup.procs`) !== "" &&
  readIfThere(`${path}/tasks`) === ""
);

/** A test that `run` fails with a line that tells the cause. */
function fails(
  name: string,
  patch: Patch,
  expected: RegExp,
  prepare: (container: Container) => void = () => {},
  wrap: readonly string[] = [],
): void {
  containerTest(`the cause is told: ${name}`, patch, async (container) => {
    prepare(container);
    const words = container.words(
      "run",
      "--bundle",
      container.bundle,
      container.id,
    );
    // Root of a user namespace may not change the host's.
    if (wrap.includes("--user")) {
      words.splice(1, 0, "--cgroup-manager=disabled", "--log=/dev/null");
    }
    assertOneLine(await run([...wrap, ...words]), expected);
  });
}

/** Puts a program into the root file system. */
function program(text: string | Uint8Array, mode = 0o755) {
  return ({ rootfs }: Container) => {
    const bytes = typeof text === "string"
      ? new TextEncoder().encode(text)
      : text;
    Deno.writeFileSync(`${rootfs}/bin/program`, bytes);
    Deno.chmodSync(`${rootfs}/bin/program`, mode);
  };
}

/** An ELF header of a processor that this host is not. */
function foreign(): Uint8Array {
  const bytes = new Uint8Array(4096);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  new DataView(bytes.buffer).setUint16(16, 2, true);
  bytes[18] = 8; // MIPS
  return bytes;
}

const RUN = command(["/bin/program"]);

fails(
  "a script's interpreter is missing",
  RUN,
  /^exec \/bin\/program: no such file or directory; .*asks for the interpreter "\/bin\/bash", which is not in the root file system: install it/,
  program("#!/bin/bash\n"),
);
fails(
  "a script has the line ends of Windows",
  RUN,
  /; "\/bin\/program" asks for .*carriage return \(CRLF\): save it with Unix line ends$/,
  program("#!/bin/sh\r\necho\r\n"),
);
fails(
  "a program's loader is missing",
  RUN,
  /: no such file or directory; .*needs the loader "[^"]*ld-linux[^"]*", which is not in the root/,
  program(Deno.readFileSync("/bin/ls")),
);
fails(
  "a program is for another processor",
  RUN,
  /: exec format error; .*is for the processor mips, this host's is/,
  program(foreign()),
);
fails(
  "a script has no first line",
  RUN,
  /: exec format error; .*begins neither as ELF does nor with #!: begin a script with #!/,
  program("echo hello\n"),
);
fails(
  "a program is not executable",
  RUN,
  /: permission denied; "\/bin\/program" is not executable: chmod \+x/,
  program("#!/bin/sh\n", 0o644),
);

containerTest(
  "the cause is told: start finds what create could not",
  RUN,
  async (container) => {
    program("#!/bin/bash\n")(container);
    assertSuccess(await container.create());
    assertOneLine(
      await container.start(),
      /no such file or directory; .*asks for the interpreter "\/bin\/bash"/,
    );
  },
);

fails(
  "root without CAP_SYS_ADMIN",
  command(["true"]),
  /Operation not permitted.*; Davit has no CAP_SYS_ADMIN: run it as root/,
  undefined,
  [
    "setpriv",
    "--bounding-set=-sys_admin",
    "--inh-caps=-sys_admin",
  ],
);

/** A user namespace with a host's network, or another namespace less. */
function users(without: string, more: Patch = () => {}): Patch {
  return command(["true"], (config) => {
    const { linux } = config;
    linux.namespaces = linux.namespaces.filter((n) => n.type !== without);
    linux.namespaces.push({ type: "user" });
    linux.uidMappings = linux.gidMappings = [
      { containerID: 0, hostID: 0, size: 70000 },
    ];
    more(config);
  });
}

fails(
  "sysfs in a user namespace, with the host's network",
  users("network"),
  /mount sysfs on \/sys .*not permitted; a user namespace may mount sysfs only with a network namespace that it owns: add/,
);
fails(
  "mqueue in a user namespace, with the host's queues",
  users("ipc"),
  /mount mqueue .*; a user namespace may mount mqueue only with a ipc namespace/,
);

/** Makes a user namespace with its own mounts around Davit. */
function inUsers(script: string): string[] {
  return [
    "unshare",
    "--user",
    "--map-root-user",
    "--mount",
    "--pid",
    "--fork",
    "--mount-proc",
    "sh",
    "-c",
    `${script}; exec "$@"`,
    "sh",
  ];
}

fails(
  "parts of /proc are covered",
  command(["true"], noCgroupMount),
  /mount proc on \/proc .*; parts of this \/proc are covered \(\/proc\/fs\)/,
  undefined,
  [
    "unshare",
    "--mount",
    "sh",
    "-c",
    // What is covered outside stays covered in a user namespace.
    'mount -t tmpfs tmpfs /proc/fs && exec unshare --user --map-root-user --mount "$@"',
    "--user",
  ],
);

function noCgroupMount(config: Config): void {
  config.mounts = config.mounts.filter((m) => m.type !== "cgroup");
}

fails(
  "a bind mount without what is mounted below it, in a user namespace",
  command(["true"], (config) => {
    noCgroupMount(config);
    config.mounts.push({
      destination: "/x",
      source: "/sys/fs",
      options: ["bind"],
    });
  }),
  /mount source \/sys\/fs .*: Invalid argument; there are mounts below it \(\/sys\/fs\/\w+.*bind it with "rbind"$/,
  undefined,
  inUsers(":"),
);
fails(
  "a bind mount that takes of what the host's mount has, in a user namespace",
  users("", (config) => {
    config.mounts.push({
      destination: "/x",
      source: "/media",
      options: ["bind", "rw", "suid"],
    });
  }),
  /bind \/media to \/x .*not permitted; in a user namespace what the host's mount on \/media has stays \(ro,nosuid,relatime\): leave out/,
  undefined,
  [
    "unshare",
    "--mount",
    "sh",
    "-ec",
    'mount --bind -o ro,nosuid /media /media; exec "$@"',
    "sh",
  ],
);
fails(
  "a file system that the kernel has not",
  command(["true"], (config) => {
    config.mounts.push({ destination: "/x", type: "nosuchfs", source: "x" });
  }),
  /No such device; this kernel has no file system "nosuchfs": check the type/,
);
fails(
  "a mount point is missing where nothing can be made",
  command(["true"], (config) => {
    config.mounts.push({ destination: "/missing", type: "tmpfs" });
  }),
  /on \/missing .*: Read-only file system; "\/missing" is missing in the root/,
  undefined,
  [
    "unshare",
    "--mount",
    "sh",
    "-c",
    'for last; do :; done; for a; do [ "$b" = --bundle ] && d=$a; b=$a; done; mount --bind "$d/rootfs" "$d/rootfs" && mount -o remount,bind,ro "$d/rootfs" && exec "$@"',
    "sh",
  ],
);

/** Cgroups of v1 that are read-only in a mount namespace. */
fails(
  "cgroups are mounted read-only",
  command(["true"], (config) => {
    config.linux.resources = { pids: { limit: 20 } };
  }),
  /cgroup .*read-only file system; the cgroup file system is mounted read-only: mount -o remount,rw$/i,
  undefined,
  [
    "unshare",
    "--mount",
    "sh",
    "-c",
    'd=/sys/fs/cgroup/pids; [ -d $d ] || d=/sys/fs/cgroup; mount --bind $d $d && mount -o remount,bind,ro $d && exec "$@"',
    "sh",
  ],
);

containerTest(
  "the cause is told: a cgroup that may have no more below it",
  command(["true"]),
  async (container) => {
    const parent = `${V2}/davit-full-${container.id}`;
    Deno.mkdirSync(parent);
    try {
      Deno.writeTextFileSync(`${parent}/cgroup.max.descendants`, "0");
      change(container, (config) => {
        config.linux.cgroupsPath = `/davit-full-${container.id}/below`;
      });
      assertOneLine(
        await container.run(),
        /temporarily unavailable; ".*" may have no more cgroups below it: raise cgroup\.max\.descendants$/,
      );
    } finally {
      Deno.removeSync(parent);
    }
  },
  { missing: V2 === undefined ? "a mount of cgroup v2" : undefined },
);

rootTest("the cause is told: a cgroup with processes of its own", async () => {
  await using container = new Container(command(["true"], (config) => {
    config.linux.cgroupsPath = "/busy/below";
    config.linux.resources = { memory: { limit: 64 << 20 } };
  }));
  const { stdout } = await underUml("v2", [
    "sh",
    "-c",
    'mkdir /sys/fs/cgroup/busy && echo $$ >/sys/fs/cgroup/busy/cgroup.procs && "$@" 2>&1',
    "sh",
    ...container.words("run", "--bundle", container.bundle, container.id),
  ]);
  assertMatch(
    stdout,
    /"\/sys\/fs\/cgroup\/busy\/cgroup\.subtree_control": EBUSY, that cgroup has processes of its own/,
  );
}, { missing: umlMissing() });

containerTest(
  "the cause is told: a container that ends while exec joins it",
  command(["sleep", "1000"]),
  async (container) => {
    assertSuccess(await container.run(["--detach"]));
    const { pid } = await container.state();
    const slow = "inject=setns:delay_enter=3000000";
    const joining = run([
      ...["strace", "-f", "-qq", "-o", `${container.folder}/trace`],
      ...["-e", "trace=setns", "-e", slow],
      ...container.words("exec", container.id, "true"),
    ]);
    const begun = () => readIfThere(`${container.folder}/trace`) !== "";
    await until("it joins", begun);
    Deno.kill(pid, "SIGKILL");
    const { code, stderr } = await joining;
    assertEquals(code, 255);
    assertMatch(stderr, /; the container has ended meanwhile$/m);
  },
  { programs: ["strace"] },
);

containerTest(
  "the cause is told: a program that exec cannot run",
  command(["sleep", "1000"]),
  async (container) => {
    program("#!/bin/bash\n")(container);
    assertSuccess(await container.run(["--detach"]));
    const result = await container.davit(["exec", container.id, "program"]);
    assertEquals(result.code, 255);
    assertMatch(result.stderr, /; "\/bin\/program" asks for the interpreter/);
  },
);

containerTest(
  "the log has an error's class, errno, step and pointer",
  command(["no-such"]),
  async (container) => {
    const log = `${container.folder}/log`;
    const flags = ["--log", log, "--log-format", "json"];
    const last = (): Record<string, string> => {
      const lines = Deno.readTextFileSync(log).trimEnd().split("\n");
      return JSON.parse(lines.at(-1)!);
    };
    const { bundle, id } = container;
    await container.davit([...flags, "run", "--bundle", bundle, id]);
    const { class: kind, errno, pointer, step, level } = last();
    assertEquals(
      { kind, errno, pointer, step, level },
      {
        kind: "process",
        errno: "ENOENT",
        pointer: "/process/args/0",
        step: 'exec: "no-such"',
        level: "error",
      },
    );
    await container.davit([...flags, "start", id]);
    assertEquals(last()["class"], "not-found");
    change(container, (config) => {
      config.linux.resources = { pids: { limit: 5_000_000 } };
    });
    await container.davit([...flags, "run", "--bundle", bundle, id]);
    assertEquals(last()["errno"], "EINVAL");
    assertEquals(last()["pointer"], "/linux/resources/pids/limit");
    Deno.writeTextFileSync(`${bundle}/config.json`, '{"ociVersion": 5}');
    await container.davit([...flags, "run", "--bundle", bundle, id]);
    assertEquals(last()["class"], "config");
    assert(last()["pointer"]!.startsWith("/"), JSON.stringify(last()));
  },
);

fails(
  "a deadline on some of the processors",
  command(["true"], (config) => {
    config.process.scheduler = {
      policy: "SCHED_DEADLINE",
      runtime: 10_000_000,
      deadline: 50_000_000,
      period: 100_000_000,
    };
    config.linux.resources = { ...config.linux.resources, cpu: { cpus: "0" } };
  }),
  /Operation not permitted; process scheduler can't be used together with AllowedCPUs: leave linux\.resources\.cpu\.cpus out/,
);
