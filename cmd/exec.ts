import { SyscallError } from "../ffi/error.ts";
import { RuntimeError } from "../oci/errors.ts";
import { exec } from "../oci/exec.ts";
import type { Command } from "./command.ts";
import { preservedFds } from "./create_options.ts";
import { parseGroups, parseSubCgroups, parseUser } from "./exec_options.ts";
import type { Option } from "./options.ts";
import { TRACE_OPTION } from "./trace.ts";

/** The exit status of an exec that failed itself, as runc has it. */
const FAILURE = 255;

const OPTIONS = [
  {
    name: "process",
    short: "p",
    value: "file",
    help:
      'JSON file with the process ("-" is stdin), in the place of arguments',
  },
  { name: "cwd", value: "dir", help: "the working directory in the container" },
  {
    name: "env",
    short: "e",
    value: "NAME=value",
    many: true,
    help: "an environment variable; may be given more than once",
  },
  { name: "tty", short: "t", help: "give the process a terminal" },
  {
    name: "user",
    short: "u",
    value: "uid[:gid]",
    help: "the user, and group, in the container, as numbers",
  },
  {
    name: "additional-gids",
    short: "g",
    value: "gid",
    many: true,
    help: "a group more; may be given more than once",
  },
  {
    name: "detach",
    short: "d",
    help: "return once the program runs, and leave it running",
  },
  {
    name: "console-socket",
    value: "path",
    help: "Unix socket that is sent the master of the process's terminal",
  },
  {
    name: "pid-file",
    value: "path",
    help: "file to write the pid of the process to",
  },
  {
    name: "pidfd-socket",
    value: "path",
    help: "Unix socket that is sent a pidfd of the process",
  },
  {
    name: "cap",
    short: "c",
    value: "capability",
    many: true,
    help: "a capability more, such as CAP_KILL; may be given more than once",
  },
  { name: "no-new-privs", help: "keep the process from gaining privileges" },
  { name: "apparmor", value: "profile", help: "the AppArmor profile" },
  { name: "process-label", value: "label", help: "the SELinux label" },
  {
    name: "preserve-fds",
    value: "N",
    help: "hand N more descriptors on, those after stderr (default: 0)",
  },
  { name: "no-subreaper", help: "ignored: the container has its own reaper" },
  {
    name: "ignore-paused",
    help: "go on in a paused container, where the process waits",
  },
  {
    name: "cgroup",
    value: "[controller[,controller]:]path",
    many: true,
    help:
      "a cgroup below the container's; on v1 one for some controllers alone",
  },
  TRACE_OPTION,
] as const satisfies readonly Option[];

const WHO = "davit exec";

/** `davit exec`: one more process in a container. */
export const command: Command<typeof OPTIONS> = {
  summary: "run a program in a container",
  about:
    `Runs one more program in a container: in its namespaces and cgroups, with the
user, environment, working directory and restrictions of the container's own
process, as far as the options or a file say nothing else.

    # davit exec -t <container-id> sh

Without "--detach" it stays in the foreground: it hands signals and the
terminal on, waits for the program and exits with its status, or with 128 and
the number of the signal that ended it. 255 says that the program could not be
run.`,
  arguments: {
    synopsis: "<container-id> [program] [arguments...]",
    expected: "a container ID and a program",
    min: 1,
    max: Infinity,
    id: true,
    trailing: true,
  },
  options: OPTIONS,
  async run({ runtime, options, args: [id = "", ...args] }) {
    const { process, cwd, user, apparmor } = options;
    const label = options["process-label"];
    const consoleSocket = options["console-socket"];
    const pidFile = options["pid-file"], pidfdSocket = options["pidfd-socket"];
    try {
      return await exec(runtime, {
        id,
        args,
        ...process && { processFile: process },
        ...cwd && { cwd },
        env: options.env ?? [],
        ...user !== undefined && { user: parseUser(user, WHO) },
        additionalGids: parseGroups(options["additional-gids"] ?? [], WHO),
        terminal: options.tty === true,
        detach: options.detach === true,
        ...consoleSocket && { consoleSocket },
        ...pidFile && { pidFile },
        ...pidfdSocket && { pidfdSocket },
        capabilities: options.cap ?? [],
        ...options["no-new-privs"] && { noNewPrivileges: true },
        ...apparmor && { apparmorProfile: apparmor },
        ...label && { selinuxLabel: label },
        preserveFds: preservedFds(options["preserve-fds"], WHO),
        ignorePaused: options["ignore-paused"] === true,
        cgroups: parseSubCgroups(options.cgroup ?? [], WHO),
        last: true,
      });
    } catch (error) {
      throw withStatus(error);
    }
  },
};

/** The error with exec's own exit status; a bug stays as it is. */
function withStatus(error: unknown): unknown {
  if (error instanceof RuntimeError) {
    const { code, message, hint, cause } = error;
    const said = hint === undefined ? {} : { hint };
    return new RuntimeError(code, message, { ...said, cause, status: FAILURE });
  }
  if (!(error instanceof SyscallError)) return error;
  const { message } = error;
  return new RuntimeError("system", message, { cause: error, status: FAILURE });
}
