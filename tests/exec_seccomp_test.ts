/** The container's seccomp profile holds for processes that are added. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { close, type Fd } from "../ffi/fd.ts";
import { listen, receive } from "../ffi/socket.ts";
import { checked } from "../ffi/syscall.ts";
import { callNumbers } from "../launch/seccomp/architectures.ts";
import type { Config, Patch } from "./config.ts";
import { change, command, Container, containerTest } from "./container.ts";
import { assertSuccess, run } from "./davit.ts";
import { assertFailed, exec, execTest, shell } from "./exec.ts";
import { writable } from "./inside.ts";
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

const LOOK =
  "mkdir /tmp/x 2>&1; grep -E '^(Seccomp:|CapPrm)' /proc/self/status";
const SEEN =
  "mkdir: can't create directory '/tmp/x': Operation not permitted\n" +
  "CapPrm:\t0000000020000420\nSeccomp:\t2";

for (const mayGain of [false, true]) {
  const how = mayGain ? "with" : "without";
  const gaining = (config: Config) => {
    config.process.noNewPrivileges = !mayGain;
  };

  execTest(`a call is refused, ${how} new privileges`, (config) => {
    profile({ names: MKDIR, action: "SCMP_ACT_ERRNO" })(config);
    gaining(config);
  }, async (container) => {
    assertEquals(await shell(container, LOOK), SEEN);
  });

  // The process cannot be made under it, and loads it itself.
  execTest(`a profile may forbid clone, ${how} new privileges`, (config) => {
    profile(
      { names: MKDIR, action: "SCMP_ACT_ERRNO" },
      { names: ["clone", "clone3", "setsid"], action: "SCMP_ACT_KILL" },
    )(config);
    gaining(config);
  }, async (container) => {
    const words = ["mkdir", "/tmp/x"];
    const { code, stderr } = await exec(container, [], words);
    assertEquals([code, stderr], [1, `${SEEN.split("\n")[0]}\n`]);
    const { stdout } = assertSuccess(
      await exec(container, [], ["grep", "CapPrm", "/proc/self/status"]),
    );
    assertEquals(stdout, "CapPrm:\t0000000020000420\n");
  });

  containerTest(
    `exec: a listener decides calls, ${how} new privileges`,
    command(["sleep", "1000"]),
    async (container) => {
      const path = `${container.folder}/agent`;
      change(container, (config) => {
        profile({ names: MKDIR, action: "SCMP_ACT_NOTIFY" })(config);
        config.linux.seccomp = {
          ...config.linux.seccomp!,
          listenerPath: path,
          listenerMetadata: "about it",
        };
        gaining(config);
      });
      const socket = listen(path, 2);
      const take = () => {
        awaitInput(socket);
        const agent = checked("accept4", path, socket, 0, 0, 0) as Fd;
        const bytes = new Uint8Array(4096);
        const { length, fd } = receive(agent, bytes);
        close(agent);
        const text = new TextDecoder().decode(bytes.subarray(0, length));
        return { state: JSON.parse(text), listener: fd! };
      };
      try {
        const starting = container.run(["--detach"]);
        const init = take();
        assertSuccess(await starting);
        const running = exec(container, [], ["mkdir", "/tmp/x"]);
        const { state, listener } = take();
        refuseNext(listener, 33);
        close(listener);
        const { code, stderr } = await running;
        assertEquals(code, 1);
        assertMatch(stderr, /Numerical argument out of domain/);
        close(init.listener);
        const { pid } = init.state;
        assertEquals(state.state.pid, pid);
        assertEquals(state.state.status, "running");
        assertEquals(state.metadata, "about it");
        assert(state.pid > 0 && state.pid !== pid);
      } finally {
        close(socket);
      }
    },
  );
}

execTest("a listener that is gone is told", () => {}, async (container) => {
  // The saved configuration is what counts.
  const saved = `${container.root}/${container.id}/config.json`;
  const config: Config = JSON.parse(Deno.readTextFileSync(saved));
  profile({ names: MKDIR, action: "SCMP_ACT_NOTIFY" })(config);
  config.linux.seccomp = { ...config.linux.seccomp!, listenerPath: "/none" };
  Deno.writeTextFileSync(saved, JSON.stringify(config));
  assertFailed(
    container,
    await exec(container, [], ["true"]),
    /seccomp agent at linux\.seccomp\.listenerPath "\/none": No such file/,
  );
});

/** Calls that profiles of engines allow, refuse, and decide by arguments. */
const MANY_CALLS = `mkdir /tmp/x && echo made
mount -t tmpfs t /tmp/x 2>&1
unshare -n true 2>&1
hostname other 2>&1
mknod /tmp/p p && echo fifo
grep -E '^(Seccomp:|Cap)' /proc/self/status`;

containerTest(
  "exec: an engine's profile has the effects that it has with runc",
  command(["sleep", "1000"]),
  async (own) => {
    const patch = command(["sleep", "1000"], (config) => {
      writable(config);
      config.linux.seccomp = {
        ...engineProfile([...callNumbers("X86_64").keys()]),
      };
      config.process.noNewPrivileges = false;
    });
    change(own, patch);
    assertSuccess(await own.run(["--detach"]));
    await using peer = new Container(patch, "runc");
    const runc = (...args: string[]) =>
      run(["runc", "--root", `${peer.folder}/runc`, ...args]);
    try {
      assertSuccess(
        await runc("run", "--detach", "--bundle", peer.bundle, peer.id),
      );
      const theirs = await runc("exec", peer.id, "sh", "-c", MANY_CALLS);
      assertEquals(
        await shell(own, MANY_CALLS),
        assertSuccess(theirs).stdout.trimEnd(),
      );
    } finally {
      await runc("delete", "--force", peer.id);
    }
  },
  { programs: ["runc"] },
);
