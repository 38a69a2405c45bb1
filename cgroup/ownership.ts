/**
 * The owner of a container's cgroup on v2: who runs its process may make
 * sub-cgroups and move processes to them, so that a systemd inside works. The
 * limits stay root's.
 *
 * Sources: the runtime specification's config-linux.md, "Cgroup ownership";
 * cgroups(7), "Cgroups delegation".
 *
 * @module
 */

/** What changes the host. */
export interface OwnershipTools {
  /** The text of a file. */
  readonly readText: (path: string) => string;
  /** Changes the owner of a file, and nothing else; answers the errno. */
  readonly chown: (path: string, uid: number) => number;
}

/** The kernel's list of what may be given, one name a line. */
const DELEGATE = "/sys/kernel/cgroup/delegate";

/** What is given where the kernel has no such list. */
const FALLBACK = "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n";

/**
 * Gives a cgroup's directory, and those of its files that may be given, to a
 * user. Files that are not there are left out.
 *
 * @param uid on the host
 * @returns the directory's errno; 0 when it is given
 */
export function giveCgroup(
  directory: string,
  uid: number,
  { chown, readText }: OwnershipTools,
): number {
  const errno = chown(directory, uid);
  if (errno !== 0) return errno;
  for (const name of delegated(readText).split("\n")) {
    // A file that is not there, or not to be given, is none of the user's.
    if (name !== "" && !name.includes("/")) chown(`${directory}/${name}`, uid);
  }
  return 0;
}

function delegated(readText: OwnershipTools["readText"]): string {
  try {
    return readText(DELEGATE);
  } catch {
    return FALLBACK;
  }
}
