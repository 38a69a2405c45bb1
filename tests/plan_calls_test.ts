/**
 * What `davit plan --calls` tells is what happens: containers are made under
 * strace, and the launch program's system calls are those of the plan, in
 * order.
 */
import { assert, assertEquals } from "@std/assert";
import type { ListedCall } from "../launch/listing.ts";
import type { Patch } from "./config.ts";
import { command, Container, containerTest } from "./container.ts";
import { assertSuccess, readIfThere, Running, until } from "./davit.ts";

/** The calls of a process: after the launch program's start, if it is one. */
function callsOf(trace: string): string[] {
  const lines = trace.split("\n").filter((line) => /^\w+\(/.test(line));
  const start = lines.findIndex((line) =>
    line.startsWith("execve(") && line.includes("davit-init")
  );
  return lines.slice(start + 1);
}

/** The traces of create's launch program: its first process, and init. */
async function traced(container: Container): Promise<[string[], string[]]> {
  const { id, folder } = container;
  const prefix = `${folder}/trace`;
  using running = new Running([
    "strace",
    "-ff",
    "-qq",
    "-s",
    "4096",
    "-o",
    prefix,
    ...container.words("create", "--bundle", container.bundle, id),
  ]);
  await until("created", async () => {
    const { code, stdout } = await container.davit(["state", id]);
    return code === 0 && JSON.parse(stdout).status === "created";
  });
  const { pid } = await container.state();
  assertSuccess(await container.start());
  assertEquals((await running.end()).code, 0);
  const traces = [...Deno.readDirSync(folder)]
    .filter(({ name }) => name.startsWith("trace."))
    .map(({ name }) => [name, readIfThere(`${folder}/${name}`)] as const);
  const init = traces.find(([name]) => name === `trace.${pid}`)?.[1];
  // Of init the trace has no execve of the launch program: it was cloned.
  const first = traces.find(([, text]) => /^execve\(.*"davit-init"/m.test(text))
    ?.[1];
  if (first === undefined || init === undefined) {
    throw new Error(`no trace of ${pid} or of its maker`);
  }
  return [callsOf(first), callsOf(init)];
}

/** Whether an observed call may be a planned one. */
function fits(observed: string, planned: ListedCall): boolean {
  if (!observed.startsWith(`${planned.call}(`)) return false;
  const strings = planned.args.flatMap((arg) =>
    arg.startsWith('"') ? [arg] : []
  );
  return strings.every((text) => observed.includes(text));
}

/** Where the plan may be after a call, if it was at one of `places` before. */
function follow(
  places: ReadonlySet<number>,
  call: string,
  planned: readonly ListedCall[],
): Set<number> {
  const next = new Set<number>();
  const errno = /= -1 (E\w+)/.exec(call)?.[1];
  const add = (at: number) => {
    next.add(at + 1);
    const { tolerates, why, pointer } = planned[at]!;
    const goesOn = errno !== undefined &&
      (tolerates.includes(errno) || tolerates.includes("any"));
    if (!goesOn) return;
    // An error that is expected leads past what the step would do besides.
    for (let to = at + 1; planned[to]?.why === why; to++) {
      if (planned[to]!.pointer === pointer) next.add(to + 1);
    }
  };
  for (const place of places) {
    for (let at = place; at < planned.length; at++) {
      if (fits(call, planned[at]!)) add(at);
      if (planned[at]!.certain) break; // not to be left out
    }
    // A part that repeats may begin again.
    for (let at = place - 1; at >= 0 && !planned[at]!.certain; at--) {
      const { repeats } = planned[at]!;
      if (repeats && fits(call, planned[at]!)) next.add(at + 1);
    }
    const before = planned[place - 1];
    if (before?.repeats && fits(call, before)) next.add(place);
  }
  return next;
}

/** Fails unless the observed calls are the planned ones, in order. */
function assertFollows(
  observed: readonly string[],
  planned: readonly ListedCall[],
): void {
  let places: ReadonlySet<number> = new Set([0]);
  for (const [count, call] of observed.entries()) {
    const next = follow(places, call, planned);
    const expected = [...places].map((i) => JSON.stringify(planned[i]));
    assert(
      next.size > 0,
      `call ${count} is ${call}\nplanned: ${expected.join("\n or ")}`,
    );
    places = next;
  }
  const ends = [...places].some((place) =>
    planned.slice(place).every(({ certain }) => !certain)
  );
  assert(ends, "calls that are planned were not made");
}

const CASES: Record<string, Patch> = {
  "the default": () => {},
  "a user with limits": (config) => {
    config.process.user = { uid: 1000, gid: 1000, additionalGids: [2000] };
    config.process.cwd = "/home/user";
    config.process.oomScoreAdj = 50;
    config.process.noNewPrivileges = false;
    config.linux.resources = { memory: { limit: 64 << 20 } };
  },
  "a user namespace": (config) => {
    const map = [{ containerID: 0, hostID: 0, size: 70000 }];
    config.linux.namespaces.push({ type: "user" });
    config.linux.uidMappings = config.linux.gidMappings = map;
  },
  "mounts and devices": (config) => {
    config.root.readonly = false;
    config.mounts.push(
      { destination: "/new/place/t", type: "tmpfs", options: ["size=1m"] },
      { destination: "/new/file", source: "/etc/hostname", options: ["bind"] },
      { destination: "/etc/sys", source: "/sys", options: ["rbind", "rro"] },
    );
    config.linux.devices = [
      { path: "/dev/fuse", type: "c", major: 10, minor: 229, fileMode: 0o666 },
    ];
    config.linux["sysctl"] = { "net.ipv4.ip_forward": "1" };
  },
  "a seccomp filter": (config) => {
    config.linux["seccomp"] = {
      defaultAction: "SCMP_ACT_ERRNO",
      architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"],
      syscalls: [{
        names:
          "execve exit exit_group brk mmap munmap mprotect close read write openat fstat arch_prctl getuid getgid setgid setuid rt_sigprocmask rt_sigaction futex prctl capset prlimit64 close_range accept4 uname readlink getrandom set_tid_address set_robust_list rseq newfstatat readlinkat"
            .split(" "),
        action: "SCMP_ACT_ALLOW",
      }],
    };
  },
};

for (const [name, patch] of Object.entries(CASES)) {
  containerTest(
    `the calls of a plan are made, in order: ${name}`,
    command(["true"], patch),
    async (container) => {
      const { stdout } = assertSuccess(
        await container.davit([
          "plan",
          "--json",
          "--calls",
          "--id",
          container.id,
          container.bundle,
        ]),
      );
      const planned: ListedCall[] = JSON.parse(stdout).calls;
      const [first, init] = await traced(container);
      assertFollows(first, planned.filter((c) => c.process === "first"));
      // From the program's start on, the calls are the program's.
      const end = init.findIndex((line) => line.startsWith("execve("));
      assert(end >= 0, init.join("\n"));
      assertFollows(
        init.slice(0, end + 1),
        planned.filter((c) => c.process === "init"),
      );
      assertSuccess(await container.davit(["delete", container.id]));
    },
    { programs: ["strace"] },
  );
}
