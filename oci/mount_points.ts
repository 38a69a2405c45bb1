/**
 * Where destinations of mounts lead.
 *
 * Links in a root file system may lead to folders that are not there yet, such
 * as `/etc/resolv.conf -> ../run/systemd/resolve/stub-resolv.conf`. The kernel
 * then says no more than that something is missing. So links are read before
 * the launch, to know what to make. That is a hint: the launch program walks
 * the path that comes out of it inside the root, whatever has become of it.
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import { close, type Fd, O, RESOLVE, tryOpenat2 } from "../ffi/fd.ts";
import { fstat } from "../ffi/files.ts";
import { checked } from "../ffi/syscall.ts";
import { components } from "../launch/root_paths.ts";

/** As many links as the kernel follows, path_resolution(7). */
const LINKS_MAX = 40;
/** Longest text of a link, in bytes. */
const LINK_SIZE = 4096;

const INSIDE = RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS | RESOLVE.NO_SYMLINKS;

/** The mount points of a root file system, one after the other. */
export class MountPoints implements Disposable {
  readonly #rootfs: string;
  #root: Fd | undefined;
  /** Below them are other files than in the root file system. */
  readonly #covered: string[] = [];

  /** @param rootfs the root file system's path on the host */
  constructor(rootfs: string) {
    this.#rootfs = rootfs;
  }

  /**
   * The path of the next mount point without the links of the root file
   * system, as far as they can be read; undefined when there are none.
   *
   * @param destination an absolute path, cleaned as text
   */
  next(destination: string): string | undefined {
    const path = this.#isCovered(destination)
      ? undefined
      : this.#withoutLinks(destination);
    this.#covered.push(path ?? destination);
    return path;
  }

  /**
   * The permissions of the directory in the root file system that is to be the
   * next mount point; undefined when there is none.
   */
  mode(destination: string): number | undefined {
    if (this.#isCovered(destination)) return undefined;
    const path = this.#withoutLinks(destination) ?? destination;
    const fd = this.#open(path.slice(1), O.PATH | O.DIRECTORY);
    if (fd < 0) return undefined;
    try {
      return fstat(fd).mode & 0o7777;
    } finally {
      close(fd);
    }
  }

  #isCovered(path: string): boolean {
    return this.#covered.some((above) =>
      path === above || path.startsWith(`${above}/`)
    );
  }

  #open(path: string, flags: number): number {
    if (this.#root === undefined) {
      const flags = O.PATH | O.DIRECTORY;
      const root = tryOpenat2(-1, this.#rootfs, { flags });
      if (root < 0) return root; // the launch will say what it is
      this.#root = root as Fd;
    }
    return tryOpenat2(this.#root, path, { flags, resolve: INSIDE });
  }

  #withoutLinks(destination: string): string | undefined {
    const whole = this.#open(destination.slice(1), O.PATH);
    if (whole >= 0) close(whole);
    if (whole !== -E.ELOOP) return undefined;
    const done: string[] = [];
    let rest = components(destination);
    for (let links = 0; rest.length > 0;) {
      const [name, ...later] = rest;
      if (name === "..") done.pop();
      else done.push(name!);
      rest = later;
      if (name === "..") continue;
      const path = done.join("/");
      if (this.#isCovered(`/${path}`)) break;
      const fd = this.#open(path, O.PATH | O.NOFOLLOW);
      if (fd < 0) break;
      const text = linkText(fd);
      close(fd);
      if (text === undefined) continue;
      if (++links > LINKS_MAX) return undefined;
      if (text.startsWith("/")) done.length = 0;
      else done.pop();
      rest = [...names(text), ...rest];
    }
    return `/${[...done, ...components(rest.join("/"))].join("/")}`;
  }

  /** Closes the root file system. */
  [Symbol.dispose](): void {
    if (this.#root !== undefined) close(this.#root);
  }
}

function names(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}

/** The text of an open link; undefined when it is something else. */
function linkText(fd: number): string | undefined {
  const buffer = new Uint8Array(LINK_SIZE);
  try {
    const n = checked("readlinkat", "", fd, "", buffer, buffer.length);
    return new TextDecoder().decode(buffer.subarray(0, n));
  } catch {
    return undefined; // ENOENT: no link
  }
}
