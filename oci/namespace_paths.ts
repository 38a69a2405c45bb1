/**
 * Namespaces that a configuration names by path, looked at before anything is
 * made.
 *
 * @module
 */

import { namespaceAt } from "../ffi/namespace.ts";
import { NAMESPACE_FLAG } from "../launch/namespaces.ts";
import { ConfigError, type Problem } from "./errors.ts";
import { osText } from "./os_error.ts";
import { quote } from "./quote.ts";
import type { Findings } from "./schema.ts";
import type { Namespace, NamespaceType, Spec } from "./spec.ts";
import { checkNamespaces } from "./validate_namespaces.ts";

/** The names of the files in /proc/PID/ns, namespaces(7). */
export const NAMESPACE_FILES: Readonly<Record<NamespaceType, string>> = {
  pid: "pid",
  network: "net",
  mount: "mnt",
  ipc: "ipc",
  uts: "uts",
  user: "user",
  cgroup: "cgroup",
  time: "time",
};

/**
 * The configuration as far as its namespaces are others than Davit's own: to
 * join one that a process is in changes nothing, and is an error for that of
 * users and a way for a container to change the host.
 *
 * @throws {ConfigError} naming every path that is no such namespace, and what
 * would change the host
 */
export function withoutOwnNamespaces(spec: Spec): Spec {
  const { linux = {} } = spec;
  const { namespaces = [] } = linux;
  if (!namespaces.some(({ path }) => path)) return spec;
  const problems: Problem[] = [];
  const others = namespaces.filter((namespace, index) => {
    if (!namespace.path) return true;
    const found = look(namespace);
    if (typeof found !== "string") return !found.own;
    const { path, type } = namespace;
    problems.push({
      pointer: `/linux/namespaces/${index}/path`,
      found: quote(path),
      message: `cannot join the ${type} namespace ${path}: ${found}`,
    });
    return true;
  });
  if (problems.length > 0) throw new ConfigError(problems);
  if (others.length === namespaces.length) return spec;
  checkHost(spec, others);
  return { ...spec, linux: { ...linux, namespaces: others } };
}

/** Whether it is Davit's own; or what is wrong with it. */
function look({ type, path = "" }: Namespace): { own: boolean } | string {
  try {
    const found = namespaceAt(path);
    if (found === undefined) return "it is no namespace";
    const kinds = Object.entries(NAMESPACE_FLAG);
    const [kind] = kinds.find(([, flag]) => flag === found.type) ?? [];
    if (kind !== type) return `it is a namespace of type ${kind}`;
    const own = namespaceAt(`/proc/self/ns/${NAMESPACE_FILES[type]}`);
    return { own: found.inode === own?.inode };
  } catch (error) {
    return osText(error);
  }
}

/** What needs a namespace needs another one than the host's. */
function checkHost(spec: Spec, namespaces: readonly Namespace[]): void {
  const { linux = {} } = spec;
  // These are for a new namespace, or left out for one that is joined.
  const { uidMappings: _, gidMappings: _g, timeOffsets: _t, ...rest } = linux;
  const out: Findings = { strict: true, errors: [], warnings: [] };
  checkNamespaces({ ...spec, linux: { ...rest, namespaces } }, out);
  if (out.errors.length > 0) {
    throw new ConfigError(
      out.errors.map((problem) => ({
        ...problem,
        message: `${problem.message}, and the path there is of Davit's own`,
      })),
    );
  }
}
