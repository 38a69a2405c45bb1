import { userId } from "../ffi/process.ts";
import { variable } from "../oci/variables.ts";
import { inUserNamespace } from "../oci/user_namespace.ts";
import type { CgroupDriver } from "../oci/runtime.ts";
import { currentDirectory } from "./current_directory.ts";
import type { LogFormat } from "./log.ts";
import { type Option, usageError, type Values } from "./options.ts";

/** The options before the command, as in runc. */
export const GLOBAL_OPTIONS = [
  { name: "debug", help: "log what helps to find a fault" },
  {
    name: "log",
    value: "file",
    help: "write the log to this file, at its end (default: stderr)",
  },
  {
    name: "log-format",
    value: "format",
    help: 'format of the log file: text or json (default: "text")',
  },
  {
    name: "log-level",
    value: "level",
    help:
      'the least that is logged: debug, warning or error (default: "warning")',
  },
  {
    name: "root",
    value: "dir",
    help:
      'where containers\' state is kept, best on a tmpfs (default: "/run/davit", or "$XDG_RUNTIME_DIR/davit" for another user than root)',
  },
  {
    name: "cgroup-manager",
    value: "manager",
    help:
      'who makes cgroups: cgroupfs (Davit itself), systemd, or disabled for nobody (default: "cgroupfs")',
  },
  {
    name: "systemd-cgroup",
    help: "as --cgroup-manager systemd",
  },
  { name: "criu", value: "path", help: "ignored, as in runc" },
  { name: "rootless", value: "value", help: "ignored" },
  { name: "version", short: "v", help: "print the version" },
] as const satisfies readonly Option[];

/** The global options that were given. */
export type Globals = Values<typeof GLOBAL_OPTIONS>;

/**
 * The format of the log file.
 *
 * @throws RuntimeError (usage) when there is no such format
 */
export function logFormat(text = "text"): LogFormat {
  if (text === "text" || text === "json") return text;
  throw usageError(
    "davit",
    `invalid log-format: "${text}": expected text or json`,
  );
}

/** The least that is logged, as crun has it. */
export type LogLevel = "debug" | "warning" | "error";

/**
 * The least that is logged.
 *
 * @throws RuntimeError (usage) when there is no such level
 */
export function logLevel(globals: Globals): LogLevel {
  const text = globals["log-level"] || "warning";
  if (text !== "debug" && text !== "warning" && text !== "error") {
    throw usageError(
      "davit",
      `invalid log-level: "${text}": expected debug, warning or error`,
    );
  }
  return globals.debug ? "debug" : text;
}

/** Who may make cgroups: the values of `--cgroup-manager`. */
export const CGROUP_MANAGERS: readonly CgroupDriver[] = [
  "cgroupfs",
  "systemd",
  "disabled",
];

/**
 * Who makes cgroups.
 *
 * @throws RuntimeError (usage) when there is no such manager
 */
export function chooseCgroupManager(globals: Globals): CgroupDriver {
  const systemd = globals["systemd-cgroup"] === true;
  const text = globals["cgroup-manager"] ?? (systemd ? "systemd" : "cgroupfs");
  if (systemd && text !== "systemd") {
    throw usageError(
      "davit",
      `--systemd-cgroup and --cgroup-manager ${text} exclude each other`,
    );
  }
  const manager = CGROUP_MANAGERS.find((name) => name === text);
  if (manager !== undefined) return manager;
  throw usageError(
    "davit",
    `invalid cgroup-manager: "${text}": expected cgroupfs, systemd or disabled`,
  );
}

/**
 * The directory of the containers' state, as an absolute path.
 *
 * @throws RuntimeError when `--root` is empty (usage), or relative to nowhere
 */
export function stateRoot(given: string | undefined): string {
  if (given === undefined) {
    // Empty is as unset: podman calls with XDG_RUNTIME_DIR=.
    const own = variable("XDG_RUNTIME_DIR");
    return own && !isRoot() ? `${own}/davit` : "/run/davit";
  }
  if (given === "") {
    throw usageError("davit", 'flag "--root": found "", expected a directory');
  }
  return given.startsWith("/") ? given : `${currentDirectory()}/${given}`;
}

/**
 * Whether the host's state is this process's: to root of a user namespace, as
 * an ordinary user's podman is, only where he is called root, too. As in runc.
 */
function isRoot(): boolean {
  return userId() === 0 &&
    (variable("USER") === "root" || !inUserNamespace());
}
