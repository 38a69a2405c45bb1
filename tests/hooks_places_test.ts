/** Hooks of containers that are not the usual ones. */
import { assertEquals, assertMatch } from "@std/assert";
import type { Config, Patch } from "./config.ts";
import { change, type Container, containerTest, script } from "./container.ts";
import { assertOneLine, assertSuccess, DAVIT, run, until } from "./davit.ts";
import {
  assertGone,
  KINDS,
  lines,
  noted,
  setHooks,
  shell,
  stateIn,
} from "./hooks.ts";
import { ConsoleSocket } from "./terminal.ts";

/** A container that waits, with a root that hooks can write to. */
function waiting(more: Patch = () => {}): Patch {
  return script("exec sleep 100", (config) => {
    config.root.readonly = false;
    more(config);
  });
}

/** Hooks of all kinds that note that they ran; who the mapped root is may. */
function allNote(c: Container, more = ""): void {
  Deno.chmodSync(c.bundle, 0o777);
  Deno.chmodSync(`${c.rootfs}/tmp`, 0o777);
  const hooks = KINDS.map((kind) => {
    const folder = kind === "startContainer" ? "/tmp" : c.bundle;
    return [kind, [shell(`exec >${folder}/${kind}; cat${more}`)]];
  });
  setHooks(c, Object.fromEntries(hooks));
}

/** The pid and status in the notes of each kind. */
function notes(c: Container): Record<string, [string, number]> {
  return Object.fromEntries(KINDS.map((kind) => {
    const folder = kind === "startContainer" ? "rootfs/tmp/" : "";
    const { status, pid } = stateIn(c, `${folder}${kind}`);
    return [kind, [status, pid]];
  }));
}

const without = (...types: string[]): Patch => (config) => {
  const { linux } = config;
  linux.namespaces = linux.namespaces.filter(({ type }) =>
    !types.includes(type)
  );
};

function mapped(config: Config): void {
  config.linux.namespaces.push({ type: "user" });
  const map = [{ containerID: 0, hostID: 100_000, size: 65536 }];
  config.linux.uidMappings = map;
  config.linux.gidMappings = map;
}

const PLACES: Record<string, Patch> = {
  "a user namespace": mapped,
  "no pid namespace": without("pid"),
  "no namespace but that of mounts": (config) => {
    config.linux.namespaces = [{ type: "mount" }];
    config.mounts = [];
    config.hostname = "";
  },
  "no mount namespace": (config) => {
    without("mount")(config);
    config.mounts = [];
    config.linux.maskedPaths = [];
    config.linux.readonlyPaths = [];
  },
  "a shared root": (config) => config.linux["rootfsPropagation"] = "rshared",
};

for (const [place, patch] of Object.entries(PLACES)) {
  containerTest(`hooks with ${place}`, waiting(patch), async (c) => {
    allNote(c);
    assertSuccess(await c.create());
    const { pid } = await c.state();
    assertSuccess(await c.start());
    assertSuccess(await c.davit(["delete", "--force", c.id]));
    const inner = /pid|no namespace/.test(place) ? pid : 1;
    assertEquals(notes(c), {
      prestart: ["created", pid],
      createRuntime: ["created", pid],
      createContainer: ["created", inner],
      startContainer: ["created", inner],
      poststart: ["running", pid],
      poststop: ["stopped", 0],
    });
    assertGone(c);
  });
}

containerTest(
  "hooks of an ordinary user's container run as that user",
  waiting((config) => {
    mapped(config);
    const map = [{ containerID: 0, hostID: 1234, size: 1 }];
    config.linux.uidMappings = config.linux.gidMappings = map;
    without("network", "cgroup")(config);
    config.mounts = config.mounts.filter(({ destination }) =>
      /^\/(proc|dev)$/.test(destination)
    );
    config.process.args = ["true"];
  }),
  async (c) => {
    allNote(c, "; echo; id -u");
    const davit = `${c.folder}/davit`;
    Deno.copyFileSync(DAVIT, davit);
    Deno.mkdirSync(c.root);
    Deno.chownSync(c.root, 1234, 1234);
    const user = ["setpriv", "--reuid=1234", "--regid=1234", "--clear-groups"];
    assertSuccess(
      await run([
        ...user,
        davit,
        ...c.words("run", "-b", c.bundle).slice(1),
        c.id,
      ], {
        env: { XDG_RUNTIME_DIR: c.root },
      }),
    );
    const uid = (kind: string) => lines(c, kind)[1];
    assertEquals(uid("prestart"), "1234");
    assertEquals(uid("createContainer"), "0");
    assertEquals(uid("rootfs/tmp/startContainer"), "0");
    assertEquals(uid("poststop"), "1234");
    const { uid: owner } = Deno.statSync(`${c.bundle}/createContainer`);
    assertEquals(owner, 1234, "its root is the user");
  },
  {
    programs: ["setpriv"],
    missing: DAVIT.endsWith("scripts/davit")
      ? "the compiled binary"
      : undefined,
  },
);

containerTest(
  "hooks with a mount namespace that is joined",
  waiting(),
  async (c) => {
    const file = `${c.folder}/mntns`;
    // The file itself must be in no mount that the namespace shares.
    const keeper = new Deno.Command("unshare", {
      args: ["--mount", "--propagation", "private", "sleep", "99"],
      stdin: "null",
    }).spawn();
    try {
      Deno.symlinkSync(`/proc/${keeper.pid}/ns/mnt`, file);
      await until(
        "it is in its own namespace",
        () =>
          Deno.readLinkSync(file) !== Deno.readLinkSync("/proc/self/ns/mnt"),
      );
      change(c, (config) => {
        const mount = config.linux.namespaces.find(({ type }) =>
          type === "mount"
        );
        mount!.path = `/proc/${keeper.pid}/ns/mnt`;
      });
      allNote(c);
      const created = await c.create();
      assertSuccess(created);
      assertSuccess(await c.start());
      assertSuccess(await c.davit(["delete", "--force", c.id]));
      assertEquals(notes(c)["createContainer"], ["created", 1]);
    } finally {
      keeper.kill("SIGKILL");
      await keeper.status;
    }
  },
  { programs: ["unshare"] },
);

containerTest(
  "hooks with a terminal, and a root that is a mount behind a link",
  waiting((config) => {
    config.process.terminal = true;
    config.root.path = "link";
  }),
  async (c) => {
    // The root is a mount of its own, as an engine's is.
    assertSuccess(await run(["mount", "--bind", c.rootfs, c.rootfs]));
    try {
      Deno.symlinkSync("rootfs", `${c.bundle}/link`);
      allNote(c);
      using socket = new ConsoleSocket(`${c.folder}/console`);
      assertSuccess(await c.create(["--console-socket", socket.path]));
      using _master = socket.receive().master;
      assertSuccess(await c.start());
      assertSuccess(await c.davit(["delete", "--force", c.id]));
      assertEquals(Object.keys(notes(c)), [...KINDS]);
    } finally {
      await run(["umount", c.rootfs]);
    }
  },
);

containerTest(
  "a startContainer hook has the filter, the limits and the user's rights",
  waiting((config) => {
    config.process.user = { uid: 1000, gid: 1001, umask: 0o27 };
    config.process.rlimits = [{ type: "RLIMIT_NOFILE", soft: 77, hard: 78 }];
    config.linux["seccomp"] = {
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_KILL" }],
    };
  }),
  async (c) => {
    Deno.chmodSync(`${c.rootfs}/tmp`, 0o777);
    const look = "exec >/tmp/seen; id -u; id -g; umask; ulimit -n; " +
      "grep -E '^(CapPrm|CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status";
    for (const noNewPrivileges of [true, false]) {
      change(c, (config) => config.process.noNewPrivileges = noNewPrivileges);
      setHooks(c, { startContainer: [shell(look), shell("mkdir /tmp/made")] });
      assertSuccess(await c.create());
      assertOneLine(
        await c.start(),
        /error running startContainer hook #1: error running hook .*killed by SIGSYS \(bad system call\)/,
      );
      assertGone(c);
      const [uid, gid, umask, files, ...status] = lines(c, "rootfs/tmp/seen");
      assertEquals([uid, gid, umask, files], ["1000", "1001", "0027", "77"]);
      const text = status.join("\n");
      assertMatch(text, /CapPrm:\s0+$/m);
      assertMatch(text, /CapEff:\s0+$/m);
      assertMatch(text, /CapBnd:\s0000000020000420$/m);
      assertMatch(text, /Seccomp:\s2$/m);
      assertMatch(text, noNewPrivileges ? /Privs:\s1/ : /Privs:\s0/);
    }
  },
);

containerTest(
  "hooks may ask Davit for the state, and a hook's error is the log's too",
  waiting(),
  async (c) => {
    const ask = c.words("state", c.id).join(" ");
    setHooks(c, {
      createRuntime: [shell(`${ask} >during; cat >given`)],
      poststart: [shell(`${ask} >after`)],
      poststop: [shell(`${ask} >end 2>&1; echo $? >code`)],
    });
    assertSuccess(await c.create());
    const { pid } = await c.state();
    assertEquals(stateIn(c, "during").status, "creating");
    assertEquals([stateIn(c, "during").pid, stateIn(c, "given").pid], [
      pid,
      pid,
    ]);
    assertSuccess(await c.start());
    assertEquals(stateIn(c, "after").status, "running");
    assertSuccess(await c.davit(["delete", "--force", c.id]));
    assertMatch(noted(c, "end"), /does not exist/);
    assertEquals(noted(c, "code"), "1\n");
  },
);

containerTest(
  "poststop hooks run where the bundle was taken away before",
  waiting(),
  async (c) => {
    setHooks(c, { poststop: [shell(`pwd >${c.folder}/pwd`)] });
    assertSuccess(await c.create());
    Deno.renameSync(c.bundle, `${c.folder}/elsewhere`);
    assertSuccess(await c.davit(["delete", "--force", c.id]));
    assertEquals(Deno.readTextFileSync(`${c.folder}/pwd`), "/\n");
  },
);

containerTest(
  "a relative path, and a timeout of 0, are refused before anything is made",
  waiting(),
  async (c) => {
    for (const kind of KINDS) {
      setHooks(c, { [kind]: [{ path: "bin/true" }] });
      assertOneLine(
        await c.create(),
        new RegExp(`hooks.${kind}\\[0\\].path: must be an absolute path`),
      );
      setHooks(c, { [kind]: [{ path: "/bin/true", timeout: 0 }] });
      assertOneLine(await c.create(), /timeout: expected an integer from 1/);
    }
    assertGone(c);
  },
);
