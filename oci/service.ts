/**
 * A container as a service of systemd's kind: sockets that its manager opened
 * become its program's, and the program can tell the manager that it is ready.
 * Loaded on demand; it imports types only.
 *
 * @module
 */

import type { ListenFds } from "./runtime.ts";
import type { Mount, Spec } from "./spec.ts";

/** Where the container finds the folder with its socket for notifications. */
const NOTIFY_FOLDER = "/run/notify";
/** The socket's name in it, as runc has it. */
const NOTIFY_SOCKET = "notify.sock";

/** What a service gets. */
export interface ServiceParts {
  readonly listen?: ListenFds;
  /** The folder on the host in which its socket for notifications will be. */
  readonly notifyFolder?: string;
}

/**
 * A configuration with what a service gets. The program is told that it is
 * process 1, as runc tells it: it takes the sockets only if it is.
 */
export function asService(spec: Spec, parts: ServiceParts): Spec {
  const { listen, notifyFolder } = parts;
  const { mounts = [], process } = spec;
  if (process === undefined) return spec;
  const added: Record<string, string> = {};
  if (listen !== undefined) {
    added["LISTEN_FDS"] = String(listen.count);
    added["LISTEN_PID"] = "1";
    if (listen.names !== undefined) added["LISTEN_FDNAMES"] = listen.names;
  }
  if (notifyFolder !== undefined) {
    added["NOTIFY_SOCKET"] = `${NOTIFY_FOLDER}/${NOTIFY_SOCKET}`;
  }
  const kept = (process.env ?? []).filter((entry) =>
    !Object.hasOwn(added, entry.slice(0, entry.indexOf("=")))
  );
  const entries = Object.entries(added).map(([name, text]) =>
    `${name}=${text}`
  );
  return {
    ...spec,
    process: { ...process, env: [...kept, ...entries] },
    ...notifyFolder !== undefined && {
      mounts: [...mounts, notifyMount(notifyFolder)],
    },
  };
}

function notifyMount(source: string): Mount {
  return {
    destination: NOTIFY_FOLDER,
    type: "bind",
    source,
    options: ["bind", "nosuid", "noexec", "nodev", "ro"],
  };
}

/**
 * How many descriptors are handed on in all. Some engines (podman) count the
 * manager's sockets in `--preserve-fds`, too: where nothing was inherited
 * behind the sockets, they are meant.
 *
 * @param isInherited whether a descriptor was handed to this process
 */
export function preservedInAll(
  listen: number,
  preserved: number,
  isInherited: (fd: number) => boolean,
): number {
  const countsTwice = preserved > 0 && preserved <= listen &&
    !isInherited(3 + listen);
  return countsTwice ? listen : listen + preserved;
}
