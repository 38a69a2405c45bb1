import { close, O, open } from "../ffi/fd.ts";
import { CLONE_NEW, setns } from "../ffi/namespace.ts";
import { checked } from "../ffi/syscall.ts";

/**
 * Runs `callback` with the calling thread in the network namespace at `path`,
 * and comes back however it ends. An empty path runs it where it is.
 *
 * Only what `callback` does synchronously is in that namespace: other threads
 * serve what is asynchronous, which is why it may not return a promise.
 *
 * @throws {SyscallError} there is no network namespace at `path`, or coming
 * back failed
 */
export function enterNetNS<T>(
  path: string,
  callback: () => T extends PromiseLike<unknown> ? never : T,
): T {
  if (path === "") return callback();
  const home = open("/proc/thread-self/ns/net", O.RDONLY);
  try {
    setns(path, CLONE_NEW.NET);
    try {
      return callback();
    } finally {
      checked(
        "setns",
        "the network namespace to go back to",
        home,
        CLONE_NEW.NET,
      );
    }
  } finally {
    close(home);
  }
}
