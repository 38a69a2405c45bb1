import { controllerVersions } from "./controllers.ts";
import { deviceRules } from "./devices.ts";
import { CgroupError } from "./error.ts";
import type { SystemdUnit } from "./existing.ts";
import type { CgroupLayout } from "./layout.ts";
import { LegacyCgroups } from "./legacy.ts";
import { NoCgroups } from "./none.ts";
import { cgroupPlace } from "./place.ts";
import { type RareLowering, resourceWrites } from "./resources/lower.ts";
import { propertyName } from "./resources/write.ts";
import type { CgroupLog, CgroupManager, CgroupResources } from "./types.ts";
import { UnifiedCgroups } from "./unified.ts";

/** A container whose cgroups are to be made. */
export interface CgroupRequest {
  /** The container's ID. */
  readonly id: string;
  /** `linux.cgroupsPath`; the spec's own when absent. */
  readonly cgroupsPath?: string;
  /** The config. */
  readonly spec?: {
    readonly linux?: {
      readonly cgroupsPath?: string;
      readonly resources?: CgroupResources;
    };
  };
  /** Lowers what few configurations have; see `needsRare`. */
  readonly rare?: RareLowering;
  /** Told of what is left out. */
  readonly log?: CgroupLog;
  /** Whether the caller is root of the host; absent: he is. */
  readonly privileged?: boolean;
  /**
   * The cgroup that a relative path, and the place for none, are below: an
   * ordinary user may not change others. Absent: the root.
   */
  readonly delegated?: string;
  /** The place that systemd gives the cgroups, and the unit that does. */
  readonly scope?: { readonly place: string; readonly unit: SystemdUnit };
}

/**
 * The manager for a new container on a host of this layout. Nothing is made
 * yet.
 *
 * @throws {CgroupError} for a cgroupsPath or resources that cannot be applied
 */
export function cgroupManager(
  layout: CgroupLayout,
  request: CgroupRequest,
): CgroupManager {
  const { scope } = request;
  const { linux } = request.spec ?? {};
  const cgroupsPath = request.cgroupsPath ?? linux?.cgroupsPath ?? "";
  const isRelative = !cgroupsPath.startsWith("/");
  const resources = linux?.resources ?? {};
  // Faults of the config come out here, before anything is made.
  deviceRules(resources.devices);
  const { rare } = request;
  const [limit] = resourceWrites(controllerVersions(layout), resources, rare);
  const plan = {
    place: scope?.place ??
      (isRelative ? request.delegated ?? "" : "") +
        cgroupPlace(request.id, cgroupsPath),
    resources,
    insists: limit !== undefined || cgroupsPath !== "" || scope !== undefined,
    log: request.log ?? { debug() {}, warn() {} },
    privileged: request.privileged ?? true,
    ...scope !== undefined && { systemd: scope.unit },
    ...rare !== undefined && { rare },
  };
  if (layout.hierarchies.length > 0) return new LegacyCgroups(layout, plan);
  if (layout.unified) return new UnifiedCgroups(layout.unified, plan);
  if (plan.insists) {
    const property = limit ? propertyName(limit.pointer) : "linux.cgroupsPath";
    throw new CgroupError(
      "system",
      `unable to apply cgroup configuration: ${property} is set, but no ` +
        "cgroup file system is mounted, mount cgroup2 on /sys/fs/cgroup",
    );
  }
  return new NoCgroups("no cgroup file system is mounted", plan.log);
}
