/**
 * The features structure, features.md and features-linux.md.
 *
 * What it claims is asked, not written down: each name of the tables that the
 * checks and the compiler work with is tried in a configuration, and claimed
 * when that is not refused. Everything comes as a parameter: an import would
 * make `run` load more files.
 *
 * @module
 */

/** The names that there are, and who knows what is done with them. */
export interface FeatureTables {
  /** Whether a configuration is sound, and nothing in it is refused. */
  accepts(config: unknown): boolean;
  /** The oldest and the newest version of the specification. */
  readonly versions: { readonly min: string; readonly max: string };
  readonly hooks: readonly string[];
  readonly mountOptions: readonly string[];
  readonly namespaces: readonly string[];
  /** Without `CAP_`. */
  readonly capabilities: readonly string[];
  /** Who may make cgroups. */
  readonly cgroupManagers: readonly string[];
  readonly seccomp: {
    readonly actions: readonly string[];
    readonly operators: readonly string[];
    readonly archs: readonly string[];
    readonly flags: readonly string[];
  };
  readonly memoryPolicy: {
    readonly modes: readonly string[];
    readonly flags: readonly string[];
  };
  /** Annotations on Davit itself. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** What `davit features` prints. */
export interface Features {
  readonly ociVersionMin: string;
  readonly ociVersionMax: string;
  readonly hooks: string[];
  readonly mountOptions: string[];
  readonly linux: {
    readonly namespaces: string[];
    readonly capabilities: string[];
    readonly cgroup: {
      readonly v1: boolean;
      readonly v2: boolean;
      readonly systemd: boolean;
      readonly systemdUser: boolean;
      readonly rdma: boolean;
    };
    readonly seccomp: SeccompFeatures;
    readonly apparmor: Enabled;
    readonly selinux: Enabled;
    readonly memoryPolicy?: { modes: string[]; flags: string[] };
    readonly intelRdt: Enabled & { schemata: boolean; monitoring: boolean };
    readonly mountExtensions: { readonly idmap: Enabled };
    readonly netDevices: Enabled;
  };
  readonly annotations: Readonly<Record<string, string>>;
  readonly potentiallyUnsafeConfigAnnotations: string[];
}

interface Enabled {
  readonly enabled: boolean;
}

interface SeccompFeatures extends Enabled {
  readonly actions?: string[];
  readonly operators?: string[];
  readonly archs?: string[];
  readonly knownFlags?: string[];
  readonly supportedFlags?: string[];
}

type Json = Readonly<Record<string, unknown>>;

const IDS = [{ containerID: 0, hostID: 100000, size: 65536 }];

/** What this Davit can do, on any host. */
export function features(tables: FeatureTables): Features {
  const { versions, accepts } = tables;
  const config = (more: Json, linux: Json = {}) => ({
    ociVersion: versions.max,
    root: { path: "rootfs" },
    process: { cwd: "/", args: ["true"] },
    ...more,
    linux: { namespaces: namespaces("mount", "network"), ...linux },
  });
  const process = (more: Json) =>
    accepts(config({ process: { cwd: "/", args: ["true"], ...more } }));
  const mount = (more: Json, linux: Json = {}) =>
    accepts(
      config({ mounts: [{ destination: "/x", ...BIND, ...more }] }, linux),
    );
  const linux = (more: Json) => accepts(config({}, more));
  const idmap = (option: string) =>
    mount({ options: ["bind", option], uidMappings: IDS, gidMappings: IDS });
  return {
    ociVersionMin: versions.min,
    ociVersionMax: versions.max,
    hooks: tables.hooks.filter((name) =>
      accepts(config({ hooks: { [name]: [{ path: "/bin/true" }] } }))
    ),
    mountOptions: tables.mountOptions.filter((option) =>
      mount({ options: [option] }) || idmap(option) ||
      mount({ type: "tmpfs", options: [option] })
    ),
    linux: {
      namespaces: tables.namespaces.filter((type) => {
        const more = type === "user"
          ? { uidMappings: IDS, gidMappings: IDS }
          : {};
        return linux({ namespaces: namespaces(type), ...more });
      }).sort(),
      capabilities: tables.capabilities.map((name) => `CAP_${name}`),
      cgroup: {
        v1: tables.cgroupManagers.includes("cgroupfs"),
        v2: tables.cgroupManagers.includes("cgroupfs"),
        systemd: tables.cgroupManagers.includes("systemd"),
        systemdUser: tables.cgroupManagers.includes("systemd"),
        rdma: linux({ resources: { rdma: { mlx5_0: { hcaHandles: 1 } } } }),
      },
      seccomp: seccomp(tables, (filter) => linux({ seccomp: filter })),
      apparmor: { enabled: process({ apparmorProfile: "profile" }) },
      selinux: {
        enabled: process({ selinuxLabel: "u:r:t:s0" }) &&
          linux({ mountLabel: "u:r:t:s0" }),
      },
      ...memoryPolicy(tables, (policy) => linux({ memoryPolicy: policy })),
      intelRdt: {
        enabled: linux({ intelRdt: { closID: "x", l3CacheSchema: "L3:0=1" } }),
        schemata: linux({ intelRdt: { closID: "x", schemata: ["L3:0=1"] } }),
        monitoring: linux({
          intelRdt: {
            closID: "x",
            schemata: ["L3:0=1"],
            enableMonitoring: true,
          },
        }),
      },
      mountExtensions: { idmap: { enabled: idmap("idmap") } },
      netDevices: { enabled: linux({ netDevices: { eth0: {} } }) },
    },
    annotations: tables.annotations,
    // Properties of a container's unit may start and stop others.
    potentiallyUnsafeConfigAnnotations: ["org.systemd.property."],
  };
}

const BIND = { type: "bind", source: "/srv", options: ["bind"] };

function namespaces(...types: readonly string[]): { type: string }[] {
  return types.map((type) => ({ type }));
}

function seccomp(
  { seccomp: names }: FeatureTables,
  accepts: (filter: Json) => boolean,
): SeccompFeatures {
  const defaultAction = "SCMP_ACT_ALLOW";
  if (!accepts({ defaultAction })) return { enabled: false };
  const rule = (more: Json) =>
    accepts({
      defaultAction,
      listenerPath: "/run/listener",
      syscalls: [{ names: ["getpid"], action: "SCMP_ACT_ERRNO", ...more }],
    });
  const flags = names.flags.filter((flag) =>
    accepts({ defaultAction, flags: [flag] }) ||
    // One of them is about the listener.
    accepts({
      defaultAction,
      flags: [flag],
      listenerPath: "/run/listener",
      syscalls: [{ names: ["getpid"], action: "SCMP_ACT_NOTIFY" }],
    })
  ).sort();
  return {
    enabled: true,
    actions: names.actions.filter((action) => rule({ action })).sort(),
    operators: names.operators.filter((op) =>
      rule({ args: [{ index: 0, value: 1, op }] })
    ).sort(),
    archs: names.archs.filter((arch) =>
      accepts({ defaultAction, architectures: [arch] })
    ).sort(),
    knownFlags: flags,
    supportedFlags: flags,
  };
}

function memoryPolicy(
  { memoryPolicy: names }: FeatureTables,
  accepts: (policy: Json) => boolean,
): { memoryPolicy?: { modes: string[]; flags: string[] } } {
  const nodes = "0";
  // Some modes take no nodes, and one takes none of some flags.
  const modes = names.modes.filter((mode) =>
    accepts({ mode, nodes }) || accepts({ mode })
  );
  const flags = names.flags.filter((flag) =>
    modes.some((mode) => accepts({ mode, nodes, flags: [flag] }))
  );
  return modes.length === 0 ? {} : { memoryPolicy: { modes, flags } };
}
