/**
 * Building a standalone launcher of a bundle.
 *
 *     config.json -> what a launcher is made from -> plan -> ELF
 *
 * @module
 */

import { controllerVersions } from "../cgroup/controllers.ts";
import { hostLayout } from "../cgroup/layout.ts";
import { loadRareLowering, needsRare } from "../cgroup/resources/lower.ts";
import { ARCH } from "../ffi/syscall.ts";
import type { Arch } from "../ffi/syscall_numbers.ts";
import { realPath } from "../ffi/files.ts";
import { elf } from "../launch/elf.ts";
import type { LaunchInput } from "../launch/input.ts";
import type { Plan } from "../launch/plan.ts";
import { layOut } from "../launch/program.ts";
import { planForArch } from "../launch/standalone/open_flags.ts";
import { planLauncher } from "../launch/standalone/supervisor.ts";
import {
  conventionalLayout,
  conventionalVersions,
  launcherCgroups,
} from "./build_cgroups.ts";
import { unbuildable } from "./build_refusals.ts";
import { readConfig } from "./config.ts";
import { ConfigError, describeProblem, RuntimeError } from "./errors.ts";
import { explained } from "./explain.ts";
import { withoutForeignLabels } from "./labels.ts";
import { lower } from "./lower.ts";
import { withoutOwnNamespaces } from "./namespace_paths.ts";
import { osText } from "./os_error.ts";
import type { Spec } from "./spec.ts";

/** How cgroups are mounted where a launcher is to run. */
export type BuildCgroups = "host" | "v1" | "hybrid" | "v2" | "none";

/** What a launcher is built from. */
export interface BuildOptions {
  /** The bundle's path. */
  readonly bundle: string;
  /** The container's ID, which its cgroup and keyring are called by. */
  readonly id: string;
  /** The processor that it runs on; absent: this one. */
  readonly target?: Arch;
  /** The root file system's path there; absent: as it is here. */
  readonly rootPath?: string;
  /** How cgroups are mounted there; absent: as here. */
  readonly cgroups?: BuildCgroups;
  /** Change the root with chroot(2): for an initramfs. */
  readonly noPivot?: boolean;
  /** Refuse unknown properties, and null for none. */
  readonly strict?: boolean;
}

/**
 * Where hosts have procfs and sysfs: another host's own list of mounts is not
 * known here, and a container whose root is changed by chroot(2) may have
 * neither in reach. Those that are not there are passed over.
 */
const USUAL_WHOLE_MOUNTS = ["/sys", "/proc"];

/** A launcher. */
export interface Built {
  /** The static executable. */
  readonly program: Uint8Array<ArrayBuffer>;
  /** What it does. */
  readonly plan: Plan;
  /** What the launch itself was made from. */
  readonly launch: LaunchInput;
  /** What is odd about the bundle. */
  readonly warnings: readonly string[];
}

/**
 * Builds a launcher.
 *
 * @throws {ConfigError | RuntimeError} what is wrong with the bundle, or
 * cannot be built ahead
 */
export async function build(options: BuildOptions): Promise<Built> {
  const { id, target = ARCH } = options;
  const bundle = folderOf(options.bundle);
  const { spec: whole, warnings: odd } = readConfig(bundle, {
    strict: options.strict === true,
  });
  const problems = unbuildable(whole);
  if (problems.length > 0) throw new ConfigError(problems);
  const { spec: labelled, missing } = withoutForeignLabels(whole);
  const warnings = [...odd, ...missing].map(describeProblem);
  const spec = elsewhere(withoutOwnNamespaces(labelled), options.rootPath);
  const { cgroups: wanted = "host" } = options;
  const layout = wanted === "host" ? hostLayout() : conventionalLayout(wanted);
  const filter = await seccompFor(spec, target, warnings);
  const rare = needsRare(spec.linux?.resources)
    ? await loadRareLowering()
    : undefined;
  return explained("build the launcher", () => {
    const versionOf = wanted === "host"
      ? controllerVersions(layout)
      : conventionalVersions(layout);
    const cgroups = launcherCgroups(spec, id, layout, versionOf, rare);
    const launch: LaunchInput = {
      ...lower(spec, {
        id,
        bundle,
        layout,
        cgroupDirectories: cgroups.directories,
        noPivot: options.noPivot === true,
        ...options.noPivot === true && { hidden: USUAL_WHOLE_MOUNTS },
        preserveFds: 0,
        startNow: true,
        privileges: "host",
        ...filter,
      }),
      endsWithLauncher: true,
    };
    const plan = planForArch(
      planLauncher({ launch, ...cgroups.input, ...idMaps(spec) }),
      ARCH,
      target,
    );
    return {
      program: elf(layOut(plan, target), target),
      plan,
      launch,
      warnings,
    };
  });
}

function folderOf(bundle: string): string {
  try {
    return realPath(bundle);
  } catch (error) {
    throw new RuntimeError(
      "config",
      `Invalid bundle path '${bundle}': ${osText(error)}`,
    );
  }
}

/** The configuration with its root file system at another place. */
function elsewhere(spec: Spec, path: string | undefined): Spec {
  return path === undefined ? spec : { ...spec, root: { ...spec.root, path } };
}

async function seccompFor(spec: Spec, target: Arch, warnings: string[]) {
  const { linux, process } = spec;
  if (!linux?.seccomp || process === undefined) return {};
  const { lowerSeccomp } = await import("./seccomp_part.ts");
  const { input, notes } = lowerSeccomp(linux.seccomp, target);
  warnings.push(...notes);
  return { seccomp: input };
}

function idMaps({ linux = {} }: Spec) {
  const { namespaces = [], uidMappings = [], gidMappings = [] } = linux;
  if (!namespaces.some(({ type, path }) => type === "user" && !path)) return {};
  const text = (lines: typeof uidMappings) =>
    lines.map(({ containerID, hostID, size }) =>
      `${containerID} ${hostID} ${size}\n`
    ).join("");
  return { idMaps: { uid: text(uidMappings), gid: text(gidMappings) } };
}
