import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { SyscallError } from "./error.ts";
import {
  closesOnExec,
  duplicate,
  type Fd,
  Handle,
  O,
  open,
  write,
} from "./fd.ts";
import { waitChild } from "./process.ts";
import { SIGNALS } from "./signals.ts";
import { spawn } from "./spawn.ts";
import { checked, syscall } from "./syscall.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

/** A file in memory. */
function memory(text = "", name = "davit-test"): Handle {
  const handle = new Handle(checked("memfd_create", "", name, 1) as Fd);
  write(handle.fd, utf8(text));
  return handle;
}

/** A way to the same file from its beginning. */
const self = (fd: number) => `/proc/self/fd/${fd}`;

/** Runs a shell script; its status and what it wrote. */
function shell(
  script: string,
  descriptors: readonly (readonly [number, number])[] = [],
  env: readonly string[] = [],
  ...args: readonly string[]
): { status: number; output: string } {
  using out = memory();
  const pid = spawn({
    path: "/bin/sh",
    args: ["sh", "-c", script, "sh", ...args],
    env: ["PATH=/usr/bin:/bin", ...env],
    descriptors: [[1, out.fd], ...descriptors],
  });
  const { status } = waitChild(pid)!;
  return { status, output: Deno.readTextFileSync(self(out.fd)) };
}

Deno.test("spawn() passes arguments and environment on", () => {
  const args = ["", "two words", "näme", "$HOME", "x".repeat(100_000)];
  const { status, output } = shell(
    'printf "<%s>" "$@"; printf "[%s]" "$A" "$B"; exit 7',
    [],
    ["A=1=2", "B=ü \n"],
    ...args,
  );
  assertEquals(status, 7);
  assertEquals(output, args.map((a) => `<${a}>`).join("") + "[1=2][ü \n]");
});

Deno.test("spawn() gives the environment alone, and its own name", () => {
  using out = memory();
  const { status } = waitChild(spawn({
    path: "/usr/bin/env",
    args: ["env"],
    env: ["ONLY=this"],
    descriptors: [[1, out.fd]],
  }))!;
  assertEquals(status, 0);
  assertEquals(Deno.readTextFileSync(self(out.fd)), "ONLY=this\n");
});

Deno.test("spawn() puts descriptors at the numbers asked for", () => {
  using a = memory("A"), b = memory("B");
  const { output } = shell(
    "cat /proc/self/fd/3 /proc/self/fd/100 /proc/self/fd/0",
    [[3, a.fd], [100, b.fd], [0, a.fd]],
  );
  assertEquals(output, "ABA");
});

Deno.test("spawn() keeps a descriptor at its own number", () => {
  using a = memory("A");
  assertEquals(closesOnExec(a.fd), true);
  const { output } = shell(`cat ${self(a.fd)}`, [[a.fd, a.fd]]);
  assertEquals(output, "A");
});

Deno.test("spawn() swaps descriptors", () => {
  using a = memory("A"), b = memory("B");
  const { output } = shell(
    `cat ${self(a.fd)} ${self(b.fd)}`,
    [[a.fd, b.fd], [b.fd, a.fd]],
  );
  assertEquals(output, "BA");
  assertEquals(Deno.readTextFileSync(self(a.fd)), "A");
});

Deno.test("spawn() turns a ring of descriptors and takes one twice", () => {
  using a = memory("A"), b = memory("B"), c = memory("C");
  const { output } = shell(
    `cat ${self(a.fd)} ${self(b.fd)} ${self(c.fd)} ${self(300)}`,
    [[b.fd, a.fd], [c.fd, b.fd], [a.fd, c.fd], [300, a.fd]],
  );
  assertEquals(output, "CABA");
});

Deno.test("spawn() hands nothing over that was not asked for", () => {
  using a = memory("A"), secret = memory("secret", "davit-secret");
  using given = new Handle(duplicate(a.fd, 200));
  const { output } = shell(
    // ls opens the folder itself.
    "exec ls -l /proc/self/fd | sed -n 's/.* \\([0-9]*\\) -> /\\1 /p'",
    [[50, given.fd]],
  );
  const lines = output.trim().split("\n")
    .filter((line) => !/ (\/proc\/\d+\/fd|pipe:.*)$/.test(line));
  const found = lines.map((line) => Number(line.split(" ")[0]));
  assert(!output.includes("davit-secret"), output);
  assert(found.includes(50), output);
  // Beside the standard ones only what this process itself lets through.
  const more = found.filter((fd) => fd > 2 && fd !== 50);
  assertEquals(more.filter((fd) => closesOnExec(fd) !== false), []);
  assertEquals(closesOnExec(secret.fd), true);
});

Deno.test("spawn() leaves no copy of a descriptor here", () => {
  using a = memory("", "davit-copies");
  const copies = () =>
    [...Deno.readDirSync("/proc/self/fd")].filter(({ name }) => {
      try {
        return Deno.readLinkSync(self(Number(name))).includes("davit-copies");
      } catch {
        return false;
      }
    }).length;
  const descriptors = [[3, a.fd], [4, a.fd]] as const;
  const what = { args: ["x"], env: [], descriptors };
  waitChild(spawn({ path: "/bin/true", ...what }));
  assertEquals(copies(), 1);
  assertThrows(() => spawn({ path: "/no/such", ...what }), SyscallError);
  assertEquals(copies(), 1);
  const bad = [[3, a.fd], [4, 1_000_000]] as const;
  const error = assertThrows(
    () => spawn({ path: "/bin/true", ...what, descriptors: bad }),
    SyscallError,
  );
  assertEquals((error as SyscallError).code, "EBADF");
  assertEquals(copies(), 1);
});

/** A set of signals as /proc/PID/status shows it. */
function signals(status: string, field: string): bigint {
  const [, hex] = new RegExp(`^${field}:\\s*([0-9a-f]+)$`, "m").exec(status)!;
  return BigInt(`0x${hex}`);
}
const bit = (signal: number) => 1n << BigInt(signal - 1);
/** glibc keeps them for itself and lets posix_spawn(3) ignore them. */
const GLIBC = bit(32) | bit(33);

Deno.test("spawn() resets every signal and empties the mask", () => {
  const before = Deno.readTextFileSync("/proc/thread-self/status");
  assert(
    signals(before, "SigIgn") & bit(SIGNALS.PIPE!),
    "Deno ignores SIGPIPE, so this test can tell",
  );
  using out = memory();
  const mask = new BigUint64Array([bit(SIGNALS.USR1!) | bit(40)]);
  const old = new BigUint64Array(1);
  checked("rt_sigprocmask", "", 0, mask, old, 8); // SIG_BLOCK
  let pid: number;
  try {
    pid = spawn({
      path: "/bin/cat",
      args: ["cat", "/proc/self/status"],
      env: [],
      descriptors: [[1, out.fd]],
    });
  } finally {
    syscall("rt_sigprocmask", 2, old, null, 8); // SIG_SETMASK
  }
  assertEquals(waitChild(pid)!.status, 0);
  const status = Deno.readTextFileSync(self(out.fd));
  assertEquals(signals(status, "SigIgn") & ~GLIBC, 0n);
  assertEquals(signals(status, "SigBlk"), 0n);
  assertEquals(signals(status, "SigCgt"), 0n);
  assertEquals(signals(status, "SigPnd"), 0n);
});

Deno.test("spawn() fails for a program that cannot run", () => {
  const refused = (path: string) => {
    const what = { path, args: ["x"], env: [], descriptors: [] };
    return assertThrows(() => spawn(what), SyscallError) as SyscallError;
  };
  const { call, code, subject, message } = refused("/no/such/program");
  assertEquals([call, code, subject], [
    "posix_spawn",
    "ENOENT",
    "/no/such/program",
  ]);
  assertMatch(message, /^posix_spawn "\/no\/such\/program": No such file/);
  assertEquals(refused("/etc/passwd").code, "EACCES");
  assertEquals(refused("/etc").code, "EACCES");
  using text = memory("no program");
  assertEquals(refused(self(text.fd)).code, "ENOEXEC");
  using file = new Handle(open("/dev/null", O.RDONLY));
  assertEquals(refused(`${self(file.fd)}/x`).code, "ENOTDIR");
});

Deno.test("spawn() starts in a directory, in a process group of its own", () => {
  using out = memory();
  const run = (more: Partial<Parameters<typeof spawn>[0]>) => {
    const pid = spawn({
      path: "/bin/sh",
      args: ["sh", "-c", "pwd; cut -d' ' -f5 /proc/$$/stat"],
      env: ["PATH=/usr/bin:/bin"],
      descriptors: [[1, out.fd]],
      ...more,
    });
    assertEquals(waitChild(pid)!.status, 0);
    return pid;
  };
  const one = run({ directory: "/usr", leadsGroup: true });
  run({});
  const [, , own] = Deno.readTextFileSync("/proc/self/stat")
    .split(")").at(-1)!.trim().split(" ");
  assertEquals(
    Deno.readTextFileSync(self(out.fd)),
    `/usr\n${one}\n${Deno.cwd()}\n${own}\n`,
  );
  assertThrows(() => run({ directory: "/nonexistent" }), SyscallError);
});
