import { restore } from "../oci/restore.ts";
import { variable } from "../oci/variables.ts";
import { type Command, ONE_ID } from "./command.ts";
import { CRIU_OPTIONS, criuFlags } from "./criu_options.ts";
import { currentDirectory } from "./current_directory.ts";
import type { Option } from "./options.ts";

const OPTIONS = [
  {
    name: "bundle",
    short: "b",
    value: "dir",
    help: "the bundle (default: the current directory)",
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
    name: "detach",
    short: "d",
    help: "return once the program runs, and leave it running",
  },
  {
    name: "no-subreaper",
    help: "leave processes that the container orphans to another reaper",
  },
  { name: "no-pivot", help: "ignored: criu changes the root, not Davit" },
  ...CRIU_OPTIONS,
  { name: "tcp-close", help: "TCP connections are closed afterwards" },
  {
    name: "lsm-profile",
    value: "type:name",
    help: "AppArmor profile or SELinux label of the processes",
  },
  {
    name: "lsm-mount-context",
    value: "label",
    help: "SELinux label of the mounts",
  },
] as const satisfies readonly Option[];

/** `davit restore`: lets a saved container go on. */
export const command: Command<typeof OPTIONS> = {
  summary: "let a container go on that checkpoint has saved",
  about:
    `Makes a container of a bundle and of the images that "davit checkpoint" has
left. Its processes go on where they were; without "--detach" it stays in the
foreground as "davit run" does.`,
  arguments: ONE_ID,
  options: OPTIONS,
  run({ cgroupManager, runtime, options, args: [id = ""] }) {
    const { "lsm-profile": profile, "lsm-mount-context": context } = options;
    // Where a service manager, if there is one, waits to hear.
    const notifySocket = variable("NOTIFY_SOCKET");
    return restore(runtime, {
      ...criuFlags(options, "davit restore"),
      id,
      bundle: options.bundle ?? currentDirectory(),
      cgroupManager,
      detach: options.detach === true,
      tcpClose: options["tcp-close"] === true,
      subreaper: options["no-subreaper"] !== true,
      ...options["console-socket"]
        ? { consoleSocket: options["console-socket"] }
        : {},
      ...options["pid-file"] ? { pidFile: options["pid-file"] } : {},
      ...notifySocket ? { notifySocket } : {},
      ...profile ? { lsmProfile: profile } : {},
      ...context ? { lsmMountContext: context } : {},
    });
  },
};
