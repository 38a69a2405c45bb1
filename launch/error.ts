import type { Ended } from "../ffi/process.ts";
import { signalName } from "../ffi/signals.ts";
import { errnoName, errnoText } from "../ffi/errno.ts";

/** What a step was for, kept to explain its failure. */
export interface Reason {
  /** What the step was for. */
  readonly why: string;
  /** The JSON pointer into config.json that asked for it; empty for none. */
  readonly pointer: string;
}

/** A step of a launch program that failed. */
export class LaunchError extends Error {
  /** The class's name, for logs. */
  override readonly name = "LaunchError";
  /** The step that failed. */
  readonly reason: Reason;
  /** The error number. */
  readonly errno: number;
  /** The error number's name, such as `EPERM`. */
  readonly code: string;

  /**
   * @param errno a positive error number
   * @param log what the kernel says besides
   */
  constructor(reason: Reason, errno: number, log: readonly string[] = []) {
    super([describe(reason, errno), ...log].join(": "));
    this.reason = reason;
    this.errno = errno;
    this.code = errnoName(errno);
  }
}

/** A process of a launch that ended without saying why. */
export class LaunchEnded extends Error {
  /** The class's name, for logs. */
  override readonly name = "LaunchEnded";

  /**
   * @param doing what the launch does, such as `set up the container: its init`
   * @param ended how the process ended
   */
  constructor(doing: string, { status, signal }: Ended) {
    const how = signal === 0 ? `status ${status}` : signalName(signal);
    const memory = signal === 9
      ? "; did it run out of the memory that its cgroup allows?"
      : "";
    super(`Cannot ${doing} ended with ${how}${memory}`);
  }
}

/**
 * A JSON pointer as people write it: `/mounts/0/type` is `mounts[0].type`, and
 * names that are no identifiers are quoted: `linux.sysctl["net.core.x"]`.
 */
export function dotted(pointer: string): string {
  const text = pointer.replace(/\/([^/]*)/g, (_all, part: string) => {
    if (/^\d+$/.test(part)) return `[${part}]`;
    if (/^[A-Za-z_]\w*$/.test(part)) return `.${part}`;
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    return `[${JSON.stringify(name)}]`;
  });
  return text.replace(/^\./, "");
}

/** Engines look for the exact words of a program that is not there. */
function describe({ why, pointer }: Reason, errno: number): string {
  const text = errnoText(errno);
  const lookup = /^exec: (".*")$/s.exec(why);
  if (lookup !== null) {
    const bare = !JSON.parse(lookup[1]!).includes("/");
    return errnoName(errno) === "ENOENT" && bare
      ? `${why}: executable file not found in $PATH`
      : `${why}: ${text.toLowerCase()}`;
  }
  if (why.startsWith("exec ")) return `${why}: ${text.toLowerCase()}`;
  const where = pointer === "" ? "" : ` (${dotted(pointer)})`;
  return `Cannot ${why}${where}: ${text}${mend(why, errnoName(errno))}`;
}

/** What is most often the cause, where it can be told. */
function mend(why: string, errno: string): string {
  if (errno === "ELOOP") {
    return ": must be mounted on ordinary directory, not through a symbolic " +
      "link";
  }
  if (why === "load the seccomp filter") {
    // seccomp(2) answers EINVAL to both.
    return errno === "ENOSYS" || errno === "EINVAL"
      ? ": this kernel has no seccomp filters, or does not know a flag of " +
        "the profile"
      : "";
  }
  if (errno === "EINVAL" && /^become (user|group) \d+$/.test(why)) {
    return ": the user namespace does not map it";
  }
  if (why.startsWith("map the IDs of ")) {
    if (errno === "EINVAL") {
      return ": its file system does not support ID-mapped mounts";
    }
    return errno === "EPERM"
      ? ": that takes root's rights over the file system, and files that are " +
        "not mapped already"
      : "";
  }
  if (errno === "EXDEV" && /^(bind|mount) /.test(why)) {
    return why.endsWith(" to /proc")
      ? ": it is not of type proc"
      : ": a link leads into /proc, where nothing may be mounted";
  }
  return errno === "EPERM" && /as SCHED_(FIFO|RR)$/.test(why)
    ? ": a cgroup v1 has real-time processor time only by " +
      "linux.resources.cpu.realtimeRuntime"
    : "";
}
