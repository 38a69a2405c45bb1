import { variable } from "../oci/variables.ts";
import type { CreateOptions } from "../oci/runtime.ts";
import type { Call } from "./command.ts";
import { currentDirectory } from "./current_directory.ts";
import { type Option, usageError } from "./options.ts";
import { TRACE_OPTION } from "./trace.ts";
import { serviceEnvironment } from "./service_environment.ts";

/**
 * How many descriptors may be handed on: Linux lets a process have 1048576 of
 * them unless fs.nr_open says more, and three are stdin, stdout and stderr.
 */
const MAX_PRESERVED = 1048573;

/** The options that `create` and `run` share. */
export const CREATE_OPTIONS = [
  TRACE_OPTION,
  {
    name: "bundle",
    short: "b",
    value: "dir",
    help: "the bundle (default: the current directory)",
  },
  {
    name: "config",
    short: "f",
    value: "file",
    help: 'the configuration, from the bundle (default: "config.json")',
  },
  {
    name: "console-socket",
    value: "path",
    help: "Unix socket that is sent the master of the container's terminal",
  },
  {
    name: "pid-file",
    value: "path",
    help: "file to write the pid of the container's process to",
  },
  {
    name: "pidfd-socket",
    value: "path",
    help: "Unix socket that is sent a pidfd of the container's process",
  },
  {
    name: "no-pivot",
    help:
      "do not use pivot_root, for a root file system on a ramdisk (less safe)",
  },
  {
    name: "no-new-keyring",
    help: "let the container have the session keyring of the caller",
  },
  {
    name: "preserve-fds",
    value: "N",
    help: "hand N more descriptors on, those after stderr (default: 0)",
  },
  {
    name: "strict",
    help: "refuse a config.json with unknown properties, or null for none",
  },
] as const satisfies readonly Option[];

/**
 * What `create` is called with. An empty `--console-socket` or `--pid-file` is
 * as none, as in runc; an empty `--bundle` is refused further below.
 *
 * @param who who complains, such as `davit create`
 * @throws RuntimeError (usage) when `--preserve-fds` is no such number
 */
export function createOptions(
  call: Call<typeof CREATE_OPTIONS>,
  who: string,
): CreateOptions {
  const { options, args: [id = ""] } = call;
  return {
    id,
    bundle: options.bundle ?? currentDirectory(),
    cgroupManager: call.cgroupManager,
    preserveFds: preservedFds(options["preserve-fds"], who),
    noPivot: options["no-pivot"] === true,
    ...options["no-new-keyring"] === true && { ownKeyring: false },
    strict: options.strict === true,
    ...options.config ? { configFile: options.config } : {},
    ...serviceEnvironment(variable, Deno.pid),
    ...options["console-socket"]
      ? { consoleSocket: options["console-socket"] }
      : {},
    ...options["pid-file"] ? { pidFile: options["pid-file"] } : {},
    ...options["pidfd-socket"] ? { pidfdSocket: options["pidfd-socket"] } : {},
  };
}

/**
 * How many descriptors are handed on.
 *
 * @throws RuntimeError (usage) when it is no such number
 */
export function preservedFds(text: string | undefined, who: string): number {
  if (text === undefined) return 0;
  const count = Number(text);
  if (/^[0-9]+$/.test(text) && count <= MAX_PRESERVED) return count;
  throw usageError(
    who,
    `invalid --preserve-fds: "${text}": expected a number from 0 to ${MAX_PRESERVED}`,
  );
}
