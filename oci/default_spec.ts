import type { Mount, Namespace, Spec } from "./spec.ts";

/**
 * The configuration that `spec` writes: a shell on a terminal, in namespaces
 * of its own, on a read-only root file system. A cgroup namespace belongs into
 * it on hosts with cgroup v2 only.
 */
export function defaultSpec(options: { cgroupNamespace: boolean }): Spec {
  const capabilities = [
    "CAP_AUDIT_WRITE",
    "CAP_KILL",
    "CAP_NET_BIND_SERVICE",
  ];
  return {
    ociVersion: "1.3.0",
    process: {
      terminal: true,
      user: { uid: 0, gid: 0 },
      args: ["sh"],
      env: [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "TERM=xterm",
      ],
      cwd: "/",
      capabilities: {
        bounding: capabilities,
        effective: capabilities,
        permitted: capabilities,
      },
      rlimits: [{ type: "RLIMIT_NOFILE", hard: 1024, soft: 1024 }],
      noNewPrivileges: true,
    },
    root: { path: "rootfs", readonly: true },
    hostname: "davit",
    mounts: defaultMounts(),
    linux: {
      resources: { devices: [{ allow: false, access: "rwm" }] },
      namespaces: defaultNamespaces(options.cgroupNamespace),
      maskedPaths: [
        "/proc/acpi",
        "/proc/asound",
        "/proc/kcore",
        "/proc/keys",
        "/proc/latency_stats",
        "/proc/timer_list",
        "/proc/timer_stats",
        "/proc/sched_debug",
        "/sys/firmware",
        "/sys/devices/virtual/powercap",
        "/proc/scsi",
      ],
      readonlyPaths: [
        "/proc/bus",
        "/proc/fs",
        "/proc/irq",
        "/proc/sys",
        "/proc/sysrq-trigger",
      ],
    },
  };
}

/**
 * What an ordinary user can run of a configuration: in a user namespace in
 * which root is that user, with the host's network and its /sys, without
 * resources. As `runc spec --rootless` has it.
 *
 * @param uid the user
 * @param gid its group
 */
export function rootlessSpec(spec: Spec, uid: number, gid: number): Spec {
  const { mounts = [], linux = {} } = spec;
  const { resources: _, namespaces = [], ...rest } = linux;
  const map = (hostID: number) => [{ containerID: 0, hostID, size: 1 }];
  return {
    ...spec,
    mounts: mounts.map(rootlessMount),
    linux: {
      ...rest,
      namespaces: [
        ...namespaces.filter(({ type }) => type !== "network"),
        { type: "user" },
      ],
      uidMappings: map(uid),
      gidMappings: map(gid),
    },
  };
}

/** The host's sysfs belongs to its network; other IDs are not mapped. */
function rootlessMount(mount: Mount): Mount {
  if (mount.destination === "/sys") {
    return {
      destination: "/sys",
      type: "none",
      source: "/sys",
      options: ["rbind", "nosuid", "noexec", "nodev", "ro"],
    };
  }
  const { options } = mount;
  if (options === undefined) return mount;
  return {
    ...mount,
    options: options.filter((option) => !/^[ug]id=/.test(option)),
  };
}

function defaultMounts(): Mount[] {
  const locked = ["nosuid", "noexec", "nodev"];
  return [
    { destination: "/proc", type: "proc", source: "proc" },
    {
      destination: "/dev",
      type: "tmpfs",
      source: "tmpfs",
      options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
    },
    {
      destination: "/dev/pts",
      type: "devpts",
      source: "devpts",
      options: [
        "nosuid",
        "noexec",
        "newinstance",
        "ptmxmode=0666",
        "mode=0620",
        "gid=5",
      ],
    },
    {
      destination: "/dev/shm",
      type: "tmpfs",
      source: "shm",
      options: [...locked, "mode=1777", "size=65536k"],
    },
    {
      destination: "/dev/mqueue",
      type: "mqueue",
      source: "mqueue",
      options: locked,
    },
    {
      destination: "/sys",
      type: "sysfs",
      source: "sysfs",
      options: [...locked, "ro"],
    },
    {
      destination: "/sys/fs/cgroup",
      type: "cgroup",
      source: "cgroup",
      options: [...locked, "relatime", "ro"],
    },
  ];
}

function defaultNamespaces(cgroupNamespace: boolean): Namespace[] {
  const namespaces: Namespace[] = [
    { type: "pid" },
    { type: "network" },
    { type: "ipc" },
    { type: "uts" },
    { type: "mount" },
  ];
  if (cgroupNamespace) namespaces.push({ type: "cgroup" });
  return namespaces;
}
