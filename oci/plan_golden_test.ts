/**
 * Whole plans, compared with texts that were looked through. Where a change
 * is wanted, UPDATE_GOLDEN=1 writes them anew, and a diff shows what it does.
 */
import { assert, assertEquals } from "@std/assert";
import { cgroupLayout } from "../cgroup/layout.ts";
import { LEGACY, UNIFIED } from "../cgroup/recorded_mountinfo.ts";
import { compile, planLaunch } from "../launch/compile.ts";
import type { LaunchInput } from "../launch/input.ts";
import { goldenTest } from "../launch/testdata/golden.ts";
import { defaultSpec } from "./default_spec.ts";
import { lowerHooks, recordHooks } from "./hook_record.ts";
import { lower } from "./lower.ts";
import type { Linux, Mount, Process, Spec } from "./spec.ts";

/** A recorded host, and the container's cgroups on it. */
function host(mountinfo: string) {
  const layout = cgroupLayout(mountinfo);
  const mounted = [...layout.hierarchies, ...[layout.unified ?? []].flat()];
  const cgroupDirectories = mounted.map((m) => `${m.mountPoint}/golden`);
  return { layout, cgroupDirectories };
}

const V1 = host(LEGACY), V2 = host(UNIFIED);
const NO_CGROUPS = { layout: cgroupLayout(""), cgroupDirectories: [] };

/** The input of a launch, without what depends on this machine. */
function input(
  spec: Spec,
  on: typeof V1 & Pick<LaunchInput, "awaitsPlace">,
  more: { noPivot?: boolean; hidden?: string[]; preserveFds?: number } = {},
): LaunchInput {
  const lowered = lower(spec, {
    id: "golden",
    bundle: "/no/such/bundle", // so it has no /etc/passwd
    noPivot: false,
    preserveFds: 0,
    ...on,
    ...more,
  });
  // /dev/core is there where the kernel has /proc/kcore.
  const deviceLinks = lowered.deviceLinks.filter(({ path }) => path !== "core");
  return { ...lowered, deviceLinks };
}

/** The default configuration without a terminal, changed. */
function standard(cgroupNamespace: boolean, process?: Partial<Process>): Spec {
  const spec = defaultSpec({ cgroupNamespace });
  const { process: wanted } = spec;
  return { ...spec, process: { ...wanted!, terminal: false, ...process } };
}

/** A configuration with little in it besides `parts`. */
function small(
  parts: { mounts?: Mount[]; process?: Partial<Process>; linux?: Linux },
): Spec {
  return {
    ociVersion: "1.3.0",
    root: { path: "/rootfs" },
    mounts: parts.mounts ?? [],
    process: {
      args: ["/bin/true"],
      env: ["HOME=/"],
      cwd: "/",
      ...parts.process,
    },
    linux: { namespaces: [{ type: "mount" }], ...parts.linux },
  };
}

const DEVPTS: Mount = {
  destination: "/dev/pts",
  type: "devpts",
  source: "devpts",
  options: ["newinstance", "ptmxmode=0666"],
};
const CONSOLE = { terminal: true, consoleSize: { height: 24, width: 80 } };

const PLANS: Record<string, () => LaunchInput> = {
  default_v1: () => input(standard(false), V1),
  default_v2: () => input(standard(true), V2),
  systemd_scope: () =>
    input(
      small({
        linux: { namespaces: [{ type: "mount" }, { type: "cgroup" }] },
      }),
      {
        ...V2,
        awaitsPlace: {
          why: "wait for the unit davit-golden.scope",
          pointer: "/linux/cgroupsPath",
        },
      },
    ),
  terminal: () =>
    input(small({ process: CONSOLE, mounts: [DEVPTS] }), NO_CGROUPS),
  terminal_of_the_host: () => input(small({ process: CONSOLE }), NO_CGROUPS),
  user_namespace: () => {
    const maps = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
    // More than any kernel allows, so more than this process has.
    const hard = 2n ** 64n - 1n;
    const rlimits = [{ type: "RLIMIT_NOFILE", soft: 1024, hard }];
    const namespaces = ["user", "mount", "pid", "cgroup"] as const;
    return input(
      small({
        process: { rlimits },
        linux: {
          namespaces: namespaces.map((type) => ({ type })),
          uidMappings: maps,
          gidMappings: maps,
        },
      }),
      V2,
    );
  },
  joined_namespaces: () => {
    const joined = ["user", "network", "ipc", "pid", "uts"] as const;
    const namespaces = joined.map((type) => ({ type, path: `/ns/${type}` }));
    return input(
      small({ linux: { namespaces: [...namespaces, { type: "mount" }] } }),
      NO_CGROUPS,
    );
  },
  no_mount_namespace: () =>
    input(small({ linux: { namespaces: [{ type: "pid" }] } }), V1),
  no_pivot: () =>
    input(small({ linux: { rootfsPropagation: "rshared" } }), NO_CGROUPS, {
      noPivot: true,
      hidden: ["/sys", "/proc"],
      preserveFds: 2,
    }),
  binds: () => {
    const bind = (
      destination: string,
      source: string,
      ...options: string[]
    ) => ({
      destination,
      type: "bind",
      source,
      options,
    });
    const mounts = [
      bind("/data", "/srv/data", "rbind"),
      bind("/ro", "/srv/ro", "bind", "ro", "nosuid", "nodev"),
      bind("/private", "/srv/private", "rbind", "rprivate"),
      bind("/all", "/srv/all", "rbind", "rro", "rslave"),
      bind("/etc/deep/hosts", "files/hosts", "bind", "ro"),
      {
        destination: "/ro",
        type: "bind",
        source: "/srv/ro",
        options: ["remount", "rw"],
      },
    ];
    return input(small({ mounts }), NO_CGROUPS);
  },
  masked_and_readonly: () => {
    const spec = small({
      linux: {
        maskedPaths: ["/proc/kcore", "/sys/firmware"],
        readonlyPaths: ["/proc/sys", "/etc/../proc/bus"],
      },
    });
    return input({ ...spec, root: { path: "/r", readonly: true } }, NO_CGROUPS);
  },
  hooks: () => {
    const hook = { path: "/bin/hook", timeout: 5 };
    const hooks = recordHooks({
      prestart: [hook],
      createContainer: [hook, { ...hook, args: ["hook", "ä"], env: ["A=1"] }],
      startContainer: [hook],
    })!;
    const process = { rlimits: [{ type: "RLIMIT_CORE", soft: 0, hard: 0 }] };
    const lowered = input(small({ process }), NO_CGROUPS);
    return { ...lowered, hooks: lowerHooks(hooks) };
  },
  user: () => {
    const sets = ["CAP_KILL", "CAP_SYS_RESOURCE", "CAP_CHECKPOINT_RESTORE"];
    const process: Partial<Process> = {
      args: ["prog", "--flag", "ä"],
      env: ["PATH=/opt/bin:/bin", "HOME=/home/user"],
      cwd: "/home/user",
      user: { uid: 1000, gid: 100, umask: 0o77, additionalGids: [5, 3000] },
      capabilities: {
        bounding: sets,
        effective: [sets[0]!],
        permitted: sets,
        inheritable: sets,
        ambient: [sets[0]!, sets[2]!],
      },
      rlimits: [{ type: "RLIMIT_CORE", soft: 0, hard: 0 }],
      noNewPrivileges: true,
      oomScoreAdj: -500,
    };
    const namespaces = ["mount", "uts", "network"] as const;
    const spec = small({
      process,
      linux: { namespaces: namespaces.map((type) => ({ type })) },
    });
    const names = { hostname: "höst", domainname: "example.org" };
    return input({ ...spec, ...names }, NO_CGROUPS);
  },
};

for (const [name, make] of Object.entries(PLANS)) {
  goldenTest(`planLaunch() of ${name}`, name, () => planLaunch(make()));
}

Deno.test("planLaunch() is a pure function of its input", () => {
  const one = input(standard(true), V2), other = structuredClone(one);
  const plan = planLaunch(one);
  assertEquals(planLaunch(other), plan);
  assertEquals(one, other);
});

Deno.test("planLaunch() in parts waits once, where nothing has waited before", () => {
  const inParts = (input: LaunchInput) =>
    planLaunch({ ...input, inParts: true }).rest;
  const waits = (name: string) => inParts(PLANS[name]!()) !== undefined;
  for (const name of ["default_v1", "default_v2", "binds", "hooks", "user"]) {
    assert(waits(name), name);
  }
  // The maps, and the unit, are Davit's answers to the first process.
  assert(!waits("user_namespace") && !waits("systemd_scope"));
  const mount = (destination: string) =>
    input(small({ mounts: [{ destination, type: "tmpfs" }] }), NO_CGROUPS);
  assert(inParts(mount("/a".repeat(900))) !== undefined);
  assertEquals(inParts(mount("/a".repeat(1100))), undefined);
});

Deno.test("compile() makes small executables of every plan", () => {
  for (const [name, make] of Object.entries(PLANS)) {
    const plan = planLaunch(make());
    for (const arch of ["x86_64", "aarch64"] as const) {
      const { length } = compile(plan, arch);
      assert(length < 512 * 1024, `${name} has ${length} bytes on ${arch}`);
    }
  }
});
