import { NAMESPACE_FLAG } from "../launch/namespaces.ts";
import { components } from "../launch/root_paths.ts";
import {
  absolutePath,
  bool,
  fault,
  type Findings,
  integer,
  lazily,
  list,
  map,
  matching,
  oneOf,
  optionalPath,
  property,
  type Rule,
  text,
} from "./schema.ts";
import { i64, u32 } from "./schema_integers.ts";
import { object } from "./schema_object.ts";
import { resourcesRule } from "./schema_resources.ts";
import { seccompRule } from "./schema_seccomp.ts";
import { quote } from "./quote.ts";

/** The modes of `memoryPolicy`, config-linux.md. */
export const MEMORY_POLICY_MODES: readonly string[] = [
  "MPOL_DEFAULT",
  "MPOL_BIND",
  "MPOL_INTERLEAVE",
  "MPOL_WEIGHTED_INTERLEAVE",
  "MPOL_PREFERRED",
  "MPOL_PREFERRED_MANY",
  "MPOL_LOCAL",
];

/** The flags of `memoryPolicy`, config-linux.md. */
export const MEMORY_POLICY_FLAGS: readonly string[] = [
  "MPOL_F_NUMA_BALANCING",
  "MPOL_F_RELATIVE_NODES",
  "MPOL_F_STATIC_NODES",
];

/** The rule for the `linux` section, config-linux.md. */
export function linuxRule(): Rule {
  const mappings = lazily(idMappingsRule);
  const paths = list(absolutePath, "an array of absolute paths");
  const offset = object({ secs: i64, nanosecs: u32 });
  return object({
    namespaces: list(object({
      type: oneOf(...Object.keys(NAMESPACE_FLAG)),
      path: optionalPath,
    }, ["type"])),
    uidMappings: mappings,
    gidMappings: mappings,
    timeOffsets: object({ boottime: offset, monotonic: offset }),
    devices: list(lazily(deviceNode)),
    netDevices: map(object({ name: text })),
    cgroupsPath: cgroupsPath,
    resources: lazily(resourcesRule),
    intelRdt: lazily(() =>
      object({
        closID: matching(
          /^(\/|(?!\.\.?$)[^/\n]*)$/,
          'the name of a group, or "/"',
        ),
        schemata: list(
          matching(/^[^\n]*$/, "a string of one line"),
          "an array of strings",
        ),
        l3CacheSchema: text,
        memBwSchema: matching(
          /^MB:[^\n]*$/,
          'a line that starts with "MB:"',
        ),
        enableMonitoring: bool,
      })
    ),
    memoryPolicy: lazily(() =>
      object({
        mode: oneOf(...MEMORY_POLICY_MODES),
        nodes: text,
        flags: list(oneOf(...MEMORY_POLICY_FLAGS)),
      }, ["mode"])
    ),
    sysctl: map(text),
    seccomp: lazily(seccompRule),
    // The schema has the first four; runc and crun know the recursive ones.
    rootfsPropagation: oneOf(
      "private",
      "shared",
      "slave",
      "unbindable",
      "rprivate",
      "rshared",
      "rslave",
      "runbindable",
      "",
    ),
    maskedPaths: paths,
    readonlyPaths: paths,
    mountLabel: text,
    personality: object({
      domain: oneOf("LINUX", "LINUX32"),
      flags: list(noFlag, "an array of strings"),
    }, ["domain"]),
  });
}

/** config-linux.md knows no flag of a personality. */
function noFlag(value: unknown, at: string, out: Findings): boolean {
  return text(value, at, out) &&
    fault(out, at, value, "is a flag, the specification has none yet");
}

/** The rule for the shape of `uidMappings` and `gidMappings`. */
export function idMappingsRule(): Rule {
  return list(
    object({ containerID: u32, hostID: u32, size: integer(1, 0xffff_ffff) }, [
      "containerID",
      "hostID",
      "size",
    ]),
  );
}

function deviceNode(): Rule {
  const shape = object({
    type: oneOf("c", "b", "u", "p"),
    path: absolutePath,
    // The bits that the kernel has for them.
    major: integer(0, 0xfff),
    minor: integer(0, 0xfffff),
    fileMode: fileMode,
    uid: u32,
    gid: u32,
  }, ["type", "path"]);
  return (value, at, out) => {
    if (!shape(value, at, out)) return false;
    const type = property(value, "type");
    const path = property(value, "path") as string;
    if (components(path).length === 0) {
      const message = "must not be the root directory, found ";
      return fault(out, `${at}/path`, path, message + quote(path));
    }
    if (type === "p") return true;
    for (const name of ["major", "minor"]) {
      if (property(value, name) !== undefined) continue;
      return fault(
        out,
        `${at}/${name}`,
        undefined,
        `is missing, it is required for a device of type ${quote(`${type}`)}`,
      );
    }
    return true;
  };
}

/**
 * Permissions. The type of the file may come with them, as containerd before
 * 1.5 and Docker before 20.10.4 write it; it has no effect.
 */
function fileMode(value: unknown, at: string, out: Findings): boolean {
  const permissions = typeof value === "number" &&
      [0o20000, 0o60000, 0o10000].includes(value & ~0o777)
    ? value & 0o777
    : value;
  return integer(0, 0o777)(permissions, at, out);
}

/** ".." would let a container leave the cgroups that its manager gave it. */
function cgroupsPath(value: unknown, at: string, out: Findings): boolean {
  if (!text(value, at, out)) return false;
  const path = value as string;
  return !path.split("/").includes("..") || fault(
    out,
    at,
    value,
    `must not have ".." in it, found ${quote(path)}`,
  );
}
