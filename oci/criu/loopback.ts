import { close } from "../../ffi/fd.ts";
import { checked } from "../../ffi/syscall.ts";
import { enterNetNS } from "../netns.ts";

const AF_INET = 2, SOCK_DGRAM = 2, SOCK_CLOEXEC = 0o2000000;
const SIOCSIFFLAGS = 0x8914, IFF_UP = 1;

/**
 * Brings the loopback interface up that the network namespace at `path` has.
 * @throws {SyscallError}
 */
export function bringUpLoopback(path: string): void {
  // struct ifreq: the name in 16 bytes, then the flags.
  const request = new Uint8Array(40);
  request.set(new TextEncoder().encode("lo"));
  new DataView(request.buffer).setInt16(16, IFF_UP, true);
  enterNetNS(path, () => {
    const type = SOCK_DGRAM | SOCK_CLOEXEC;
    const socket = checked("socket", path, AF_INET, type, 0);
    try {
      checked("ioctl", "lo", socket, SIOCSIFFLAGS, request);
    } finally {
      close(socket);
    }
  });
}
