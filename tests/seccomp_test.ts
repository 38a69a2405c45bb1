/** Seccomp filters, seen from inside and by a listener. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { close, type Fd } from "../ffi/fd.ts";
import { listen, receive } from "../ffi/socket.ts";
import { checked } from "../ffi/syscall.ts";
import type { Config, Patch } from "./config.ts";
import {
  change,
  command,
  Container,
  containerTest,
  script,
} from "./container.ts";
import { rootTest } from "./container.ts";
import { assertSuccess, run } from "./davit.ts";
import { callNumbers } from "../launch/seccomp/architectures.ts";
import { inside, sees, writable } from "./inside.ts";
import { awaitInput, refuseNext } from "./seccomp_agent.ts";
import { engineProfile } from "./seccomp_profiles.ts";

const MKDIR = ["mkdir", "mkdirat"];

/** A profile that allows all but what its rules say. */
function profile(...syscalls: unknown[]): Patch {
  return (config) => {
    writable(config);
    config.linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", syscalls };
  };
}

const refusesMkdir = profile({
  names: MKDIR,
  action: "SCMP_ACT_ERRNO",
  errnoRet: 5,
});

const newPrivileges = (config: Config) => {
  config.process.noNewPrivileges = false;
};

const ordinary = (config: Config) => {
  config.process.user = { uid: 1000, gid: 1000 };
};

const all = (...patches: Patch[]): Patch => (config) =>
  patches.forEach((patch) => patch(config));

const TRY = "mkdir /tmp/x 2>&1; grep '^Seccomp:' /proc/self/status; " +
  "grep CapPrm /proc/self/status";
const REFUSED = "mkdir: can't create directory '/tmp/x': Input/output error\n" +
  "Seccomp:\t2\n";

sees(
  "a call of the profile fails with its errno",
  TRY,
  `${REFUSED}CapPrm:\t0000000020000420`,
  refusesMkdir,
);
sees(
  "a filter is loaded without no_new_privs, and the capabilities are as asked",
  TRY,
  `${REFUSED}CapPrm:\t0000000020000420`,
  all(refusesMkdir, newPrivileges),
);
sees(
  "a filter is loaded for an ordinary user who may gain privileges",
  TRY,
  `${REFUSED}CapPrm:\t0000000000000000`,
  all(refusesMkdir, newPrivileges, ordinary),
);
sees(
  "getcwd may be refused",
  "cd /tmp && /bin/pwd 2>&1; true",
  "pwd: getcwd: Operation not permitted",
  profile({ names: ["getcwd"], action: "SCMP_ACT_ERRNO" }),
);
sees(
  "a call is refused by its arguments",
  "kill -0 $$ && echo 0; kill -s CONT $$ 2>/dev/null && echo CONT; true",
  "0",
  profile({
    names: ["kill"],
    action: "SCMP_ACT_ERRNO",
    args: [{ index: 1, value: 18, op: "SCMP_CMP_EQ" }],
  }),
);

sees(
  "a logged call works",
  "mkdir /tmp/x && ls /tmp; grep '^Seccomp:' /proc/self/status",
  "x\nSeccomp:\t2",
  (config) => {
    profile({ names: MKDIR, action: "SCMP_ACT_LOG" })(config);
    config.linux.seccomp = {
      ...config.linux.seccomp!,
      flags: [
        "SECCOMP_FILTER_FLAG_LOG",
        "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
        "SECCOMP_FILTER_FLAG_TSYNC",
      ],
    };
  },
);
for (const action of ["SCMP_ACT_TRAP", "SCMP_ACT_KILL_THREAD"]) {
  sees(
    `${action} ends a program of one thread with SIGSYS`,
    "mkdir /tmp/x 2>/dev/null; echo $?",
    "159",
    profile({ names: MKDIR, action }),
  );
}
sees(
  "a call that a tracer decides fails without one",
  "mkdir /tmp/x 2>&1; true",
  "mkdir: can't create directory '/tmp/x': Function not implemented",
  profile({ names: MKDIR, action: "SCMP_ACT_TRACE", errnoRet: 7 }),
);

containerTest(
  "a forbidden call kills the program",
  command(
    ["mkdir", "/tmp/x"],
    profile({
      names: MKDIR,
      action: "SCMP_ACT_KILL_PROCESS",
    }),
  ),
  async (container) => {
    const { code } = await container.run();
    assertEquals(code, 128 + 31); // SIGSYS
  },
);

rootTest(
  "inside: a profile that allows few calls is enough for a program",
  async () => {
    const names =
      "execve exit exit_group write brk arch_prctl set_tid_address " +
      "set_robust_list rseq prlimit64 readlink getrandom mprotect prctl getuid " +
      "mmap munmap ioctl fstat newfstatat";
    const only: Patch = (config) => {
      config.linux.seccomp = {
        defaultAction: "SCMP_ACT_ERRNO",
        syscalls: [{ names: names.split(" "), action: "SCMP_ACT_ALLOW" }],
      };
      config.process.args = ["echo", "few"];
    };
    assertEquals(await inside("", only), "few");
  },
);

containerTest(
  "a profile that keeps init from giving up its rights is told",
  command(
    ["true"],
    all(
      newPrivileges,
      profile({
        names: ["capset"],
        action: "SCMP_ACT_ERRNO",
      }),
    ),
  ),
  async (container) => {
    const { code, stderr } = await container.run();
    assertEquals(code, 1);
    assertMatch(stderr, /the profile has to allow capset.*not permitted/);
  },
);

for (
  const [name, seccomp, message] of [
    ["a listener that is missing", {
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_NOTIFY" }],
    }, /linux\.seccomp\.syscalls\[0\]\.action: SCMP_ACT_NOTIFY needs/],
    ["to ask for write", {
      defaultAction: "SCMP_ACT_ALLOW",
      listenerPath: "/run/agent",
      syscalls: [{ names: ["write"], action: "SCMP_ACT_NOTIFY" }],
    }, /SCMP_ACT_NOTIFY cannot be used for the write syscall/],
    ["to ask by default", {
      defaultAction: "SCMP_ACT_NOTIFY",
      listenerPath: "/run/agent",
    }, /SCMP_ACT_NOTIFY cannot be used as default action/],
    ["an errno with an action that has none", {
      defaultAction: "SCMP_ACT_ALLOW",
      defaultErrnoRet: 1,
    }, /linux\.seccomp\.defaultErrnoRet: goes with SCMP_ACT_ERRNO/],
    ["an errno that is too large", {
      defaultAction: "SCMP_ACT_ERRNO",
      defaultErrnoRet: 4096,
    }, /linux\.seccomp\.defaultErrnoRet: must be at most 4095/],
    ["an agent that nobody is", {
      defaultAction: "SCMP_ACT_ALLOW",
      listenerPath: "/run/no-such-agent",
      syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_NOTIFY" }],
    }, /seccomp agent at linux\.seccomp\.listenerPath "\/run\/no-such-agent"/],
  ] as const
) {
  containerTest(
    `run refuses ${name}`,
    command(["true"], (config) => config.linux.seccomp = seccomp),
    async (container) => {
      const { code, stderr } = await container.run();
      assertEquals(code, 1);
      assertMatch(stderr, message);
    },
  );
}

const EDOM = 33;

for (const mayGain of [false, true]) {
  rootTest(
    `a listener decides calls${mayGain ? " without no_new_privs" : ""}`,
    async () => {
      await using container = new Container(script(
        "mkdir /tmp/x 2>&1; true",
        (config) => {
          profile({ names: MKDIR, action: "SCMP_ACT_NOTIFY" })(config);
          const path = `/tmp/${config.process.env!.at(-1)!.slice(-8)}.agent`;
          config.linux.seccomp = {
            ...config.linux.seccomp!,
            listenerPath: path,
            listenerMetadata: "about it",
            // It says nothing new of a program of one thread.
            flags: ["SECCOMP_FILTER_FLAG_TSYNC"],
          };
          config.process.noNewPrivileges = !mayGain;
        },
      ));
      const config = JSON.parse(
        Deno.readTextFileSync(`${container.bundle}/config.json`),
      );
      const path: string = config.linux.seccomp.listenerPath;
      const socket = listen(path, 1);
      try {
        const running = container.run();
        awaitInput(socket);
        const agent = checked("accept4", path, socket, 0, 0, 0) as Fd;
        const bytes = new Uint8Array(4096);
        const { length, fd } = receive(agent, bytes);
        close(agent);
        const state = JSON.parse(
          new TextDecoder().decode(bytes.subarray(0, length)),
        );
        const pid = refuseNext(fd!, EDOM);
        close(fd!);
        assertEquals(
          assertSuccess(await running).stdout,
          "mkdir: can't create directory '/tmp/x': " +
            "Numerical argument out of domain\n",
        );
        assertEquals(state.fds, ["seccompFd"]);
        assertEquals(state.metadata, "about it");
        assertEquals(state.state.status, "creating");
        assertEquals(state.state.id, container.id);
        assertEquals(state.pid, state.state.pid);
        assert(pid > 0 && state.pid > 0);
      } finally {
        close(socket);
        Deno.removeSync(path);
      }
      assertEquals(container.leftovers(), []);
    },
  );
}

containerTest(
  "calls fail when the listener's owner is gone",
  command(["true"]),
  async (container) => {
    const path = `${container.folder}/agent`;
    change(container, (config) => {
      profile({ names: ["execve"], action: "SCMP_ACT_NOTIFY" })(config);
      config.linux.seccomp = {
        ...config.linux.seccomp!,
        listenerPath: path,
      };
    });
    const socket = listen(path, 1);
    try {
      const running = container.run([], { timeout: 20 });
      awaitInput(socket);
      const agent = checked("accept4", path, socket, 0, 0, 0) as Fd;
      const { fd } = receive(agent, new Uint8Array(4096));
      close(agent);
      close(fd!);
      const { code, stderr } = await running;
      assertEquals(code, 1);
      assertMatch(stderr, /exec .*: function not implemented/);
    } finally {
      close(socket);
      Deno.removeSync(path);
    }
  },
);

/** Calls that profiles of engines allow, refuse, and decide by arguments. */
const MANY_CALLS = `mkdir /tmp/x && echo made
chmod 600 /tmp/x && echo changed
mount -t tmpfs t /tmp/x 2>&1
unshare -n true 2>&1
hostname other 2>&1
date -s 2001-01-01 2>&1
mknod /tmp/p p && echo fifo
ls /tmp
grep Seccomp: /proc/self/status`;

rootTest(
  "an engine's profile has the effects that it has with runc",
  async () => {
    const all = "CAP_SYS_ADMIN CAP_SYS_TIME CAP_MKNOD CAP_NET_ADMIN".split(" ");
    const patch = script(MANY_CALLS, (config) => {
      writable(config);
      config.linux.seccomp = {
        ...engineProfile([...callNumbers("X86_64").keys()]),
      };
      // Only the profile is in the way.
      config.process.capabilities = {
        bounding: all,
        effective: all,
        permitted: all,
        inheritable: [],
        ambient: [],
      };
    });
    await using own = new Container(patch);
    await using peer = new Container(patch, "runc");
    const { stdout } = assertSuccess(await own.run());
    const runc = ["runc", "--root", `${peer.folder}/runc`, "run"];
    const theirs = await run([...runc, "--bundle", peer.bundle, peer.id]);
    assertEquals(stdout, assertSuccess(theirs).stdout);
    assertMatch(stdout, /^made\nchanged\nmount: permission denied/);
  },
  { programs: ["runc"] },
);
