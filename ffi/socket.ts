/**
 * Unix sockets, and descriptors sent over them.
 *
 * A socket's path may be longer than the 107 bytes of `sun_path`: it is
 * reached through its directory's descriptor. Sources: unix(7), cmsg(3).
 *
 * @module
 */

import { basename, dirname } from "@std/path/posix";
import { E } from "./errno.ts";
import { SyscallError } from "./error.ts";
import { AT_FDCWD, close, type Fd, Handle, O, open } from "./fd.ts";
import { addressOf } from "./libc.ts";
import { checked, syscall } from "./syscall.ts";
import { encodeText } from "./text.ts";

const AF_UNIX = 1, SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_SEQPACKET = 5;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1, SCM_RIGHTS = 1, MSG_CMSG_CLOEXEC = 0x40000000;
const MSG_NOSIGNAL = 0x4000;
const SUN_PATH_SIZE = 108;

/** `struct sockaddr_un` for `path`; an error speaks of `subject`. */
function address(path: string, subject = path): Uint8Array<ArrayBuffer> {
  const bytes = encodeText(path);
  if (bytes.length >= SUN_PATH_SIZE) {
    throw new SyscallError("socket", E.ENAMETOOLONG, subject);
  }
  const result = new Uint8Array(2 + bytes.length + 1);
  result[0] = AF_UNIX;
  result.set(bytes, 2);
  return result;
}

/** Runs `use` with an address of the socket at `path`, however long it is. */
function withAddress<T>(
  path: string,
  use: (address: Uint8Array<ArrayBuffer>) => T,
): T {
  if (encodeText(path).length < SUN_PATH_SIZE) {
    return use(address(path));
  }
  using directory = new Handle(open(dirname(path), O.PATH | O.DIRECTORY));
  const short = `/proc/self/fd/${directory.fd}/${basename(path)}`;
  return use(address(short, path));
}

/**
 * Two connected sockets that keep messages apart.
 * @throws {SyscallError}
 */
export function socketPair(): [Fd, Fd] {
  const pair = new Int32Array(2);
  const type = SOCK_SEQPACKET | SOCK_CLOEXEC;
  checked("socketpair", "", AF_UNIX, type, 0, pair);
  return [pair[0] as Fd, pair[1] as Fd];
}

const SHUT_WR = 1;

/**
 * Has the other side read the end: nothing more is written, shutdown(2).
 * @throws {SyscallError}
 */
export function shutdownWrites(fd: Fd): void {
  checked("shutdown", `descriptor ${fd}`, fd, SHUT_WR);
}

function newSocket(type: number): Fd {
  return checked("socket", "", AF_UNIX, type | SOCK_CLOEXEC, 0) as Fd;
}

/**
 * Makes a socket file at `path` and listens on it.
 * @throws {SyscallError}
 */
export function listen(path: string, backlog: number): Fd {
  const fd = newSocket(SOCK_STREAM);
  try {
    // The file gets the socket's mode, less the umask.
    checked("fchmod", path, fd, 0o600);
    withAddress(
      path,
      (at) => checked("bind", path, fd, at, at.length),
    );
    checked("listen", path, fd, backlog);
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

/**
 * Connects to the Unix socket at `path`.
 * @throws {SyscallError}
 */
export function connect(path: string): Fd {
  const fd = newSocket(SOCK_STREAM);
  try {
    withAddress(path, (at) => {
      checked("connect", path, fd, at, at.length);
    });
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

/**
 * Makes a socket file at `path` that datagrams come to.
 * @throws {SyscallError}
 */
export function bindDatagrams(path: string, mode: number): Fd {
  const fd = newSocket(SOCK_DGRAM);
  try {
    withAddress(path, (at) => checked("bind", path, fd, at, at.length));
    checked("fchmodat", path, AT_FDCWD, path, mode);
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

/**
 * A socket that sends datagrams to `peer`, a path, or `@` and a name in the
 * abstract namespace, as systemd writes them.
 * @throws {SyscallError}
 */
export function connectDatagrams(peer: string): Fd {
  const fd = newSocket(SOCK_DGRAM);
  const connect = (at: Uint8Array<ArrayBuffer>) =>
    checked("connect", peer, fd, at, at.length);
  try {
    if (peer.startsWith("@")) connect(abstractAddress(peer));
    else withAddress(peer, connect);
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

/** Its name begins with a NUL and has none at its end, unix(7). */
function abstractAddress(name: string): Uint8Array<ArrayBuffer> {
  const whole = address(name);
  whole[2] = 0;
  return whole.subarray(0, -1);
}

const MSGHDR_SIZE = 56, CMSG_HEADER = 16;

/**
 * A `struct msghdr` with one buffer, and a control message of `controlSize`
 * bytes at the most.
 */
function message(
  data: Uint8Array<ArrayBuffer>,
  control: Uint8Array<ArrayBuffer>,
  controlSize = control.length,
) {
  const iovec = new BigUint64Array([addressOf(data), BigInt(data.length)]);
  const header = new DataView(new ArrayBuffer(MSGHDR_SIZE));
  header.setBigUint64(16, addressOf(iovec), true);
  header.setBigUint64(24, 1n, true);
  header.setBigUint64(32, addressOf(control), true);
  header.setBigUint64(40, BigInt(controlSize), true);
  return { header, held: [iovec, data, control] };
}

/**
 * Sends `data` and the descriptor `fd` in one message, SCM_RIGHTS.
 * @throws {SyscallError}
 */
export function sendDescriptor(
  socket: Fd,
  data: Uint8Array<ArrayBuffer>,
  fd: Fd,
): void {
  sendDescriptors(socket, data, [fd]);
}

/**
 * Sends `data` and descriptors in one message, SCM_RIGHTS.
 * @throws {SyscallError}
 */
export function sendDescriptors(
  socket: Fd,
  data: Uint8Array<ArrayBuffer>,
  fds: readonly Fd[],
): void {
  const size = CMSG_HEADER + 4 * fds.length;
  const control = new Uint8Array((size + 7) & ~7);
  const view = new DataView(control.buffer);
  view.setBigUint64(0, BigInt(size), true);
  view.setInt32(8, SOL_SOCKET, true);
  view.setInt32(12, SCM_RIGHTS, true);
  fds.forEach((fd, i) => view.setInt32(CMSG_HEADER + 4 * i, fd, true));
  const { header, held } = message(data, control);
  checked("sendmsg", "", socket, header, MSG_NOSIGNAL);
  held.length = 0;
}

/** A received message: how many bytes of data, and the descriptor sent. */
export interface Received {
  readonly length: number;
  readonly fd?: Fd;
}

/**
 * Receives one message into `data`, and a descriptor that came with it. A
 * length of 0 means that the other side is gone.
 * @throws {SyscallError}
 */
export function receive(
  socket: Fd,
  data: Uint8Array<ArrayBuffer>,
): Received {
  const control = new Uint8Array(CMSG_HEADER + 8);
  // Room for one descriptor: the kernel drops what else may come.
  const { header, held } = message(data, control, CMSG_HEADER + 4);
  let length: number;
  do length = syscall("recvmsg", socket, header, MSG_CMSG_CLOEXEC); while (
    length === -E.EINTR
  );
  if (length < 0) throw new SyscallError("recvmsg", -length);
  held.length = 0;
  const view = new DataView(control.buffer);
  const has = header.getBigUint64(40, true) >= BigInt(CMSG_HEADER + 4) &&
    view.getInt32(12, true) === SCM_RIGHTS;
  return has ? { length, fd: view.getInt32(16, true) as Fd } : { length };
}
