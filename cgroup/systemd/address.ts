/**
 * Where systemd is reached.
 *
 * Sources: the D-Bus specification, "Server Addresses"; systemd's
 * sd_bus_default_user(3); systemctl, which talks with a manager directly where
 * there is no bus.
 *
 * @module
 */

/** A socket to connect to. */
export interface BusAddress {
  readonly path: string;
  /** Whether a bus listens there, or systemd itself. */
  readonly isBus: boolean;
}

/** What an environment says, such as `Deno.env`. */
export interface Environment {
  get(name: string): string | undefined;
}

/** The system's manager: the bus, and what root may use as well. */
const SYSTEM: readonly BusAddress[] = [
  { path: "/run/dbus/system_bus_socket", isBus: true },
  { path: "/run/systemd/private", isBus: false },
];

/**
 * Where the system's manager, or a user's own, may listen, best first.
 *
 * @param uid of the user; undefined where it is not that of the host
 */
export function managerAddresses(
  user: boolean,
  environment: Environment,
  uid: number | undefined,
): BusAddress[] {
  const name = user ? "DBUS_SESSION_BUS_ADDRESS" : "DBUS_SYSTEM_BUS_ADDRESS";
  const given = socketPaths(environment.get(name) ?? "")
    .map((path) => ({ path, isBus: true }));
  if (!user) return [...given, ...SYSTEM];
  const folder = environment.get("XDG_RUNTIME_DIR") ||
    (uid === undefined ? undefined : `/run/user/${uid}`);
  if (folder === undefined) return given;
  return [
    ...given,
    { path: `${folder}/bus`, isBus: true },
    { path: `${folder}/systemd/private`, isBus: false },
  ];
}

/** The sockets with a path of a list like `unix:path=/run/bus,guid=1;...`. */
function socketPaths(addresses: string): string[] {
  return addresses.split(";").flatMap((address) => {
    const [transport, rest = ""] = split(address, ":");
    if (transport !== "unix") return [];
    const paths = rest.split(",").map((pair) => split(pair, "="))
      .filter(([key]) => key === "path")
      .map(([, value = ""]) => unescape(value));
    return paths.filter((path) => path.startsWith("/"));
  });
}

function split(text: string, at: string): [string, string?] {
  const index = text.indexOf(at);
  return index < 0
    ? [text]
    : [text.slice(0, index), text.slice(index + at.length)];
}

/** Bytes that an address may not hold are written as `%` and two digits. */
function unescape(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return "";
  }
}
