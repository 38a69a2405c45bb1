import { ARCHES } from "../launch/seccomp/architectures.ts";
import { assert, assertEquals } from "@std/assert";
import { readConfig } from "../oci/config.ts";
import { ConfigError } from "../oci/errors.ts";
import type { Features } from "../oci/features.ts";
import { silent } from "../oci/logger.ts";
import {
  definition,
  hasSchemas,
  schemaChecker,
  whySkipped,
} from "../tests/spec_schema.ts";
import { capture } from "./captured_output.ts";
import { command } from "./features.ts";
import { SPEC_VERSION } from "./version.ts";

async function printed(): Promise<Features> {
  const { result, stdout } = await capture(() =>
    command.run({
      runtime: { root: "/r", log: silent },
      cgroupManager: "cgroupfs",
      options: {},
      args: [],
    })
  );
  assertEquals(result, 0);
  return JSON.parse(stdout);
}

type Part = Record<string, unknown>;

const ALL_NAMESPACES = ["pid", "network", "mount", "ipc", "uts", "cgroup"]
  .map((type) => ({ type }));
const MAPPINGS = [{ containerID: 0, hostID: 1000, size: 1 }];

/** Why `readConfig()` refuses a bundle with this in it; none: it does not. */
function refusal(more: Part, linux: Part = {}): string | undefined {
  const bundle = Deno.makeTempDirSync({ prefix: "davit-features." });
  try {
    const config = {
      ociVersion: "1.3.0",
      root: { path: "rootfs" },
      process: { cwd: "/", args: ["x"] },
      linux: { namespaces: ALL_NAMESPACES, ...linux },
      ...more,
    };
    Deno.writeTextFileSync(`${bundle}/config.json`, JSON.stringify(config));
    readConfig(bundle, { strict: true });
    return undefined;
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  } finally {
    Deno.removeSync(bundle, { recursive: true });
  }
}

/** Fails unless what is claimed is accepted, and what is not is refused. */
function assertTrue(
  what: string,
  claimed: boolean,
  refused: string | undefined,
): void {
  assertEquals(
    claimed,
    refused === undefined,
    `features ${claimed ? "claims" : "does not claim"} ${what}, readConfig() ` +
      `says: ${refused ?? "nothing"}`,
  );
}

/** The same for names: the ones claimed, and all that there are. */
function assertTrueNames(
  claimed: readonly string[],
  all: readonly string[],
  refused: (name: string) => string | undefined,
): void {
  assertEquals(claimed.filter((name) => !all.includes(name)), []);
  for (const name of all) {
    assertTrue(name, claimed.includes(name), refused(name));
  }
}

Deno.test({
  name: "features prints what the specification's schema asks" + whySkipped,
  ignore: !hasSchemas,
  async fn() {
    const isFeatures = schemaChecker("features-schema.json");
    assert(isFeatures(await printed()), JSON.stringify(isFeatures.errors));
  },
});

Deno.test("features names the versions that are accepted", async () => {
  const { ociVersionMin, ociVersionMax } = await printed();
  assertEquals(ociVersionMax, SPEC_VERSION);
  for (const version of [ociVersionMin, ociVersionMax]) {
    assertEquals(refusal({ ociVersion: version }), undefined);
  }
  const [, minor] = ociVersionMax.split(".");
  assert(refusal({ ociVersion: `1.${Number(minor) + 1}.0` }) !== undefined);
  assert(refusal({ ociVersion: "0.9.0" }) !== undefined);
});

Deno.test("features claims each flag that is accepted, and no other", async () => {
  const { linux } = await printed();
  const process = (more: Part) =>
    refusal({ process: { cwd: "/", args: ["x"], ...more } });
  const flags: [string, boolean, string | undefined][] = [
    [
      "AppArmor",
      linux.apparmor.enabled,
      process({ apparmorProfile: "unconfined" }),
    ],
    ["SELinux", linux.selinux.enabled, process({ selinuxLabel: "a:b:c:s0" })],
    [
      "mountLabel",
      linux.selinux.enabled,
      refusal({}, { mountLabel: "a:b:c:s0" }),
    ],
    [
      "Intel RDT",
      linux.intelRdt.enabled,
      refusal({}, {
        intelRdt: { closID: "c", memBwSchema: "MB:0=20" },
      }),
    ],
    [
      "schemata",
      linux.intelRdt.schemata,
      refusal({}, {
        intelRdt: { closID: "c", schemata: ["MB:0=20"] },
      }),
    ],
    [
      "enableMonitoring",
      linux.intelRdt.monitoring,
      refusal({}, {
        intelRdt: {
          closID: "c",
          schemata: ["MB:0=20"],
          enableMonitoring: true,
        },
      }),
    ],
    [
      "netDevices",
      linux.netDevices.enabled,
      refusal({}, {
        netDevices: { eth1: { name: "eth0" } },
      }),
    ],
    [
      "ID-mapped mounts",
      linux.mountExtensions.idmap.enabled,
      refusal({
        mounts: [{
          destination: "/m",
          source: "/srv",
          options: ["rbind", "ridmap"],
          uidMappings: MAPPINGS,
          gidMappings: MAPPINGS,
        }],
      }),
    ],
    [
      "RDMA",
      linux.cgroup.rdma,
      refusal({}, {
        resources: { rdma: { x: { hcaObjects: 1 } } },
      }),
    ],
    [
      "seccomp",
      linux.seccomp.enabled,
      refusal({}, {
        seccomp: { defaultAction: "SCMP_ACT_ERRNO" },
      }),
    ],
  ];
  for (const [what, claimed, refused] of flags) {
    assertTrue(what, claimed, refused);
  }
});

Deno.test({
  name: "features claims the specification's names that work" + whySkipped,
  ignore: !hasSchemas,
  async fn() {
    const { hooks, linux } = await printed();
    const names = (file: string, name: string) => definition(file, name).enum!;
    const inLinux = (name: string) => names("defs-linux.json", name);
    assertTrueNames(
      hooks,
      Object.keys(definition("config-schema.json", "hooks").properties!),
      (name) => refusal({ hooks: { [name]: [{ path: "/x" }] } }),
    );
    assertTrueNames(
      linux.namespaces,
      inLinux("NamespaceType"),
      (type) =>
        refusal({}, {
          namespaces: [{ type }],
          ...type === "user" &&
            { uidMappings: MAPPINGS, gidMappings: MAPPINGS },
        }),
    );
    const { modes = [], flags = [] } = linux.memoryPolicy ?? {};
    assertTrueNames(modes, inLinux("MemoryPolicyMode"), (mode) => {
      const takesNone = ["MPOL_DEFAULT", "MPOL_LOCAL"].includes(mode);
      const nodes = takesNone ? {} : { nodes: "0" };
      return refusal({}, { memoryPolicy: { mode, ...nodes } });
    });
    assertTrueNames(flags, inLinux("MemoryPolicyFlag"), (flag) =>
      refusal({}, {
        memoryPolicy: { mode: "MPOL_BIND", nodes: "0", flags: [flag] },
      }));
  },
});

Deno.test({
  name: "features claims the seccomp names that work" + whySkipped,
  ignore: !hasSchemas,
  async fn() {
    const { seccomp } = (await printed()).linux;
    const all = (name: string) => definition("defs-linux.json", name).enum!;
    const listener = { listenerPath: "/run/socket" };
    const filter = (more: Part, rule: Part) =>
      refusal({}, {
        seccomp: {
          defaultAction: "SCMP_ACT_ERRNO",
          ...more,
          syscalls: [{ names: ["read"], action: "SCMP_ACT_ALLOW", ...rule }],
        },
      });
    assertTrueNames(
      seccomp.actions ?? [],
      all("SeccompAction"),
      (action) =>
        filter(action === "SCMP_ACT_NOTIFY" ? listener : {}, { action }),
    );
    assertTrueNames(
      seccomp.operators ?? [],
      all("SeccompOperators"),
      (op) => filter({}, { args: [{ index: 5, value: 2, valueTwo: 3, op }] }),
    );
    // Calls of others are refused, whatever a profile says of them.
    assertEquals(
      seccomp.archs,
      Object.keys(ARCHES).map((arch) => `SCMP_ARCH_${arch}`).sort(),
    );
    for (const arch of all("SeccompArch")) {
      assertEquals(filter({ architectures: [arch] }, {}), undefined);
    }
    assertTrueNames(
      seccomp.supportedFlags ?? [],
      all("SeccompFlag"),
      (flag) =>
        flag === "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"
          ? filter({ flags: [flag], ...listener }, {
            action: "SCMP_ACT_NOTIFY",
          })
          : filter({ flags: [flag] }, {}),
    );
    assertEquals(seccomp.knownFlags, seccomp.supportedFlags);
  },
});

Deno.test("features claims capabilities and mount options that work", async () => {
  const { mountOptions, linux } = await printed();
  for (const name of linux.capabilities) {
    const capabilities = { bounding: [name] };
    const process = { cwd: "/", args: ["x"], capabilities };
    assertEquals(refusal({ process }), undefined, name);
  }
  assertEquals(new Set(linux.capabilities).size, 41);
  const mount = (option: string, more: Part) => ({
    mounts: [{
      destination: "/m",
      type: "tmpfs",
      source: "/srv",
      options: [option],
      ...more,
    }],
  });
  for (const option of mountOptions) {
    const mapped = option === "idmap" || option === "ridmap";
    const more = mapped
      ? {
        options: ["bind", option],
        uidMappings: MAPPINGS,
        gidMappings: MAPPINGS,
      }
      : {};
    assertEquals(refusal(mount(option, more)), undefined, option);
  }
  const claims = mountOptions.includes("idmap");
  assertEquals(claims, linux.mountExtensions.idmap.enabled);
});
