/**
 * Who Davit runs as.
 *
 * @module
 */

import { readText } from "../ffi/files.ts";
import { userId } from "../ffi/process.ts";
import type { Privileges, SetGroups } from "../launch/input.ts";
import { ConfigError, RuntimeError } from "./errors.ts";
import { needsTool } from "./id_maps.ts";
import type { Spec } from "./spec.ts";
import { inUserNamespace } from "./user_namespace.ts";

/** What this process may do. */
export function ownPrivileges(): Privileges {
  if (userId() !== 0) return "user";
  return inUserNamespace() ? "namespace" : "host";
}

/**
 * Checks what an ordinary user, or root of a user namespace, cannot have.
 * @throws {RuntimeError | ConfigError}
 */
export function checkPrivileges(spec: Spec, privileges: Privileges): void {
  if (privileges === "host") return;
  const { linux: { namespaces = [] } = {}, process } = spec;
  const hasUser = namespaces.some(({ type }) => type === "user");
  if (privileges === "user" && !hasUser) {
    throw new RuntimeError(
      "config",
      "Cannot create a container as an ordinary user: linux.namespaces has " +
        "no user namespace",
      { hint: '"davit spec --rootless" writes a config.json that has' },
    );
  }
  const groups = process?.user?.additionalGids ?? [];
  if (groups.length === 0 || setGroupsOf(spec, privileges) !== "denied") return;
  const message = "cannot be set: the user namespace denies setgroups, as " +
    "one does of which newgidmap has not mapped the groups";
  throw new ConfigError([{
    pointer: "/process/user/additionalGids",
    found: JSON.stringify(groups),
    message,
  }]);
}

/** Whether setgroups(2) works in the container. */
export function setGroupsOf(spec: Spec, privileges: Privileges): SetGroups {
  const { linux: { namespaces = [], gidMappings = [] } = {} } = spec;
  const user = namespaces.find(({ type }) => type === "user");
  const groups = spec.process?.user?.additionalGids ?? [];
  if (user?.path) return groups.length === 0 ? "possible" : "needed";
  if (privileges === "host") return "needed";
  // A user namespace hands a denial down to those that are made in it.
  const inherited = readText("/proc/self/setgroups").trim() === "deny";
  const denied = inherited || privileges === "user" && user !== undefined &&
      !needsTool(gidMappings, Deno.gid());
  return denied ? "denied" : "needed";
}
