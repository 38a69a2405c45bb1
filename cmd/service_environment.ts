import type { ListenFds } from "../oci/runtime.ts";

/** What a service manager such as systemd asks of its service. */
export interface ServiceEnvironment {
  /** Sockets that it handed over, sd_listen_fds(3). */
  readonly listen?: ListenFds;
  /** Where it waits for the service to be ready, sd_notify(3). */
  readonly notifySocket?: string;
}

/**
 * Reads what a service manager put into the environment. Descriptors that were
 * meant for another process are not taken.
 *
 * @param get gives a variable's value
 * @param pid this process
 */
export function serviceEnvironment(
  get: (name: string) => string | undefined,
  pid: number,
): ServiceEnvironment {
  const notifySocket = get("NOTIFY_SOCKET");
  return {
    ...listenFds(get, pid),
    ...notifySocket ? { notifySocket } : {},
  };
}

function listenFds(
  get: (name: string) => string | undefined,
  pid: number,
): Pick<ServiceEnvironment, "listen"> {
  if (get("LISTEN_PID") !== String(pid)) return {};
  const text = get("LISTEN_FDS") ?? "";
  const count = Number(text);
  if (!/^[1-9][0-9]{0,6}$/.test(text)) return {};
  const names = get("LISTEN_FDNAMES");
  return { listen: { count, ...names ? { names } : {} } };
}
