import { checkpoint } from "../oci/checkpoint.ts";
import { type Command, ONE_ID } from "./command.ts";
import { CRIU_OPTIONS, criuFlags } from "./criu_options.ts";
import { type Option, usageError } from "./options.ts";

const WHO = "davit checkpoint";

const OPTIONS = [
  ...CRIU_OPTIONS,
  {
    name: "parent-path",
    value: "dir",
    help: "images of a pre-dump before, relative to --image-path",
  },
  { name: "leave-running", help: "let the container go on" },
  {
    name: "pre-dump",
    help: "save memory only, for a checkpoint to come, and go on",
  },
  {
    name: "tcp-skip-in-flight",
    help: "leave TCP connections out that are only being made",
  },
  { name: "link-remap", help: "link files anew that have no name any more" },
  {
    name: "page-server",
    value: "address:port",
    help: "send memory to a page server",
  },
  {
    name: "status-fd",
    value: "fd",
    help: "descriptor that gets a NUL when lazy pages can be asked for",
  },
] as const satisfies readonly Option[];

/** `davit checkpoint`: saves a container's processes with criu. */
export const command: Command<typeof OPTIONS> = {
  summary: "save a running container's processes with criu",
  about:
    `Saves what the processes of a container are and do, so that "davit restore"
can let them go on, here or on another host. The container is deleted then,
unless it is left running.

It takes criu on PATH. Settings in /etc/criu/davit.conf, or in the file that
the annotation org.criu.config names, go before the flags.`,
  arguments: ONE_ID,
  options: OPTIONS,
  async run({ runtime, options, args: [id = ""] }) {
    const { "parent-path": parentPath, "status-fd": status } = options;
    if (parentPath?.startsWith("/")) {
      throw usageError(WHO, "--parent-path must be relative to --image-path");
    }
    const statusFd = status === undefined ? -1 : Number(status);
    if (status !== undefined && !/^[0-9]{1,7}$/.test(status)) {
      throw usageError(
        WHO,
        `invalid --status-fd: "${status}": expected a descriptor's number`,
      );
    }
    await checkpoint(runtime, id, {
      ...criuFlags(options, WHO),
      leaveRunning: options["leave-running"] === true,
      preDump: options["pre-dump"] === true,
      tcpSkipInFlight: options["tcp-skip-in-flight"] === true,
      linkRemap: options["link-remap"] === true,
      ...parentPath ? { parentPath } : {},
      ...statusFd >= 0 ? { statusFd } : {},
      ...pageServer(options["page-server"]),
    });
    return 0;
  },
};

/** Reads `address:port`; an IPv6 address may be in brackets. */
function pageServer(text: string | undefined) {
  if (!text) return {};
  const parts = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const port = Number(parts?.[3]);
  if (parts === null || port < 1 || port > 65535) {
    throw usageError(
      WHO,
      `invalid --page-server: "${text}": Use --page-server ADDRESS:PORT`,
    );
  }
  return { pageServer: { address: parts[1] ?? parts[2]!, port } };
}
