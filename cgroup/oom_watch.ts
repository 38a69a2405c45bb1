/**
 * Waiting for a container's processes to be killed for memory.
 *
 * @module
 */

import { close, type Fd, O, open } from "../ffi/fd.ts";
import { lstat, writeText } from "../ffi/files.ts";
import { POLLIN, POLLPRI } from "../ffi/poll.ts";
import { checked, syscall } from "../ffi/syscall.ts";
import { oomKills } from "./oom.ts";

const EFD_NONBLOCK = O.NONBLOCK, EFD_CLOEXEC = O.CLOEXEC;

/** A descriptor that tells when a container has run out of memory. */
export interface OomWatch extends Disposable {
  /** What to wait for: poll(2). */
  readonly fd: Fd;
  /** The events to wait for. */
  readonly events: number;
  /** How often it has happened since this was last asked. */
  take(): number;
}

/**
 * Begins to watch; undefined where no hierarchy limits memory.
 *
 * v1 tells that a cgroup has reached its limit (cgroup-v1/memory.rst, "OOM
 * Control"), v2 how many processes were killed (cgroup-v2.rst,
 * "memory.events").
 *
 * @param directories the container's cgroup in each hierarchy
 * @throws {SyscallError}
 */
export function watchOom(
  directories: readonly string[],
): OomWatch | undefined {
  const having = (file: string) =>
    directories.find((path) => typeof lstat(`${path}/${file}`) === "object");
  const legacy = having("memory.oom_control");
  if (legacy !== undefined) return watchLegacy(legacy);
  const unified = having("memory.events");
  return unified === undefined ? undefined : watchUnified(unified);
}

function watchLegacy(directory: string): OomWatch {
  const control = open(`${directory}/memory.oom_control`, O.RDONLY);
  let fd: Fd | undefined;
  try {
    const flags = EFD_NONBLOCK | EFD_CLOEXEC;
    fd = checked("eventfd2", "eventfd", 0, flags) as Fd;
    writeText(`${directory}/cgroup.event_control`, `${fd} ${control}`);
  } catch (error) {
    if (fd !== undefined) close(fd);
    throw error;
  } finally {
    close(control);
  }
  return {
    fd,
    events: POLLIN,
    take() {
      const count = new BigUint64Array(1);
      const n = syscall("read", fd, count, 8);
      if (n < 8) return 0;
      // The end of the cgroup is told as well.
      const gone = typeof lstat(directory) === "number";
      return Number(count[0]) - (gone ? 1 : 0);
    },
    [Symbol.dispose]: () => close(fd),
  };
}

function watchUnified(directory: string): OomWatch {
  const fd = open(`${directory}/memory.events`, O.RDONLY);
  // To read a file of the kernel's is to ask for the next change of it.
  const look = () => {
    syscall("lseek", fd, 0, 0);
    syscall("read", fd, new Uint8Array(256), 256);
    return oomKills([directory]) ?? 0;
  };
  let seen = look();
  return {
    fd,
    events: POLLPRI,
    take() {
      const before = seen;
      seen = Math.max(seen, look());
      return seen - before;
    },
    [Symbol.dispose]: () => close(fd),
  };
}
