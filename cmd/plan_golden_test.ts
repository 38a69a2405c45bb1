/**
 * What `davit plan` prints of bundles as people have them, compared with texts
 * that were looked through. UPDATE_GOLDEN=1 writes them anew.
 */
import { assert, assertEquals } from "@std/assert";
import { cgroupLayout } from "../cgroup/layout.ts";
import { HYBRID, UNIFIED } from "../cgroup/recorded_mountinfo.ts";
import { planBundle, type PlanOptions } from "../oci/bundle_plan.ts";
import { defaultSpec } from "../oci/default_spec.ts";
import type { Mount, Spec } from "../oci/spec.ts";
import { planText } from "./plan_text.ts";

const DEFAULT = defaultSpec({ cgroupNamespace: true });
const PLAIN: Spec = {
  ...DEFAULT,
  process: {
    ...DEFAULT.process!,
    terminal: false,
    args: ["sleep", "100"],
    env: [...DEFAULT.process!.env!, "HOME=/root"],
  },
};
const MAPS = [{ containerID: 0, hostID: 100000, size: 65536 }];

function bind(source: string, destination: string, ...options: string[]) {
  return { destination, type: "bind", source, options: ["rbind", ...options] };
}

/** The default with changes; mounts come behind its own. */
function changed(
  parts: Partial<Spec> & { readonly more?: readonly Mount[] },
): Spec {
  const { more = [], process, linux, ...rest } = parts;
  return {
    ...PLAIN,
    ...rest,
    process: { ...PLAIN.process!, ...process },
    mounts: [...PLAIN.mounts!, ...more],
    linux: { ...PLAIN.linux, ...linux },
  };
}

const CRI = "io.kubernetes.cri.";
const POD_NAMESPACES = ["network", "ipc", "uts"] as const;

const BUNDLES: Record<string, Spec> = {
  default: {
    ...DEFAULT,
    process: {
      ...DEFAULT.process!,
      env: [...DEFAULT.process!.env!, "HOME=/root"],
    },
  },
  podman: changed({
    hostname: "8fa0c1b2d3e4",
    annotations: { "org.opencontainers.image.stopSignal": "15" },
    process: {
      ...PLAIN.process!,
      args: ["nginx", "-g", "daemon off;"],
      oomScoreAdj: 0,
    },
    more: [
      bind("/run/hostname", "/etc/hostname", "bind", "rprivate"),
      bind("/run/resolv.conf", "/etc/resolv.conf", "bind", "rprivate"),
      bind("/srv/data", "/data", "rw", "rprivate", "nosuid", "nodev"),
    ],
    linux: {
      cgroupsPath: "/machine.slice/libpod-8fa0c1b2d3e4",
      sysctl: { "net.ipv4.ping_group_range": "0 0" },
      resources: {
        devices: [{ allow: false, access: "rwm" }],
        pids: { limit: 2048 },
      },
      seccomp: {
        defaultAction: "SCMP_ACT_ERRNO",
        defaultErrnoRet: 38,
        architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
        syscalls: [
          { names: ["read", "write", "openat"], action: "SCMP_ACT_ALLOW" },
          { names: ["bdflush"], action: "SCMP_ACT_ERRNO", errnoRet: 1 },
        ],
      },
    },
  }),
  docker: changed({
    hostname: "web",
    process: {
      ...PLAIN.process!,
      user: { uid: 1000, gid: 1000, additionalGids: [1000, 2000] },
      rlimits: [{ type: "RLIMIT_NPROC", soft: 64, hard: 128 }],
    },
    more: [bind("/var/lib/x/hosts", "/etc/hosts", "rprivate")],
    linux: {
      cgroupsPath: "/docker/web",
      resources: {
        memory: { limit: 268435456, swap: 536870912 },
        cpu: { shares: 512, quota: 50000, period: 100000, cpus: "0-1" },
        pids: { limit: 100 },
        devices: [
          { allow: false, access: "rwm" },
          { allow: true, type: "c", major: 10, minor: 229, access: "rwm" },
        ],
      },
      devices: [
        { path: "/dev/fuse", type: "c", major: 10, minor: 229, fileMode: 438 },
      ],
    },
  }),
  "pod sandbox": changed({
    hostname: "pod",
    annotations: {
      [`${CRI}container-type`]: "sandbox",
      [`${CRI}sandbox-id`]: "sandbox",
    },
    process: { ...PLAIN.process!, args: ["/pause"] },
    linux: { cgroupsPath: "/kubepods/pod1/sandbox" },
  }),
  "pod container": changed({
    annotations: {
      [`${CRI}container-type`]: "container",
      [`${CRI}sandbox-id`]: "sandbox",
    },
    hostname: "",
    linux: {
      cgroupsPath: "/kubepods/pod1/app",
      namespaces: [
        { type: "pid" },
        { type: "mount" },
        { type: "cgroup" },
        ...POD_NAMESPACES.map((type) => ({ type, path: `/run/netns/${type}` })),
      ],
    },
  }),
  "user namespace": changed({
    linux: {
      namespaces: [...PLAIN.linux!.namespaces!, { type: "user" }],
      uidMappings: MAPS,
      gidMappings: MAPS,
    },
  }),
  "ID-mapped volume": changed({
    more: [{
      ...bind("/srv/data", "/data", "idmap", "ro"),
      uidMappings: MAPS,
      gidMappings: MAPS,
    }],
  }),
  "systemd cgroup": changed({
    linux: {
      cgroupsPath: "machine.slice:davit:web",
      resources: { memory: { limit: 67108864 }, cpu: { quota: 50000 } },
    },
  }),
  terminal: changed({
    process: {
      ...PLAIN.process!,
      terminal: true,
      consoleSize: { height: 40, width: 120 },
    },
  }),
  hooks: changed({
    hooks: {
      createRuntime: [{
        path: "/usr/bin/net",
        args: ["net", "up"],
        timeout: 5,
      }],
      startContainer: [{ path: "/bin/prepare", env: ["A=1"] }],
      poststop: [{ path: "/usr/bin/net", args: ["net", "down"] }],
    },
  }),
  "seccomp notify": changed({
    linux: {
      seccomp: {
        defaultAction: "SCMP_ACT_ALLOW",
        listenerPath: "/run/agent.sock",
        syscalls: [{ names: ["mount"], action: "SCMP_ACT_NOTIFY" }],
      },
    },
  }),
};

const SYSTEMD = ["systemd cgroup"];
/** What depends on the host all the same. */
const OF_THE_HOST = /\/dev\/core |symlinkat.*kcore/;

async function textOf(name: string, calls: boolean): Promise<string> {
  const bundle = Deno.makeTempDirSync();
  try {
    const options: PlanOptions = {
      bundle,
      id: "golden",
      config: new TextEncoder().encode(JSON.stringify(BUNDLES[name])),
      host: {
        layout: cgroupLayout(SYSTEMD.includes(name) ? UNIFIED : HYBRID),
        privileges: "host",
      },
      ...SYSTEMD.includes(name) && { cgroupManager: "systemd" },
    };
    const plan = { ...await planBundle(options), warnings: [] };
    const text = planText(plan, { calls, colour: false });
    const lines = text.replaceAll(bundle, "BUNDLE").split("\n");
    assert(
      lines.every((line) => [...line].length <= 100),
      lines.find((line) => [...line].length > 100),
    );
    return lines.filter((line) => !OF_THE_HOST.test(line)).join("\n");
  } finally {
    Deno.removeSync(bundle, { recursive: true });
  }
}

for (const name of Object.keys(BUNDLES)) {
  Deno.test(`the plan of a bundle is as it was looked through: ${name}`, async () => {
    const file = `testdata/plan_${name.replaceAll(" ", "_")}.txt`;
    const url = new URL(file, import.meta.url);
    // The calls of one are enough: those of the launch have goldens as well.
    const text = await textOf(name, name === "default");
    if (Deno.env.get("UPDATE_GOLDEN")) Deno.writeTextFileSync(url, text);
    assertEquals(text.split("\n"), Deno.readTextFileSync(url).split("\n"));
  });
}

Deno.test("a plan needs no privileges, and is the same again", async () => {
  assertEquals(await textOf("docker", true), await textOf("docker", true));
});
