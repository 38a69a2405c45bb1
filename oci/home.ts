/**
 * The home directory of the container's user, from the container's own
 * /etc/passwd. That file is the image's: it is read with care.
 *
 * @module
 */

import {
  AT_FDCWD,
  type Fd,
  Handle,
  O,
  open,
  openat2,
  RESOLVE,
  tryOpenat2,
} from "../ffi/fd.ts";
import { fstat, readToEnd, S } from "../ffi/files.ts";
import { components } from "../launch/root_paths.ts";

/** Longest /etc/passwd that is looked at, in bytes. */
const PASSWD_MAX = 1024 * 1024;
const PASSWD = "/etc/passwd";

/** What is mounted in the container. */
export interface Mounted {
  readonly destination: string;
  /** The host's path, when it is a bind mount. */
  readonly bindSource?: string;
}

/**
 * The home directory of the user `uid`; `/` when the container does not say.
 * @param rootfs the root file system's path
 * @param mounts the container's mounts, in order
 */
export function homeDirectory(
  rootfs: string,
  mounts: readonly Mounted[],
  uid: number,
): string {
  let [base, path]: [string | undefined, string] = [rootfs, PASSWD];
  for (const { destination, bindSource } of mounts) {
    const inside = relative(destination);
    // The last mount that covers the file is the one that is seen.
    if (inside !== undefined) [base, path] = [bindSource, inside];
  }
  const text = base === undefined ? "" : readRegular(base, path);
  for (const line of text.split("\n")) {
    const [, , id, , , home] = line.split(":");
    if (id === String(uid) && home) return home;
  }
  return "/";
}

/** Where /etc/passwd lies below `destination`; undefined when it does not. */
function relative(destination: string): string | undefined {
  const mount = `/${components(destination).join("/")}`;
  if (mount === PASSWD) return ".";
  const prefix = mount === "/" ? mount : `${mount}/`;
  return PASSWD.startsWith(prefix) ? PASSWD.slice(prefix.length) : undefined;
}

/**
 * The text of a regular file below `base`; empty for anything else, which is
 * looked at but never opened: opening a device can have effects.
 */
function readRegular(base: string, path: string): string {
  try {
    const fd = path === "."
      ? tryOpenat2(AT_FDCWD, base, { flags: O.PATH })
      : openBelow(base, path);
    if (fd < 0) return ""; // many root file systems have no such file
    using found = new Handle(fd as Fd);
    if ((fstat(found.fd).mode & S.IFMT) !== S.IFREG) return "";
    using file = new Handle(open(`/proc/self/fd/${found.fd}`, O.RDONLY));
    return new TextDecoder().decode(readToEnd(file.fd, PASSWD_MAX));
  } catch {
    return "";
  }
}

/** The descriptor, or the negative errno. */
function openBelow(base: string, path: string): number {
  using root = new Handle(
    openat2(AT_FDCWD, base, { flags: O.PATH | O.DIRECTORY }),
  );
  return tryOpenat2(root.fd, path, {
    flags: O.PATH,
    resolve: RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS,
  });
}
