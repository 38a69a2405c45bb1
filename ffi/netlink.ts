/**
 * Network devices and their addresses, rtnetlink(7).
 *
 * A part that is loaded on demand: it imports nothing at run time, and gets
 * the system calls as an argument.
 *
 * @module
 */

import type { E } from "./errno.ts";
import type { SyscallError } from "./error.ts";
import type { close, Fd, read, write } from "./fd.ts";
import type { checked } from "./syscall.ts";

/** What a socket works with. */
export interface NetlinkTools {
  readonly E: typeof E;
  readonly SyscallError: typeof SyscallError;
  readonly checked: typeof checked;
  readonly close: typeof close;
  readonly read: typeof read;
  readonly write: typeof write;
}

const AF_NETLINK = 16, SOCK_RAW = 3, SOCK_CLOEXEC = 0o2000000;
const NETLINK_ROUTE = 0;
const NLMSG_ERROR = 2, NLMSG_DONE = 3;
const RTM_NEWLINK = 16, RTM_GETLINK = 18, RTM_SETLINK = 19;
const RTM_NEWADDR = 20, RTM_GETADDR = 22;
const REQUEST = 1, ACK = 4, REPLACE = 0x100, DUMP = 0x300, CREATE = 0x400;
const IFLA = { IFNAME: 3, MASTER: 10, NET_NS_FD: 28 };
const IFA = {
  ADDRESS: 1,
  LOCAL: 2,
  LABEL: 3,
  BROADCAST: 4,
  CACHEINFO: 6,
  FLAGS: 8,
  RT_PRIORITY: 9,
  PROTO: 11,
};
/** Attributes of an address that go with it. */
const KEPT = [
  IFA.ADDRESS,
  IFA.LOCAL,
  IFA.BROADCAST,
  IFA.CACHEINFO,
  IFA.RT_PRIORITY,
  IFA.PROTO,
];
const IFF_UP = 1, IFA_F_PERMANENT = 0x80;
/** NODAD, HOMEADDRESS, MANAGETEMPADDR, NOPREFIXROUTE, MCAUTOJOIN. */
const KEPT_FLAGS = 0x712;
const RT_SCOPE_UNIVERSE = 0;
/** Bytes of struct nlmsghdr, ifinfomsg, ifaddrmsg and rtattr. */
const HEADER = 16, LINK_HEADER = 16, ADDRESS_HEADER = 8, ATTRIBUTE = 4;
/** NLA_F_NESTED and NLA_F_NET_BYTEORDER are no part of a type. */
const TYPE_MASK = 0x3fff;
/** The kernel makes messages of 32 KiB at the most. */
const BUFFER = 65536;

/** An attribute: its type and its value. */
export type Attribute = readonly [type: number, value: Uint8Array];

/** A network device. */
export interface Link {
  readonly index: number;
  readonly name: string;
  readonly up: boolean;
  /** The index of the bridge or the like that it belongs to; 0 for none. */
  readonly master: number;
}

/** An address of a device. */
export interface Address {
  /** The device's index. */
  readonly index: number;
  readonly family: number;
  readonly prefixLength: number;
  readonly scope: number;
  readonly flags: number;
  readonly attributes: readonly Attribute[];
}

/** A change of a device; what is left out stays. */
export interface LinkChange {
  readonly up?: true;
  readonly name?: string;
  readonly master?: number;
  /** A descriptor of the network namespace that it goes to. */
  readonly namespace?: Fd;
}

/** Whether an address is one that a moved device keeps, config-linux.md. */
export function isKept({ scope, flags }: Address): boolean {
  return scope === RT_SCOPE_UNIVERSE && (flags & IFA_F_PERMANENT) !== 0;
}

/** A message for the kernel; `body` begins with its own header. */
export function request(
  type: number,
  flags: number,
  sequence: number,
  body: Uint8Array,
  attributes: readonly Attribute[],
): Uint8Array<ArrayBuffer> {
  const aligned = (size: number) => (size + 3) & ~3;
  let size = HEADER + aligned(body.length);
  for (const [, value] of attributes) size += aligned(ATTRIBUTE + value.length);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, size, true);
  view.setUint16(4, type, true);
  view.setUint16(6, REQUEST | flags, true);
  view.setUint32(8, sequence, true);
  bytes.set(body, HEADER);
  let at = HEADER + aligned(body.length);
  for (const [kind, value] of attributes) {
    view.setUint16(at, ATTRIBUTE + value.length, true);
    view.setUint16(at + 2, kind, true);
    bytes.set(value, at + ATTRIBUTE);
    at += aligned(ATTRIBUTE + value.length);
  }
  return bytes;
}

/** A message of the kernel's. */
export interface Reply {
  readonly type: number;
  readonly sequence: number;
  /** What is behind its header. */
  readonly body: Uint8Array;
}

/** The messages that were received at once. */
export function replies(bytes: Uint8Array): Reply[] {
  const list: Reply[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + HEADER <= bytes.length;) {
    const size = view.getUint32(at, true);
    if (size < HEADER || at + size > bytes.length) break;
    list.push({
      type: view.getUint16(at + 4, true),
      sequence: view.getUint32(at + 8, true),
      body: bytes.slice(at + HEADER, at + size),
    });
    at += (size + 3) & ~3;
  }
  return list;
}

function attributesOf(body: Uint8Array, from: number): Attribute[] {
  const list: Attribute[] = [];
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  for (let at = from; at + ATTRIBUTE <= body.length;) {
    const size = view.getUint16(at, true);
    if (size < ATTRIBUTE || at + size > body.length) break;
    const type = view.getUint16(at + 2, true) & TYPE_MASK;
    list.push([type, body.slice(at + ATTRIBUTE, at + size)]);
    at += (size + 3) & ~3;
  }
  return list;
}

function find(list: readonly Attribute[], type: number) {
  return list.find(([kind]) => kind === type)?.[1];
}

function word(value: number): Uint8Array {
  return new Uint8Array(new Uint32Array([value]).buffer);
}

function number(value: Uint8Array | undefined): number | undefined {
  return value === undefined || value.length < 4
    ? undefined
    : new DataView(value.buffer, value.byteOffset).getUint32(0, true);
}

function text(value: Uint8Array | undefined): string {
  return new TextDecoder().decode(value).replace(/\0.*$/s, "");
}

function name(value: string): Uint8Array {
  return new TextEncoder().encode(`${value}\0`);
}

/** What RTM_NEWLINK tells. */
export function parseLink(body: Uint8Array): Link {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const attributes = attributesOf(body, LINK_HEADER);
  return {
    index: view.getInt32(4, true),
    name: text(find(attributes, IFLA.IFNAME)),
    up: (view.getUint32(8, true) & IFF_UP) !== 0,
    master: number(find(attributes, IFLA.MASTER)) ?? 0,
  };
}

/** What RTM_NEWADDR tells. */
export function parseAddress(body: Uint8Array): Address {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const attributes = attributesOf(body, ADDRESS_HEADER);
  return {
    index: view.getUint32(4, true),
    family: body[0]!,
    prefixLength: body[1]!,
    scope: body[3]!,
    // Eight bits of them are in the header.
    flags: number(find(attributes, IFA.FLAGS)) ?? body[2]!,
    attributes,
  };
}

/** The label of an address, which begins with the device's name. */
function relabelled(label: string, to: Link, from: string): string {
  const rest = label.startsWith(`${from}:`) ? label.slice(from.length) : "";
  return `${to.name}${rest}`.slice(0, 15);
}

/** A socket that speaks with the kernel about one network namespace. */
export class Netlink {
  readonly #tools: NetlinkTools;
  readonly #fd: Fd;
  readonly #buffer = new Uint8Array(BUFFER);
  #sequence = 0;

  /**
   * Opens a socket in the network namespace that this thread is in.
   * @throws {SyscallError}
   */
  constructor(tools: NetlinkTools) {
    this.#tools = tools;
    const type = SOCK_RAW | SOCK_CLOEXEC;
    const what = "rtnetlink";
    const fd = tools.checked("socket", what, AF_NETLINK, type, NETLINK_ROUTE);
    this.#fd = fd as Fd;
  }

  /** Closes the socket. */
  close(): void {
    this.#tools.close(this.#fd);
  }

  /**
   * The device with a name; undefined where there is none.
   * @throws {SyscallError}
   */
  link(device: string): Link | undefined {
    const { E, SyscallError } = this.#tools;
    try {
      const [found] = this.#ask(
        RTM_GETLINK,
        0,
        device,
        new Uint8Array(LINK_HEADER),
        [[IFLA.IFNAME, name(device)]],
      );
      return found && parseLink(found.body);
    } catch (error) {
      if (error instanceof SyscallError && error.errno === E.ENODEV) {
        return undefined;
      }
      throw error;
    }
  }

  /**
   * All devices.
   * @throws {SyscallError}
   */
  links(): Link[] {
    const body = new Uint8Array(LINK_HEADER);
    return this.#ask(RTM_GETLINK, DUMP, "devices", body, [])
      .filter(({ type }) => type === RTM_NEWLINK)
      .map(({ body }) => parseLink(body));
  }

  /**
   * The addresses of a device.
   * @throws {SyscallError}
   */
  addresses({ index, name }: Link): Address[] {
    const body = new Uint8Array(ADDRESS_HEADER);
    return this.#ask(RTM_GETADDR, DUMP, name, body, [])
      .filter(({ type }) => type === RTM_NEWADDR)
      .map(({ body }) => parseAddress(body))
      .filter((address) => address.index === index);
  }

  /**
   * Changes a device.
   * @throws {SyscallError}
   */
  change(link: Link, change: LinkChange): void {
    const body = new DataView(new ArrayBuffer(LINK_HEADER));
    body.setInt32(4, link.index, true);
    if (change.up) {
      body.setUint32(8, IFF_UP, true);
      body.setUint32(12, IFF_UP, true);
    }
    const attributes: Attribute[] = [];
    if (change.name !== undefined) {
      attributes.push([IFLA.IFNAME, name(change.name)]);
    }
    if (change.master !== undefined) {
      attributes.push([IFLA.MASTER, word(change.master)]);
    }
    if (change.namespace !== undefined) {
      attributes.push([IFLA.NET_NS_FD, word(change.namespace)]);
    }
    const bytes = new Uint8Array(body.buffer);
    this.#ask(RTM_SETLINK, ACK, link.name, bytes, attributes);
  }

  /**
   * Gives a device an address that it had elsewhere.
   * @param from what the device was called there
   * @throws {SyscallError}
   */
  addAddress(link: Link, address: Address, from: string): void {
    const body = new DataView(new ArrayBuffer(ADDRESS_HEADER));
    body.setUint8(0, address.family);
    body.setUint8(1, address.prefixLength);
    body.setUint8(3, address.scope);
    body.setUint32(4, link.index, true);
    const attributes = address.attributes.filter(([type]) =>
      KEPT.includes(type)
    );
    const label = find(address.attributes, IFA.LABEL);
    if (label !== undefined) {
      const own = relabelled(text(label), link, from);
      attributes.push([IFA.LABEL, name(own)]);
    }
    attributes.push([IFA.FLAGS, word(address.flags & KEPT_FLAGS)]);
    this.#ask(
      RTM_NEWADDR,
      ACK | CREATE | REPLACE,
      link.name,
      new Uint8Array(body.buffer),
      attributes,
    );
  }

  /** Sends a request and takes what comes, up to the end or the first error. */
  #ask(
    type: number,
    flags: number,
    subject: string,
    body: Uint8Array,
    attributes: readonly Attribute[],
  ): Reply[] {
    const { read, SyscallError, write } = this.#tools;
    const sequence = ++this.#sequence;
    write(this.#fd, request(type, flags, sequence, body, attributes));
    const list: Reply[] = [];
    for (;;) {
      const length = read(this.#fd, this.#buffer);
      for (const reply of replies(this.#buffer.subarray(0, length))) {
        if (reply.sequence !== sequence) continue;
        if (reply.type === NLMSG_DONE || reply.type === NLMSG_ERROR) {
          const errno = -((number(reply.body) ?? 0) | 0);
          if (errno === 0) return list;
          throw new SyscallError("netlink", errno, subject);
        }
        list.push(reply);
        if ((flags & (DUMP | ACK)) === 0) return list;
      }
    }
  }
}
