/**
 * `linux.netDevices`: the host's network devices become the container's,
 * config-linux.md ("Network Devices").
 *
 * A part that is loaded on demand: it imports only what is its own.
 *
 * @module
 */

import type { CLONE_NEW } from "../ffi/namespace.ts";
import {
  type Address,
  isKept,
  type Link,
  Netlink,
  type NetlinkTools,
} from "../ffi/netlink.ts";
import type { Fd, O, open } from "../ffi/fd.ts";
import type { RuntimeError } from "./errors.ts";
import type { NetDevice } from "./spec_linux.ts";

/** What this part works with. */
export interface NetDeviceTools extends NetlinkTools {
  readonly CLONE_NEW: typeof CLONE_NEW;
  readonly O: typeof O;
  readonly open: typeof open;
  readonly RuntimeError: typeof RuntimeError;
}

/** A device as the host had it, and where it is to go. */
interface Move {
  /** Its name in the configuration. */
  readonly key: string;
  readonly link: Link;
  readonly addresses: readonly Address[];
  /** Its name in the container. */
  readonly name: string;
}

const THIS_THREAD = "/proc/thread-self/ns/net";

/** The host's devices on their way to a container. */
export class NetDeviceMover {
  readonly #tools: NetDeviceTools;
  readonly #opened: (() => void)[] = [];
  /** What has to be given back, if the container comes to nothing. */
  readonly #moved: Move[] = [];
  #host!: Netlink;
  #inside!: Netlink;
  #hostNamespace!: Fd;
  #namespace!: Fd;

  /** @param tools what is loaded already */
  constructor(tools: NetDeviceTools) {
    this.#tools = tools;
  }

  /**
   * Moves devices to the network namespace of a process. All that can be
   * known to be wrong is found before the first one is moved.
   *
   * @param devices by their name on the host
   * @param pid who is in the namespace; it must not end meanwhile
   * @throws {RuntimeError} one cannot be moved; see `giveBack`
   */
  move(devices: Readonly<Record<string, NetDevice>>, pid: number): void {
    try {
      this.#open(pid);
    } catch (error) {
      const [key = ""] = Object.keys(devices);
      throw this.#error(key, error);
    }
    for (const move of this.#plan(devices)) {
      try {
        this.#move(move);
      } catch (error) {
        throw this.#error(move.key, error);
      }
    }
  }

  /**
   * Gives what was moved back to the host: the device with its name, its
   * addresses and its state. Routes that the host had through it are lost.
   *
   * @throws {AggregateError | Error} some could not be given back
   */
  giveBack(): void {
    const errors: unknown[] = [];
    for (const move of this.#moved.splice(0).reverse()) {
      try {
        this.#return(move);
      } catch (error) {
        errors.push(this.#error(move.key, error, "give back"));
      }
    }
    this.close();
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) {
      const texts = errors.map((error) => (error as Error).message);
      throw new AggregateError(errors, texts.join("; "));
    }
  }

  /** Lets go of the namespace: the devices are the container's. */
  close(): void {
    for (const close of this.#opened.splice(0)) close();
  }

  #open(pid: number): void {
    const { checked, CLONE_NEW, close, O, open } = this.#tools;
    const kept = <T>(value: T, close: () => void): T => {
      this.#opened.push(close);
      return value;
    };
    const namespace = (path: string) => {
      const fd = open(path, O.RDONLY);
      return kept(fd, () => close(fd));
    };
    const socket = () => {
      const netlink = new Netlink(this.#tools);
      return kept(netlink, () => netlink.close());
    };
    this.#hostNamespace = namespace(THIS_THREAD);
    this.#host = socket();
    const path = `/proc/${pid}/ns/net`;
    this.#namespace = namespace(path);
    // A socket stays in the namespace that it was made in.
    checked("setns", path, this.#namespace, CLONE_NEW.NET);
    try {
      this.#inside = socket();
    } finally {
      checked("setns", THIS_THREAD, this.#hostNamespace, CLONE_NEW.NET);
    }
  }

  #plan(devices: Readonly<Record<string, NetDevice>>): Move[] {
    const taken = new Set(this.#inside.links().map(({ name }) => name));
    const seen = new Set<number>();
    return Object.entries(devices).map(([key, device]) => {
      const link = this.#host.link(key);
      if (link === undefined) {
        throw this.#error(key, "the host has no such device");
      }
      if (seen.has(link.index)) {
        throw this.#error(key, "it is named twice");
      }
      seen.add(link.index);
      const wanted = device.name || link.name;
      const name = unique(wanted, taken);
      if (taken.has(name) || this.#inside.link(name) !== undefined) {
        const text = `the container has a device "${name}" already`;
        throw this.#error(key, text);
      }
      taken.add(name);
      const addresses = this.#host.addresses(link).filter(isKept);
      return { key, link, addresses, name };
    });
  }

  #move(move: Move): void {
    const { link, addresses, name } = move;
    const namespace = this.#namespace;
    this.#moved.push(move);
    this.#host.change(link, {
      namespace,
      ...(name !== link.name && { name }),
    });
    const inside = this.#inside.link(name);
    if (inside === undefined) throw new Error("it is gone");
    for (const address of addresses) {
      this.#inside.addAddress(inside, address, link.name);
    }
    this.#inside.change(inside, { up: true });
  }

  #return({ link, addresses, name }: Move): void {
    // A move that failed has changed nothing, or only the namespace.
    const there = this.#host.link(link.name);
    const inside = this.#inside.link(name) ?? this.#inside.link(link.name);
    if (there?.index === link.index || inside === undefined) return;
    this.#inside.change(inside, {
      namespace: this.#hostNamespace,
      ...(inside.name !== link.name && { name: link.name }),
    });
    const back = this.#host.link(link.name);
    if (back === undefined) throw new Error("it is gone");
    for (const address of addresses) {
      this.#host.addAddress(back, address, link.name);
    }
    if (link.master !== 0) this.#host.change(back, { master: link.master });
    if (link.up) this.#host.change(back, { up: true });
  }

  #error(key: string, error: unknown, what = "move"): Error {
    const { E, RuntimeError, SyscallError } = this.#tools;
    const known = error instanceof SyscallError;
    const text = known
      ? error.text
      : error instanceof Error
      ? error.message
      : String(error);
    const hint = known && (error.errno === E.EPERM || error.errno === E.EACCES)
      ? "it takes CAP_NET_ADMIN in both network namespaces"
      : known && error.errno === E.EINVAL
      ? "some devices, such as lo, belong to their network namespace"
      : undefined;
    return new RuntimeError(
      "system",
      `Cannot ${what} the network device "${key}" (linux.netDevices): ${text}`,
      { cause: error, ...(hint !== undefined && { hint }) },
    );
  }
}

/** A name with `%d` gets the lowest number that nobody has, as in the kernel. */
function unique(name: string, taken: ReadonlySet<string>): string {
  if (!name.includes("%d")) return name;
  for (let i = 0;; i++) {
    const numbered = name.replace("%d", `${i}`);
    if (!taken.has(numbered)) return numbered;
  }
}
