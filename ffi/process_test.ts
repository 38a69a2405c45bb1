import {
  assert,
  assertEquals,
  assertObjectMatch,
  assertThrows,
} from "@std/assert";
import { SyscallError } from "./error.ts";
import { closesOnExec, Handle } from "./fd.ts";
import { poll, POLLIN } from "./poll.ts";
import {
  getLimit,
  isChild,
  pidfdOpen,
  pidfdSendSignal,
  reapChild,
  setLimit,
  sleep,
  waitChild,
} from "./process.ts";
import { spawn } from "./spawn.ts";

function shell(script: string): number {
  return spawn({
    path: "/bin/sh",
    args: ["sh", "-c", script],
    env: [],
    descriptors: [],
  });
}

/** A child that lives until it is killed. */
const sleeper = () => shell("exec sleep 1000");

/** Kills and reaps. */
function end(pid: number): void {
  using pidfd = new Handle(pidfdOpen(pid)!);
  pidfdSendSignal(pidfd.fd, 9);
  waitChild(pid);
}

Deno.test("waitChild() gives the exit status", () => {
  for (const status of [0, 1, 42, 255]) {
    const pid = shell(`exit ${status}`);
    assertObjectMatch(waitChild(pid)!, { status, signal: 0 });
  }
});

Deno.test("waitChild() gives 128 and the signal that ended it", () => {
  for (const signal of [1, 9, 11, 13, 15, 34, 64]) {
    const pid = shell(`ulimit -c 0; kill -${signal} $$; sleep 1000`);
    assertObjectMatch(waitChild(pid)!, { status: 128 + signal, signal });
  }
});

Deno.test("waitChild() and reapChild() know what is no child", () => {
  const pid = shell("exit 0");
  waitChild(pid);
  assertEquals(waitChild(pid), undefined);
  assertEquals(reapChild(pid), undefined);
  assertEquals(waitChild(1), undefined);
});

Deno.test("isChild() knows children, also those that have ended", () => {
  const pid = shell("exit 3");
  assert(isChild(pid));
  using pidfd = new Handle(pidfdOpen(pid)!);
  poll([{ fd: pidfd.fd, events: POLLIN }], -1);
  assert(isChild(pid), "it is not reaped yet");
  assertEquals(waitChild(pid)?.status, 3);
  assert(!isChild(pid));
  for (const other of [1, 0, -1, Deno.pid]) assert(!isChild(other));
});

Deno.test("reapChild() does not wait", () => {
  const pid = sleeper();
  assertEquals(reapChild(pid), undefined);
  using pidfd = new Handle(pidfdOpen(pid)!);
  assertEquals(pidfdSendSignal(pidfd.fd, 15), true);
  poll([{ fd: pidfd.fd, events: POLLIN }], 5000);
  assertObjectMatch(reapChild(pid)!, { status: 143, signal: 15 });
  assertEquals(reapChild(pid), undefined);
});

Deno.test("pidfdOpen() opens no process that left only its group", () => {
  // The second one is in the group of the first, by whose number it is named.
  const leader = spawn({
    path: "/bin/sh",
    args: ["sh", "-c", "sleep 1000 & exit 0"],
    env: [],
    descriptors: [],
    leadsGroup: true,
  });
  waitChild(leader);
  try {
    assertEquals(pidfdOpen(leader), undefined);
  } finally {
    Deno.kill(-leader, "SIGKILL");
  }
});

Deno.test("pidfdOpen() opens a process, and polls when it ends", () => {
  const pid = shell("read line </dev/null; sleep 0.05");
  using pidfd = new Handle(pidfdOpen(pid)!);
  assertEquals(closesOnExec(pidfd.fd), true);
  assertEquals(poll([{ fd: pidfd.fd, events: POLLIN }], 5000), [POLLIN]);
  waitChild(pid);
  assertEquals(pidfdSendSignal(pidfd.fd, 0), false);
  assertEquals(pidfdOpen(pid), undefined);
});

Deno.test("pidfdOpen() and pidfdSendSignal() fail on nonsense", () => {
  const error = assertThrows(() => pidfdOpen(-1), SyscallError);
  const { code, subject } = error as SyscallError;
  assertEquals([code, subject], ["EINVAL", "process -1"]);
  using pidfd = new Handle(pidfdOpen(Deno.pid)!);
  assertEquals(pidfdSendSignal(pidfd.fd, 0), true);
  assertThrows(() => pidfdSendSignal(pidfd.fd, 1000), SyscallError);
});

const RLIMIT_CORE = 4, RLIMIT_NOFILE = 7;

Deno.test("getLimit() reads the limits of a process", () => {
  const { soft, hard } = getLimit(0, RLIMIT_NOFILE);
  assertEquals(getLimit(Deno.pid, RLIMIT_NOFILE), { soft, hard });
  const text = Deno.readTextFileSync("/proc/self/limits");
  const [, wanted] = /^Max open files +(\d+)/m.exec(text)!;
  assertEquals(soft, BigInt(wanted!));
  assert(hard >= soft);
});

Deno.test("setLimit() sets the limits of a process", () => {
  const pid = sleeper();
  try {
    setLimit(pid, RLIMIT_NOFILE, { soft: 17n, hard: 33n });
    assertEquals(getLimit(pid, RLIMIT_NOFILE), { soft: 17n, hard: 33n });
    setLimit(pid, RLIMIT_CORE, { soft: 0n, hard: 0n });
    assertEquals(getLimit(pid, RLIMIT_CORE), { soft: 0n, hard: 0n });
    const wrong = () => setLimit(pid, RLIMIT_NOFILE, { soft: 34n, hard: 33n });
    assertEquals((assertThrows(wrong) as SyscallError).code, "EINVAL");
  } finally {
    end(pid);
  }
});

Deno.test("getLimit() keeps all 64 bits of infinity", () => {
  const pid = shell("ulimit -Sc 0; exec sleep 1000");
  try {
    const { hard } = getLimit(pid, RLIMIT_CORE);
    const text = Deno.readTextFileSync("/proc/self/limits");
    const [, , known] = /^Max core file size +(\S+) +(\S+)/m.exec(text)!;
    assertEquals(
      hard,
      known === "unlimited" ? 2n ** 64n - 1n : BigInt(known!),
    );
  } finally {
    end(pid);
  }
});

Deno.test("getLimit() fails on unknown processes and resources", () => {
  const code = (call: () => unknown) =>
    (assertThrows(call, SyscallError) as SyscallError).code;
  assertEquals(code(() => getLimit(0, 99)), "EINVAL");
  const pid = shell("exit 0");
  waitChild(pid);
  assertEquals(code(() => getLimit(pid, RLIMIT_NOFILE)), "ESRCH");
});

Deno.test("sleep() sleeps this thread", () => {
  const start = performance.now();
  sleep(30);
  sleep(0);
  sleep(0.5);
  const took = performance.now() - start;
  assert(took >= 30 && took < 1000, `${took} ms`);
});

Deno.test("reapAny() and setSubreaper() adopt and reap orphans", async () => {
  // In a process of its own: reapAny() would take the children of others.
  const script = `
    import { reapAny, setSubreaper, sleep, waitChild } from
      ${JSON.stringify(new URL("./process.ts", import.meta.url).href)};
    import { spawn } from
      ${JSON.stringify(new URL("./spawn.ts", import.meta.url).href)};
    const start = (script) => spawn(
      { path: "/bin/sh", args: ["sh", "-c", script], env: [], descriptors: [] });
    console.log(reapAny());
    setSubreaper(true);
    const parent = start("sleep 0.1 & exit 3");
    console.log(waitChild(parent).status, reapAny());
    let orphan;
    while ((orphan = reapAny()) === undefined) sleep(5);
    console.log(orphan > 0 && orphan !== parent, reapAny());
  `;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--ext=ts", script],
    cwd: new URL("..", import.meta.url).pathname,
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assertEquals([code, text(stdout)], [
    0,
    "undefined\n3 undefined\ntrue undefined\n",
  ], text(stderr));
});
