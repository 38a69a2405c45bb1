/** What hooks see and when they run, as long as they succeed. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { busybox } from "./bundle.ts";
import { change, containerTest, script } from "./container.ts";
import { assertSuccess, run, until } from "./davit.ts";
import {
  type Hook,
  type Kind,
  KINDS,
  lines,
  noted,
  setHooks,
  shell,
  stateIn,
} from "./hooks.ts";

/** A program, in a root that hooks can write to. */
function program(text: string) {
  return script(text, (config) => {
    config.root.readonly = false;
    config.annotations = { "org.example.key": 'a "value"' };
  });
}

/** A hook of each kind; those of `start` in the container write to its root. */
function each(
  bundle: string,
  hook: (kind: Kind, folder: string) => Hook[],
): Record<Kind, Hook[]> {
  return Object.fromEntries(KINDS.map((kind) => [
    kind,
    hook(kind, kind === "startContainer" ? "/tmp" : bundle),
  ])) as Record<Kind, Hook[]>;
}

containerTest(
  "hooks of all kinds run once, in their order, with the state on stdin",
  program("echo program >>/tmp/startContainer.log; exec sleep 100"),
  async (c) => {
    setHooks(
      c,
      each(c.bundle, (kind, folder) =>
        [1, 2].map((n) => {
          const log = kind === "startContainer" ? "startContainer.log" : "log";
          return shell(
            `cat >${folder}/${kind}.${n}; echo ${kind} ${n} >>${folder}/${log}`,
          );
        })),
    );
    assertSuccess(await c.create());
    const { pid, ociVersion } = await c.state();
    const created = ["prestart", "createRuntime", "createContainer"];
    const twice = (kinds: string[]) =>
      kinds.flatMap((kind) => [`${kind} 1`, `${kind} 2`]);
    assertEquals(lines(c, "log"), twice(created));

    // Who changes the file after create changes nothing.
    change(c, (config) => delete config["hooks"]);
    assertSuccess(await c.start());
    assertEquals(lines(c, "log"), twice([...created, "poststart"]));
    await until("it runs", () => lines(c, LOG).includes("program"));
    assertEquals(lines(c, LOG), [...twice(["startContainer"]), "program"]);
    assertSuccess(await c.davit(["kill", c.id, "KILL"]));
    await until("stop", async () => (await c.state()).status === "stopped");
    assertSuccess(await c.davit(["delete", c.id]));
    assertEquals(lines(c, "log"), twice([...created, "poststart", "poststop"]));

    const annotations = { "org.example.key": 'a "value"' };
    const common = { ociVersion, id: c.id, bundle: c.bundle, annotations };
    const wanted = {
      prestart: { ...common, status: "created", pid },
      createRuntime: { ...common, status: "created", pid },
      createContainer: { ...common, status: "created", pid: 1 },
      startContainer: { ...common, status: "created", pid: 1 },
      poststart: { ...common, status: "running", pid },
      poststop: { ...common, status: "stopped", pid: 0 },
    };
    for (const kind of KINDS) {
      const folder = kind === "startContainer" ? "rootfs/tmp/" : "";
      for (const n of [1, 2]) {
        assertEquals(stateIn(c, `${folder}${kind}.${n}`), wanted[kind], kind);
      }
    }
  },
);

const LOG = "rootfs/tmp/startContainer.log";
const NAMESPACES = "cgroup ipc mnt net pid user uts".split(" ");

containerTest(
  "hooks run in the namespaces that the specification says",
  program("exec sleep 100"),
  async (c) => {
    setHooks(
      c,
      each(c.bundle, (kind, folder) => {
        const names = NAMESPACES.join(" ");
        const read = `for n in ${names}; do readlink /proc/self/ns/$n; done`;
        return [shell(`${read} >${folder}/${kind}`)];
      }),
    );
    assertSuccess(await c.create());
    const { pid } = await c.state();
    assertSuccess(await c.start());
    const of = (pid: number | "self") =>
      NAMESPACES.map((name) => Deno.readLinkSync(`/proc/${pid}/ns/${name}`));
    const host = of("self"), inside = of(pid);
    assert(host.join() !== inside.join());
    assertSuccess(await c.davit(["delete", "--force", c.id]));
    for (const kind of ["prestart", "createRuntime", "poststart", "poststop"]) {
      assertEquals(lines(c, kind), host, kind);
    }
    assertEquals(lines(c, "createContainer"), inside, "createContainer");
    assertEquals(lines(c, "rootfs/tmp/startContainer"), inside);
  },
);

containerTest(
  "createContainer hooks find the container's mounts where its root is",
  program("exec sleep 100"),
  async (c) => {
    change(c, (config) => {
      config.root.readonly = true;
      config.mounts.push({
        destination: "/inner",
        type: "tmpfs",
        source: "tmpfs",
        options: ["mode=755"],
      });
    });
    setHooks(c, {
      createRuntime: [
        shell(`mountpoint -q ${c.rootfs}/inner && echo seen >host; true`),
      ],
      createContainer: [
        shell(
          `pwd >${c.bundle}/cwd; cat /proc/self/mountinfo >${c.bundle}/seen; ` +
            `echo made >${c.rootfs}/etc/made; echo in >${c.rootfs}/inner/in; ` +
            `mkdir ${c.rootfs}/mine; ` +
            `mount -t tmpfs hook ${c.rootfs}/mine`,
        ),
      ],
    });
    assertSuccess(await c.create());
    const { pid } = await c.state();
    const inner = `/proc/${pid}/root`;
    assertEquals(noted(c, "host"), "", "the host sees no mount");
    assertEquals(noted(c, "cwd"), `${c.rootfs}\n`);
    assert(noted(c, "seen").includes(` ${c.rootfs}/inner rw`));
    assertEquals(Deno.readTextFileSync(`${inner}/inner/in`), "in\n");
    assertEquals(Deno.readTextFileSync(`${inner}/etc/made`), "made\n");
    assertMatch(
      Deno.readTextFileSync(`/proc/${pid}/mountinfo`),
      / \/mine .* tmpfs hook /,
    );
  },
);

containerTest(
  "a hook gets its own environment, its arguments and the bundle to work in",
  program("exec sleep 100"),
  async (c) => {
    const text = (out: string) =>
      `tr '\\0' '\\n' </proc/self/environ >${out}.env; pwd >${out}.pwd; ` +
      `echo "$0 $*" >${out}.args; umask >${out}.umask`;
    setHooks(
      c,
      each(c.bundle, (kind, folder) => [
        {
          path: busybox()!,
          args: ["sh", "-c", text(`${folder}/${kind}`), "name", "a b", ""],
          env: ["ONE=1", "TWO=a=b c"],
        },
        // Without args and env: busybox does what its own name says.
        { path: busybox()! },
      ]),
    );
    assertSuccess(await c.create([], { env: { DAVIT_SECRET: "x" } }));
    assertSuccess(await c.start());
    assertSuccess(await c.davit(["delete", "--force", c.id]));
    for (const kind of KINDS) {
      const inside = kind === "startContainer";
      const at = `${inside ? "rootfs/tmp/" : ""}${kind}`;
      assertEquals(lines(c, `${at}.env`), ["ONE=1", "TWO=a=b c"], kind);
      const pwd = inside
        ? "/"
        : kind === "createContainer"
        ? c.rootfs
        : c.bundle;
      assertEquals(noted(c, `${at}.pwd`), `${pwd}\n`, kind);
      assertEquals(noted(c, `${at}.args`), "name a b \n", kind);
      assertEquals(noted(c, `${at}.umask`), "0022\n", kind);
    }
  },
);

containerTest(
  "a startContainer hook without an environment has the process's",
  program("true"),
  async (c) => {
    change(c, (config) => config.process.env = ["ONE=two", "FOO=a b"]);
    Deno.writeTextFileSync(
      `${c.rootfs}/bin/look`,
      "#!/bin/sh -ue\necho $ONE,$FOO,$HOME >/tmp/seen\n",
      { mode: 0o755 },
    );
    setHooks(c, { startContainer: [{ path: "/bin/look" }] });
    assertSuccess(await c.run());
    assertEquals(lines(c, "rootfs/tmp/seen"), ["two,a b,/root"]);
  },
);

containerTest(
  "what hooks print does not reach the container, nor its descriptors them",
  program("echo program; exec ls /proc/self/fd"),
  async (c) => {
    const loud = (folder: string) =>
      shell(
        `echo out; echo err >&2; ls /proc/self/fd >>${folder}/fds 2>&1; true`,
      );
    setHooks(c, each(c.bundle, (_, folder) => [loud(folder)]));
    // Descriptors 3 and 4 are the container's, not the hooks'.
    const words = c.words("run", "-b", c.bundle, "--preserve-fds=2", c.id);
    const open = 'exec 3</dev/null 4<&3; exec "$@"';
    const { stdout, stderr } = assertSuccess(
      await run(["sh", "-c", open, "sh", ...words]),
    );
    assertEquals(stderr, "");
    assertEquals(stdout, "program\n0\n1\n2\n3\n4\n5\n");
    for (const name of ["fds", "rootfs/tmp/fds"]) {
      const numbers = lines(c, name).filter((line) => /^\d+$/.test(line));
      assert(numbers.length > 0, name);
      // ls itself opens the folder as 3.
      assertEquals([...new Set(numbers)].sort(), ["0", "1", "2", "3"], name);
    }
  },
);

containerTest(
  "prestart hooks can set up the network namespace, and poststart the program",
  program("cat /sys/class/net/hook0/address; exec sleep 100"),
  async (c) => {
    setHooks(c, {
      prestart: [
        shell(
          `pid=$(sed 's/.*"pid":\\([0-9]*\\).*/\\1/'); ` +
            `readlink /proc/$pid/ns/net >net; ` +
            `cat /proc/$pid/comm >comm; cat /proc/$pid/status >status`,
        ),
      ],
      poststart: [
        shell(
          `pid=$(sed 's/.*"pid":\\([0-9]*\\).*/\\1/'); ` +
            `cat /proc/$pid/comm >after`,
        ),
      ],
    });
    assertSuccess(await c.create());
    const { pid } = await c.state();
    assertEquals(
      noted(c, "net").trim(),
      Deno.readLinkSync(`/proc/${pid}/ns/net`),
    );
    assertEquals(noted(c, "comm"), "davit/init\n");
    assertSuccess(await c.start());
    assert(noted(c, "after") !== "davit/init\n", "the program has begun");
    assertMatch(noted(c, "after"), /^\w+\n$/);
  },
);

for (const flags of [[], ["--no-pivot"]]) {
  containerTest(
    `hooks of run ${flags} run around the program`,
    program("exit 7"),
    async (c) => {
      setHooks(
        c,
        each(c.bundle, (kind, folder) => [
          shell(`echo ${kind} >>${folder}/log`),
        ]),
      );
      const { code, stderr } = await c.run(flags);
      assertEquals([code, stderr], [7, ""]);
      assertEquals(
        lines(c, "log"),
        KINDS.filter((kind) => kind !== "startContainer"),
      );
      assertEquals(lines(c, "rootfs/tmp/log"), ["startContainer"]);
    },
  );
}
