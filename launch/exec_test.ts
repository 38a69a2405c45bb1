/** Plans of `exec`, compared with texts that were looked through. */
import { assert, assertEquals } from "@std/assert";
import { ARCHES } from "./testdata/harness.ts";
import { compile } from "./compile.ts";
import { CALLS_UNDER_FILTER, planExec } from "./exec.ts";
import type { ExecInput } from "./exec_input.ts";
import type { ProcessInput } from "./input.ts";
import { goldenTest } from "./testdata/golden.ts";

const NONE = {
  bounding: 0n,
  effective: 0n,
  inheritable: 0n,
  permitted: 0n,
  ambient: 0n,
};

function process(more: Partial<ProcessInput> = {}): ProcessInput {
  return {
    args: ["sh", "-c", "exit 1"],
    env: ["PATH=/bin", "HOME=/"],
    cwd: "/tmp",
    uid: 1000,
    gid: 1000,
    groups: [10],
    setGroups: "needed",
    umask: 0o22,
    capabilities: NONE,
    rlimits: [],
    noNewPrivileges: false,
    ...more,
  };
}

function input(more: Partial<ExecInput> = {}): ExecInput {
  return {
    id: "golden",
    initPid: 1234,
    privileges: "host",
    namespaces: ["pid", "network", "mount", "ipc", "uts"],
    ownKeyring: true,
    cgroupTasks: [],
    affinity: {},
    loadsFilterEarly: false,
    process: process(),
    preserveFds: 0,
    ...more,
  };
}

/** A filter that allows everything. */
const ALLOW = new Uint8Array([6, 0, 0, 0, 0, 0, 0xff, 0x7f]);
const CGROUP = "/sys/fs/cgroup/golden";
const LIMIT = {
  name: "RLIMIT_NOFILE",
  resource: 7,
  soft: 10n,
  hard: 20n,
  pointer: "/process/rlimits/0",
};

const PLANS: Record<string, () => ExecInput> = {
  exec_v1: () =>
    input({
      cgroupTasks: ["/cpu/golden/tasks", "/pids/golden/tasks"],
      affinity: { initial: [1n], final: [2n, 1n] },
      preserveFds: 2,
    }),
  exec_v2: () =>
    input({
      namespaces: ["mount", "cgroup", "time"],
      cgroupDirectory: CGROUP,
      initCgroup: `${CGROUP}/init.scope`,
      process: process({
        terminal: { from: "container", rows: 24, columns: 80 },
        capabilities: { ...NONE, bounding: 1n << 21n },
        rlimits: [{ ...LIMIT, raises: true }],
        seccomp: { filter: ALLOW, flags: 0, notifies: false },
      }),
    }),
  exec_filter: () =>
    input({
      loadsFilterEarly: true,
      process: process({
        noNewPrivileges: false,
        seccomp: { filter: ALLOW, flags: 0, notifies: false },
      }),
    }),
  exec_user: () =>
    input({
      privileges: "user",
      namespaces: ["user", "mount", "pid"],
      cgroupDirectory: CGROUP,
      ownKeyring: false,
      process: process({ oomScoreAdj: 100, setGroups: "denied", groups: [] }),
    }),
  exec_no_mount_namespace: () =>
    input({
      namespaces: [],
      process: process({
        terminal: { from: "host" },
        apparmorProfile: "profile",
        noNewPrivileges: true,
      }),
    }),
};

for (const [name, make] of Object.entries(PLANS)) {
  goldenTest(`planExec() of ${name}`, name, () => planExec(make()));
}

Deno.test("planExec() makes small executables", () => {
  for (const [name, make] of Object.entries(PLANS)) {
    for (const arch of ARCHES) {
      const { length } = compile(planExec(make()), arch);
      assert(length < 256 * 1024, `${name} has ${length} bytes on ${arch}`);
    }
  }
});

Deno.test("planExec() makes the process last, without files or rights", () => {
  for (const [name, make] of Object.entries(PLANS)) {
    const calls = planExec(make()).steps.flatMap(({ action }) =>
      "call" in action ? [action] : []
    );
    const made = calls.findLastIndex(({ call }) => call === "clone");
    const before = calls.slice(0, made).map(({ call }) => call);
    for (const call of ["setns", "setresuid", "capset", "chdir"] as const) {
      if (name === "exec_no_mount_namespace" && call === "setns") continue;
      assert(before.includes(call), `${name}: ${call} comes before`);
    }
    const [last] = before.filter((c) => c !== "seccomp" && c !== "capset")
      .slice(-1);
    assertEquals(last, "close_range", name);
    const after = calls.slice(made + 1).map(({ call }) => call);
    const allowed = "write exit_group setsid ioctl close_range prctl read " +
      "prlimit64 seccomp capset execve";
    for (const call of after) {
      assert(allowed.split(" ").includes(call), `${name}: ${call} comes after`);
    }
    if (!make().loadsFilterEarly) continue;
    const under = CALLS_UNDER_FILTER.map(([call]) => call as string);
    const loaded = calls.findIndex(({ call }) => call === "seccomp");
    for (const { call } of calls.slice(loaded + 1)) {
      assert(under.includes(call), `${name}: ${call} is known to come after`);
    }
  }
});
