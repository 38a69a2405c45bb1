import { CAPABILITIES } from "../oci/names.ts";
import { knownMountOptions } from "../oci/mount_options.ts";
import { HOOKS, VERSIONS } from "../oci/schema_config.ts";
import {
  MEMORY_POLICY_FLAGS,
  MEMORY_POLICY_MODES,
} from "../oci/schema_linux.ts";
import { seccompNames } from "../oci/schema_seccomp.ts";
import { validate } from "../oci/validate.ts";
import { NAMESPACE_FLAG } from "../launch/namespaces.ts";
import { type Command, NONE } from "./command.ts";
import { CGROUP_MANAGERS } from "./global_options.ts";
import { writeOut } from "./output.ts";
import { COMMIT, VERSION } from "./version.ts";

/** `davit features`: what of the specification is built, as JSON. */
export const command: Command<readonly []> = {
  summary: "print what Davit can do",
  about:
    `Prints the features structure of the OCI runtime specification as JSON: the
names that a configuration may have, and which features are built. It tells
of this program, not of this host.`,
  arguments: NONE,
  options: [],
  async run() {
    const { features } = await import("../oci/features.ts");
    const { ARCHES } = await import("../launch/seccomp/architectures.ts");
    const found = features({
      accepts: (config) => validate(config).errors.length === 0,
      versions: VERSIONS,
      hooks: HOOKS,
      mountOptions: knownMountOptions(),
      namespaces: Object.keys(NAMESPACE_FLAG),
      capabilities: CAPABILITIES,
      cgroupManagers: CGROUP_MANAGERS,
      seccomp: {
        actions: seccompNames("actions"),
        operators: seccompNames("operators"),
        archs: seccompNames("archs").filter((name) =>
          Object.hasOwn(ARCHES, name.replace(/^SCMP_ARCH_/, ""))
        ),
        flags: seccompNames("flags"),
      },
      memoryPolicy: { modes: MEMORY_POLICY_MODES, flags: MEMORY_POLICY_FLAGS },
      annotations: { "davit.version": VERSION, "davit.commit": COMMIT },
    });
    writeOut(`${JSON.stringify(found, null, 2)}\n`);
    return 0;
  },
};
